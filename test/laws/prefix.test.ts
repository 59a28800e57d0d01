/**
 * What was said before keeps its bytes when a conversation goes on: providers find a prompt in their caches by its
 * beginning. Nothing is hoisted, renumbered, or made by chance.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Json, JsonObject } from "../../src/model/json.ts";
import { Notes } from "../../src/model/note.ts";
import { defaultCapabilities, type TargetFacts } from "../../src/model/target.ts";
import { protocols } from "../../src/protocols/index.ts";
import type { Protocol } from "../../src/protocols/protocol.ts";
import { crossed, type ProtocolName } from "../recordings/door.ts";
import { bodyOf, type Conversation, conversation } from "./conversation.ts";

const facts: TargetFacts = { provider: "p", model: "theirs", scope: "p", can: defaultCapabilities };
const by = (name: ProtocolName) => protocols.find((one) => one.name === name) as Protocol;
const lists: Record<ProtocolName, string> = {
  ...{ chat: "messages", messages: "messages", responses: "input", gemini: "contents" },
};

/** One more round: the last question is answered, tools are called, and another one is asked. */
function continued(one: Conversation): Conversation {
  const asked = [{ type: "text" as const, text: one.last }];
  const calls = ["x", "y"].map((id) => ({ id: `call_more_${id}`, name: "look", args: `{"a":"${id}"}` }));
  const results = [
    { text: "seen", failed: false, image: true },
    { text: "broken", failed: true, image: false },
  ];
  const more = { asked, said: "Let me look.", calls, results, reminder: "It is late." };
  return { ...one, rounds: [...one.rounds, more], last: "Go on." };
}

function built(client: Protocol, provider: Protocol, one: Conversation): JsonObject {
  const { stop: _stop, effort, ...options } = one.options;
  // A model that thinks refuses a tool loop whose thoughts are gone: then it is asked not to (trap 72).
  const thinking = provider.name === "messages" || effort === undefined ? {} : { effort };
  const body = bodyOf(client.name as ProtocolName, { ...one, options: { ...options, ...thinking } });
  const notes = new Notes();
  return provider.buildRequest(client.parseRequest(body, notes), facts, notes).body;
}

/** The word that stands for a missing signature belongs to the running turn only (translation law of Gemini 3). */
function unsigned(value: Json): Json {
  const text = JSON.stringify(value, (key, one) =>
    key === "thoughtSignature" && one === "skip_thought_signature_validator" ? undefined : one,
  );
  return JSON.parse(text) as Json;
}

test.each(crossed.map(({ client, provider }) => [client, provider] as const))(
  "%s to %s: a conversation that goes on begins as it began",
  (client, provider) => {
    fc.assert(
      fc.property(conversation, (one) => {
        const before = built(by(client), by(provider), one);
        const after = built(by(client), by(provider), continued(one));
        const name = lists[provider];
        const [first, whole] = [before, after].map((body) => unsigned(body[name] as Json) as Json[]);
        expect(whole?.length).toBeGreaterThan(first?.length ?? 0);
        expect(whole?.slice(0, first?.length).map((item) => JSON.stringify(item))).toEqual(
          first?.map((item) => JSON.stringify(item)) ?? [],
        );
        const others = (body: JsonObject) => JSON.stringify({ ...body, [name]: null });
        expect(others(after)).toBe(others(before));
      }),
      { numRuns: 60 },
    );
  },
);

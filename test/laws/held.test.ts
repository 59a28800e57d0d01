import { expect, test } from "bun:test";
import fc from "fast-check";
import { Inbound } from "../../src/gateway/inbound.ts";
import { Content } from "../../src/kit/content.ts";
import type { Json, JsonObject } from "../../src/model/json.ts";
import { Notes } from "../../src/model/note.ts";
import { defaultCapabilities, type TargetFacts } from "../../src/model/target.ts";
import { protocols } from "../../src/protocols/index.ts";
import type { ProtocolName } from "../recordings/door.ts";
import { bodyOf, conversation } from "./conversation.ts";

const facts: TargetFacts = { provider: "p", model: "theirs", scope: "p", can: defaultCapabilities };
const ring = { key: Buffer.alloc(32, 1), owner: "ours" };
const place = { path: "/", query: new URLSearchParams() };
const long = 'Lorem "ipsum" dolor\nsit amet, \\ consectetur 🐢 żółw adipiscing. '.repeat(400);

/** The same body with long texts, whoever says them. */
function lengthened(value: Json, key = ""): Json {
  if (typeof value === "string") return key === "text" || key === "content" ? `${value}. ${long}` : value;
  if (Array.isArray(value)) return value.map((one) => lengthened(one));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, lengthened(one as Json, name)]));
}

const clients = protocols.filter(({ holds }) => holds);

test.each(
  clients.flatMap((client) => protocols.filter((one) => one !== client).map((to) => [client.name, to.name] as const)),
)("a large request of %s is the same to %s, whether its long texts were held aside or read", (from, to) => {
  const [client, provider] = [from, to].map((name) => protocols.find((one) => one.name === name));
  if (!client || !provider) throw new Error("no such protocol");
  let held = 0;
  fc.assert(
    fc.property(conversation, (one) => {
      const body = lengthened({ ...bodyOf(client.name as ProtocolName, one), system: "Be kind." }) as JsonObject;
      const content = Content.ofText(JSON.stringify(body));
      const holds = client.holds?.(content);
      if (!holds || content.length < 65_536) return;
      held++;
      const sent = [holds, []].map((names) => {
        const inbound = new Inbound(content, { protocol: client, place, mayPass: false, holds: names });
        const notes = new Notes();
        const { stop: _stop, ...sampling } = inbound.canonical(ring, notes).sampling;
        const built = provider.buildRequest({ ...inbound.canonical(ring, notes), sampling }, facts, notes);
        return { body: JSON.parse(inbound.written(built.body)) as Json, notes: notes.list };
      });
      expect(sent[0]).toEqual(sent[1] as (typeof sent)[0]);
    }),
    { numRuns: 60 },
  );
  expect(held).toBeGreaterThan(10);
});

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SseDecoder } from "../../src/kit/sse.ts";
import { safeId } from "../../src/protocols/ids.ts";
import { automaton } from "../protocols/chat/automaton.ts";
import { checkGrammar as checkGemini } from "../protocols/gemini/support.ts";
import { checkGrammar } from "../protocols/messages/support.ts";
import { automaton as responsesAutomaton } from "../protocols/responses/automaton.ts";
import { ask } from "../recordings/clients.ts";
import { allPairs, type Door, openDoor, type ProtocolName, pathOf, secret } from "../recordings/door.ts";
import { opener, type View, viewOf } from "../recordings/view.ts";
import { asksStream, plainQuestion } from "./question.ts";
import { answerOf, type Spec, spec, viewOfSpec } from "./spec.ts";

const pairs = allPairs;
const pair = fc.constantFrom(...pairs);

async function see(door: Door, client: ProtocolName, isStream: boolean, isSame: boolean): Promise<View> {
  const outcome = await ask(client, door.fetch, { model: "model", stream: isStream });
  if (outcome.kind === "error") throw new Error(JSON.stringify(outcome));
  return viewOf(outcome, isSame ? undefined : opener(door));
}

/** Ids as the client may see them: those of its own protocol's provider untouched. */
function withIds(view: View, isSame: boolean): View {
  return { ...view, calls: view.calls.map((call) => ({ ...call, id: isSame ? call.id : safeId(call.id) })) };
}

/** A call in which the answer was cut may be left out where arguments are an object: nobody may run it. */
function withoutCut(view: View): View {
  return { ...view, calls: view.calls.slice(0, -1) };
}

async function raw(door: Door, client: ProtocolName, stream: boolean): Promise<string> {
  const options = client === "chat" && stream ? { stream_options: { include_usage: true } } : {};
  const response = await door.fetch(`http://localhost${pathOf(client, "model", stream)}`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}` },
    body: JSON.stringify({ ...plainQuestion(client, stream), ...options }),
  });
  return response.text();
}

function doorTo(provider: ProtocolName, said: Spec): Door {
  return openDoor({ provider, answer: (sent) => answerOf(provider, said, asksStream(sent)) });
}

describe("an answer of any provider", () => {
  test("says the same to every client, whole and streamed: text, calls, reasoning, seals, finish, usage", async () => {
    await fc.assert(
      fc.asyncProperty(spec, pair, async (said, { client, provider }) => {
        const door = doorTo(provider, said);
        const isSame = client === provider;
        const wanted = withIds(viewOfSpec(said), isSame);
        for (const isStream of [false, true]) {
          const seen = await see(door, client, isStream, isSame);
          const mayOmit = client === "gemini" && said.cut && seen.calls.length < said.calls.length;
          expect(seen).toEqual(mayOmit ? withoutCut(wanted) : wanted);
        }
        door.close();
      }),
      { numRuns: 400 },
    );
  }, 30_000);

  test("streams in the grammar of the client's protocol", async () => {
    await fc.assert(
      fc.asyncProperty(spec, pair, async (said, { client, provider }) => {
        const door = doorTo(provider, said);
        const sse = new SseDecoder();
        const frames = [...sse.push(new TextEncoder().encode(await raw(door, client, true))), ...sse.end()];
        door.close();
        if (client === "chat" && provider === "chat") expect(frames.at(-1)?.data).toBe("[DONE]");
        else if (client === "chat") expect(automaton(frames, true)).toEqual([]);
        else if (client === "responses") expect(responsesAutomaton(frames)).toEqual([]);
        else if (client === "messages") checkGrammar(frames);
        else if (provider !== "gemini") checkGemini(frames, "model");
      }),
      { numRuns: 400 },
    );
  }, 30_000);
});

describe("arguments", () => {
  const odd = '{"big":12345678901234567890,"far":1e400,"one":1.0}';
  const said = (args: string): Spec => ({
    ...{ text: "", calls: [{ id: "call_1", name: "f", args }], cut: false, pieces: 3, interleaved: false },
    counts: { fresh: 1, cached: 0, written: 0, visible: 1, reasoning: 0 },
  });

  test.each(pairs)("keep the numbers that they were written with ($client client, $provider provider)", async (one) => {
    for (const isStream of [false, true]) {
      const door = doorTo(one.provider, said(odd));
      const text = await raw(door, one.client, isStream);
      door.close();
      const pieces = [...text.matchAll(/"(?:partial_json|arguments)":("(?:[^"\\]|\\.)*")/g)];
      const joined = pieces.map((piece) => JSON.parse(piece[1] ?? '""')).join("");
      expect(joined === "" ? text : joined).toContain(odd);
    }
  });

  test("with a name twice stay as they are where they are text", async () => {
    const door = doorTo("chat", said('{"a":1,"a":2}'));
    expect(await raw(door, "chat", false)).toContain('{\\"a\\":1,\\"a\\":2}');
    const streamed = [...(await raw(door, "messages", true)).matchAll(/"partial_json":("(?:[^"\\]|\\.)*")/g)];
    expect(streamed.map((piece) => JSON.parse(piece[1] ?? '""')).join("")).toBe('{"a":1,"a":2}');
    expect(JSON.parse(await raw(door, "messages", false)).content[0].input).toEqual({ a: 2 });
    door.close();
  });
});

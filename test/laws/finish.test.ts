import { describe, expect, test } from "bun:test";
import type { Item } from "../../src/model/chat.ts";
import { collect, replay } from "../../src/model/collect.ts";
import { GatewayError } from "../../src/model/error.ts";
import type { Answer, FinishReason } from "../../src/model/event.ts";
import { protocols } from "../../src/protocols/index.ts";
import type { Protocol } from "../../src/protocols/protocol.ts";

const reasons: FinishReason[] = [
  ...(["stop", "stop-sequence", "tool-calls", "length", "context", "filter", "recitation"] as const),
  ...(["pause", "compaction", "continuation", "other"] as const),
];
const words: Item = { type: "message", role: "assistant", blocks: [{ type: "text", text: "a" }] };
const call: Item = { type: "call", kind: "function", callId: "call_1", name: "f", args: "{}" };

function told(protocol: Protocol, finish: FinishReason, items: Item[], isStream: boolean): FinishReason | undefined {
  const answer: Answer = { id: "a1", model: "m", created: 1, items, finish };
  const request = { protocol: protocol.name, model: "m", instructions: [], items: [], tools: [], sampling: {} };
  const context = { request: { ...request, stream: isStream }, requestId: "r", now: 1 };
  if (!isStream) return protocol.parseResponse(protocol.buildResponse([answer], context))[0]?.finish;
  const encoder = protocol.encodeStream(context);
  const decoder = protocol.decodeStream();
  const frames = [...replay([answer]).flatMap((event) => encoder.push(event)), ...encoder.end()];
  return collect([...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()])[0]?.finish;
}

for (const protocol of protocols)
  describe(`the end of an answer of ${protocol.name}`, () => {
    test.each(reasons)("%s is said the same whole and streamed, and the same again", (finish) => {
      for (const items of [[words], [words, call], [call], []]) {
        const once = told(protocol, finish, items, false);
        expect(once).toBeDefined();
        expect(told(protocol, finish, items, true)).toBe(once);
        expect(told(protocol, once as FinishReason, items, false)).toBe(once);
      }
    });

    test("is told in frames of one line each, whatever stands in it, errors included", () => {
      const lines = "one\ntwo\r\nthree\u2028four\rfive";
      const block = { type: "text" as const, text: lines };
      const items: Item[] = [
        { type: "reasoning", text: [{ kind: "summary", text: lines }], seals: [] },
        { type: "message", role: "assistant", blocks: [block] },
        { ...(call as Item & { type: "call" }), name: lines, args: JSON.stringify({ [lines]: lines }, null, 2) },
      ];
      const answer: Answer = { id: lines, model: lines, created: 1, items, finish: "stop", stopSequence: lines };
      const request = { protocol: protocol.name, model: lines, instructions: [], items: [], tools: [], sampling: {} };
      const begin = () => protocol.encodeStream({ request: { ...request, stream: true }, requestId: lines, now: 1 });
      const [whole, broken] = [begin(), begin()];
      const told = replay([answer]);
      const frames = [...told.flatMap((event) => whole.push(event)), ...whole.end()];
      frames.push(...told.slice(0, 2).flatMap((event) => broken.push(event)));
      frames.push(...broken.fail(new GatewayError("upstream-failed", lines)));
      expect(frames.length).toBeGreaterThan(4);
      for (const { event, data } of frames) expect(`${event}${data}`).not.toMatch(/[\r\n]/);
    });

    test("with calls is an end for the calls, but where the answer was cut or refused", () => {
      for (const finish of ["stop", "other", "tool-calls"] as const) {
        expect(told(protocol, finish, [call], false)).toBe("tool-calls");
      }
      expect(told(protocol, "length", [call], false)).toBe("length");
      expect(told(protocol, "filter", [call], false)).toBe("filter");
    });
  });

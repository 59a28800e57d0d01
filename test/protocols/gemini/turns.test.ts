/** Two turns of a tool loop with clients of other protocols in front, and with a Gemini client before others. */
import { describe, expect, test } from "bun:test";
import { Outward } from "../../../src/gateway/outward.ts";
import { openSeals, type SealRing } from "../../../src/gateway/seals.ts";
import type { Item } from "../../../src/model/chat.ts";
import { collect, replay } from "../../../src/model/collect.ts";
import type { Answer } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { chat } from "../../../src/protocols/chat/index.ts";
import { gemini } from "../../../src/protocols/gemini/index.ts";
import { messages } from "../../../src/protocols/messages/index.ts";
import type { Protocol } from "../../../src/protocols/protocol.ts";
import { responses } from "../../../src/protocols/responses/index.ts";
import { chunk, context, decode, foreign, type Loose, place, target, wire } from "./support.ts";

const ring: SealRing = { key: Buffer.alloc(32, 1), owner: "k" };
const others: [string, Protocol][] = [
  ["chat", chat],
  ["messages", messages],
  ["responses", responses],
];

const streamed = decode(
  wire([
    chunk([{ text: "think", thought: true }]),
    chunk([
      { text: "Let me." },
      { functionCall: { name: "f", args: { a: 1 } }, thoughtSignature: "c2ln" },
      { functionCall: { name: "f", args: { a: 2 } } },
      { functionCall: { name: "g", args: {} } },
    ]),
    chunk([{ text: "" }], { finishReason: "STOP" }),
  ]),
);

function results(items: Item[]): Item[] {
  return items.flatMap((item): Item[] => {
    if (item.type !== "call") return [];
    const base = { type: "result", kind: "function", callId: item.callId, isError: false, plain: true } as const;
    return [{ ...base, blocks: [{ type: "text", text: `${item.name}${item.args}` }] }];
  });
}
const question: Item = { type: "message", role: "user", blocks: [{ type: "text", text: "q" }] };

/** What a client of `to` was told of the stream, as it reads it. */
function toldTo(to: Protocol): Answer {
  const request = foreign({ protocol: to.name, stream: true });
  const out = new Outward({ ring, from: gemini, to, scope: "p/one", request });
  const encoder = to.encodeStream({ ...context(), request });
  const frames = [...out.events(streamed).flatMap((event) => encoder.push(event)), ...encoder.end()];
  const decoder = to.decodeStream();
  const [answer] = collect([...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()]);
  if (!answer) throw new Error("no answer");
  return answer;
}

describe("a tool loop at a provider that checks signatures", () => {
  for (const [name, client] of others) {
    test(`a ${name} client brings the signature back to the first call alone, and each result to its call`, () => {
      const told = toldTo(client);
      expect(told.finish).toBe("tool-calls");
      const history = foreign({ protocol: client.name, items: [question, ...told.items, ...results(told.items)] });
      const echoed = client.buildRequest(history, target(), new Notes()).body;
      const wireBody = JSON.parse(JSON.stringify(echoed)) as JsonObject;
      const read = openSeals(ring, client.parseRequest(wireBody, new Notes()));
      const notes = new Notes();
      const { contents } = gemini.buildRequest(read, target(), notes).body as Loose;
      expect(contents.map(({ role }: Loose) => role)).toEqual(["user", "model", "user"]);
      expect(contents[1].parts).toEqual([
        { text: "Let me." },
        { functionCall: { name: "f", args: { a: 1 } }, thoughtSignature: "c2ln" },
        { functionCall: { name: "f", args: { a: 2 } } },
        { functionCall: { name: "g", args: {} } },
      ]);
      expect(contents[2].parts.map((part: Loose) => part.functionResponse.response.output)).toEqual([
        ...['f{"a":1}', 'f{"a":2}', "g{}"],
      ]);
      expect(notes.list).toEqual([]);
    });
  }
});

describe("a Gemini client before a provider that signs its thinking", () => {
  const given: Answer = {
    ...{ id: "msg_1", model: "theirs", created: 0, finish: "tool-calls" },
    items: [
      {
        ...{ type: "reasoning", text: [{ kind: "raw", text: "deep" }] },
        seals: [{ origin: "messages", form: "signature", bytes: "SIGNATURE" }],
      },
      { type: "message", role: "assistant", blocks: [{ type: "text", text: "hi" }] },
      { type: "reasoning", text: [], redacted: true, seals: [{ origin: "messages", form: "redacted", bytes: "RED" }] },
      { type: "call", kind: "function", callId: "toolu_1", name: "f", args: "{}" },
    ],
  };
  const spoken = { type: "text", text: "hi" };
  const hidden = { type: "redacted_thinking", data: "RED" };
  const use = { type: "tool_use", id: "toolu_1", name: "f", input: {} };

  for (const display of ["summarized", "omitted"] as const) {
    test(`keeps its blocks and their order, thoughts ${display}`, () => {
      const request = foreign({ protocol: "gemini", reasoning: { display } });
      const out = new Outward({ ring, from: messages, to: gemini, scope: "p/one", request });
      const encoder = gemini.encodeStream({ ...context(), request });
      const frames = [...out.events(replay([given])).flatMap((event) => encoder.push(event)), ...encoder.end()];
      // Clients keep every chunk as a content of its own.
      const said = frames.map((frame) => (JSON.parse(frame.data) as Loose).candidates[0].content);
      for (const { parts } of said) {
        for (const { thoughtSignature } of parts) {
          if (thoughtSignature !== undefined) expect(thoughtSignature).toMatch(/^[A-Za-z0-9+/]+=*$/);
        }
      }
      const response = { functionResponse: { id: "toolu_1", name: "f", response: { output: "r" } } };
      const contents = [{ parts: [{ text: "q" }] }, ...said, { role: "user", parts: [response] }];
      const read = openSeals(ring, gemini.parseRequest({ contents }, new Notes(), place()));
      const body = messages.buildRequest(read, target(), new Notes()).body as Loose;
      const thinking = { type: "thinking", thinking: display === "omitted" ? "" : "deep", signature: "SIGNATURE" };
      expect(body.messages[1].content).toEqual([thinking, spoken, hidden, use]);
    });
  }
});

import { expect, test } from "bun:test";
import { patchObject, scanObject } from "../src/kit/json.ts";
import { SseDecoder } from "../src/kit/sse.ts";
import { collect, replay } from "../src/model/collect.ts";

test("a replayed answer collects to itself", () => {
  const answer = {
    id: "a",
    model: "m",
    created: 1,
    finish: "stop" as const,
    items: [{ type: "message" as const, role: "assistant" as const, blocks: [{ type: "text" as const, text: "hi" }] }],
  };
  expect(collect(replay([answer]))).toEqual([answer]);
});

test("top-level members are patched in place", () => {
  const text = '{ "a":{"model":"x\\"}"}, "model" : "old" , "n":1.0}';
  const top = scanObject(text)!;
  expect(
    patchObject(
      text,
      top,
      new Map([
        ["model", '"new"'],
        ["z", "1"],
      ]),
    ),
  ).toBe('{"z":1, "a":{"model":"x\\"}"}, "model" : "new" , "n":1.0}');
});

test("frames are the same wherever the bytes are cut", () => {
  const bytes = new TextEncoder().encode(
    ': c\r\n\r\nevent: é\r\ndata: 1\r\ndata:2\r\n\r\ndata: {"ü"}\n\ndata: x\r\rdata: last',
  );
  for (let cut = 0; cut <= bytes.length; cut++) {
    const sse = new SseDecoder();
    expect([...sse.push(bytes.slice(0, cut)), ...sse.push(bytes.slice(cut)), ...sse.end()]).toEqual([
      { event: "é", data: "1\n2" },
      { data: '{"ü"}' },
      { data: "x" },
      { data: "last" },
    ]);
  }
});

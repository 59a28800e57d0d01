import { expect, test } from "bun:test";
import { applySplices, spliceMembers } from "../src/kit/json.ts";
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

function patch(text: string, values: Record<string, string>): string {
  return applySplices(
    text,
    spliceMembers(text, new Map(Object.entries(values)), { object: JSON.parse(text) as object }),
  );
}

test("top-level members are patched in place", () => {
  expect(patch('{ "a":{"b":"x\\"}"}, "model" : "old" , "n":1.0}', { model: '"new"', z: "1" })).toBe(
    '{"z":1, "a":{"b":"x\\"}"}, "model" : "new" , "n":1.0}',
  );
  expect(patch("{}", { a: "1" })).toBe('{"a":1}');
});

test("a member of the same name deeper down, a repeated one and an escaped one are told apart", () => {
  expect(patch('{"a":{"model":"in"},"model":"old"}', { model: '"new"' })).toBe('{"a":{"model":"in"},"model":"new"}');
  expect(patch('{"model":"one","é":"ü","model":"two"}', { model: '"new"' })).toBe(
    '{"model":"new","é":"ü","model":"new"}',
  );
  expect(patch('{"mod\\u0065l":"old","x":"model"}', { model: '"new"' })).toBe('{"mod\\u0065l":"new","x":"model"}');
  expect(patch('{"o":{"k":[1,{"x":"]"}]},"l":[1]}', { o: "{}", l: "2" })).toBe('{"o":{},"l":2}');
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

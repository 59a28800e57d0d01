import { describe, expect, test } from "bun:test";
import { scanObject } from "../../src/kit/json.ts";
import { mayHide, scanEnds, spliceBytes } from "../../src/kit/json-ends.ts";
import { createScratch } from "../../src/kit/scratch.ts";

const long = Array.from({ length: 300 }, (_, at) => ({
  role: "user",
  content: `${at} "quoted" \\ back\\\\slash\n[{żółw 🐢 ${"x".repeat(500)}`,
}));

function ends(json: string) {
  return scanEnds(Buffer.from(json));
}

describe("the ends of a large object", () => {
  const small = { model: "m", list: [1, { a: "]" }], text: 'a "b" \\', stream: true, number: -1.5e3, nothing: null };

  test.each<[string, object, string[]]>([
    ["the long member last", { ...small, messages: long }, Object.keys(small)],
    ["the long member first", { messages: long, ...small }, Object.keys(small)],
    ["in the middle", { model: "m", a: {}, messages: long, stream: false, b: ["\\"] }, ["model", "a", "stream", "b"]],
    ["two long ones", { model: "m", messages: long, tools: long, stream: true }, ["model", "stream"]],
    ["a long text", { model: "m", prompt: "x\\".repeat(100_000), stream: true }, ["model", "stream"]],
  ])("%s", (_name, object, keys) => {
    for (const json of [JSON.stringify(object), JSON.stringify(object, null, 2), ` ${JSON.stringify(object)}\n `]) {
      const bytes = Buffer.from(json);
      const found = scanEnds(bytes);
      expect(found?.members.map(({ key }) => key)).toEqual(keys);
      const all = scanObject(bytes.toString("latin1"))?.members ?? [];
      for (const member of found?.members ?? []) expect(all).toContainEqual(member);
      expect(all.map(({ start }) => start)).toContain(found?.cut.start as number);
      expect(all.map(({ end }) => end)).toContain(found?.to as number);
    }
  });

  test.each([
    ["a small one", JSON.stringify({ model: "m" })],
    ["a list", JSON.stringify(long)],
    ["an object that does not end", JSON.stringify({ model: "m", messages: long }).slice(0, -1)],
    ["something after its end", `${JSON.stringify({ model: "m", messages: long })} x`],
    ["a beginning without a colon", `{"model","messages":${JSON.stringify(long)}}`],
    ["an end without a comma", `{"messages":${JSON.stringify(long)} "stream":true}`],
  ])("nothing is said of %s", (_name, json) => {
    expect(ends(json)).toBeUndefined();
  });

  test("no text of an end is taken for something else, wherever the window begins", () => {
    for (let shift = 0; shift < 40; shift++) {
      const object = { messages: long, last: `${'\\"],{}:'.repeat(4680)}${"y".repeat(shift)}`, model: "m" };
      const bytes = Buffer.from(JSON.stringify(object));
      const all = scanObject(bytes.toString("latin1"))?.members ?? [];
      for (const member of scanEnds(bytes)?.members ?? []) expect(all).toContainEqual(member);
    }
  });
});

test("a name may hide only where nobody looked", () => {
  const bytes = Buffer.from(
    `{"model":"m","messages":${JSON.stringify(long)},"seed":1,"tools":${JSON.stringify(long)}}`,
  );
  const found = scanEnds(bytes);
  if (!found) throw new Error("the ends were not found");
  expect(mayHide(bytes, found, "seed")).toBe(true);
  expect(mayHide(bytes, found, "model")).toBe(false);
  expect(mayHide(bytes, found, "quoted")).toBe(false);
});

test("pieces of bytes are replaced, the rest stays", () => {
  const bytes = Buffer.from("żółw 1 🐢 2");
  const at = bytes.indexOf("1");
  const splices = [
    { start: 0, end: 0, text: "ą" },
    { start: at, end: at + 1, text: "jeden" },
  ];
  expect(spliceBytes(bytes, splices, createScratch()).toString()).toBe("ążółw jeden 🐢 2");
});

import { describe, expect, test } from "bun:test";
import { Held } from "../../src/kit/held.ts";

const long = 'He said "no", \\ twice.\nAnd żółw 🐢 went on, '.repeat(60);

function through(value: unknown, json = JSON.stringify(value), rebuild = (one: unknown) => one): unknown {
  const held = Held.of(json, ["text"]);
  if (!held) return undefined;
  return JSON.parse(held.restored(JSON.stringify(rebuild(JSON.parse(held.text)))));
}

describe("a text that is held aside", () => {
  test("comes back as it was, wherever it stands", () => {
    const value = { a: [{ text: long }, { text: "short" }, { deep: { text: `x${long}` } }], text: long };
    expect(through(value)).toEqual(value);
    expect(through(value, JSON.stringify(value, null, 2))).toEqual(value);
  });

  test("is short while it is away, with both of its ends", () => {
    const held = Held.of(JSON.stringify({ text: long }), ["text"]);
    expect(held?.text.length).toBeLessThan(400);
    const { text } = JSON.parse(held?.text ?? "") as { text: string };
    expect(text.slice(0, 60)).toBe(long.slice(0, 60));
    expect(text.slice(-60)).toBe(long.slice(-60));
  });

  test("keeps the client's own way of writing it", () => {
    const json = `{"text":"begin ${"plain words, ".repeat(100)}caf\\u00e9 \\/ ${"plain words, ".repeat(100)} end"}`;
    const held = Held.of(json, ["text"]);
    expect(held?.restored(JSON.stringify(JSON.parse(held.text)))).toBe(json);
  });

  test("may go out in a JSON text within a string, however deep", () => {
    const wrap = (value: unknown) => JSON.stringify({ args: JSON.stringify(JSON.stringify(value)) });
    const value = { text: long };
    expect(through(value, undefined, wrap)).toEqual(wrap(value));
  });

  test("can be read while it is away", () => {
    const held = Held.of(JSON.stringify({ text: long }), ["text"]);
    const { text } = JSON.parse(held?.text ?? "") as { text: string };
    expect(held?.expanded(`${text}!`)).toBe(`${long}!`);
    expect(held?.expanded("\u00017\u0001")).toBe("\u00017\u0001");
  });

  test("may be joined with others, left out, and said twice", () => {
    const [one, other] = [`1${long}`, `2${long}`];
    const joined = through([{ text: one }, { text: other }, { text: "left out".repeat(200) }], undefined, (list) => {
      const [first, second] = list as { text: string }[];
      return { content: `${first?.text}\n\n${second?.text}${first?.text}` };
    });
    expect(joined).toEqual({ content: `${one}\n\n${other}${one}` });
  });

  test.each<[string, unknown]>([
    ["of another member", { data: long }],
    ["that is no member's value", ["text", long]],
    ["that is short", { text: "x".repeat(1000) }],
    ["that may be JSON", { text: `{"a":"${long}` }],
    ["that begins with a blank", { text: ` ${long}` }],
    ["all of escapes", { text: "\n".repeat(2000) }],
    ["beside the character that marks begin with", { text: long, other: "\u0001" }],
  ])("is none %s", (_name, value) => {
    expect(Held.of(JSON.stringify(value), ["text"])).toBeUndefined();
  });

  test("is none of a broken body", () => {
    expect(Held.of(`{"text":"${"x".repeat(5000)}`, ["text"])).toBeUndefined();
  });

  test("is never cut where an escape or a pair stands", () => {
    const pieces = [
      "a",
      "\\n",
      '\\"',
      "\\\\",
      "\\u00e9",
      "\\ud83d\\udc22",
      "🐢",
      "é",
      "plain words without any escape ",
    ];
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % below;
    };
    let held = 0;
    for (let round = 0; round < 500; round++) {
      const weight = random(40);
      const text = Array.from({ length: 300 }, () => pieces[random(50) < weight ? 8 : random(9)]).join("");
      const json = `{"text":"b${text}"}`;
      if (Held.of(json, ["text"])) held++;
      else continue;
      expect(through(undefined, json)).toEqual(JSON.parse(json));
    }
    expect(held).toBeGreaterThan(200);
  });
});

test("a mark that nobody made is left as it is", () => {
  const held = Held.of(JSON.stringify({ text: long }), ["text"]);
  expect(held?.restored(JSON.stringify("\u00017\u0001"))).toBe(JSON.stringify("\u00017\u0001"));
});

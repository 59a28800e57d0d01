import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = import.meta.dir;
const last = 146;

const rows = readFileSync(join(folder, "README.md"), "utf8")
  .split("\n")
  .map((line) => /^\|\s*(\d+)\s*\|.*\|\s*`?([a-z-]+\.test\.ts)`?\s*\|$/.exec(line))
  .filter((match) => match !== null)
  .map((match) => ({ number: Number(match[1]), file: match[2] as string }));

const files = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => [name, readFileSync(join(folder, name), "utf8")]),
);

test("every trap of the table is in the name of a test of its file", () => {
  expect(rows.length).toBeGreaterThan(0);
  const missing = rows.filter(({ number, file }) => {
    const named = new RegExp(`\\(traps? (?:\\d+(?:, | and ))*${number}(?:, \\d+| and \\d+)*\\)`);
    return !named.test(files.get(file) ?? "");
  });
  expect(missing).toEqual([]);
});

test("no trap has two rows, and none that a test names is without one", () => {
  const numbers = rows.map(({ number }) => number);
  expect(new Set(numbers).size).toBe(numbers.length);
  const named = [...files.values()].flatMap((text) =>
    [...text.matchAll(/\(traps? (\d[\d, and]*)\)/g)].flatMap((match) => (match[1] as string).match(/\d+/g) ?? []),
  );
  expect(named.map(Number).filter((number) => !numbers.includes(number))).toEqual([]);
});

test("the table has every trap", () => {
  const numbers = new Set(rows.map(({ number }) => number));
  const missing = Array.from({ length: last }, (_, at) => at + 1).filter((number) => !numbers.has(number));
  expect(missing).toEqual([]);
});

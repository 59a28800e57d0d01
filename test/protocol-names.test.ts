/** No code outside the protocols' own room knows which protocols there are: a new one is a folder and a line. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { embeddingWires, protocols } from "../src/protocols/index.ts";

/** Files that may name a protocol, and why. */
const exceptions: Readonly<Record<string, string>> = {
  "config/schema/provider.ts": "the configuration's schema has one key for each protocol",
};

const root = join(import.meta.dir, "..", "src");
const names = [...new Set([...protocols, ...embeddingWires].map(({ name }) => name))].join("|");
/** A string that is nothing but a protocol's name; comments are taken out before. */
const named = new RegExp(`(["'\`])(?:${names})\\1`);

function code(file: string): string {
  const text = readFileSync(join(root, file), "utf8");
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

test("only the protocols' room and the listed files name a protocol", () => {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
  expect(files.length).toBeGreaterThan(100);
  const found = files.filter((file) => !file.startsWith("protocols/") && named.test(code(file)));
  expect(found.sort()).toEqual(Object.keys(exceptions).sort());
});

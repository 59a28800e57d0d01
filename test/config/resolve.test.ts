// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what is tested
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveReferences } from "../../src/config/resolve.ts";

const folder = mkdtempSync(join(tmpdir(), "plexus-config-"));
writeFileSync(join(folder, "key.txt"), "from-a-file\n");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const environment = {
  KEY: "value",
  OTHER: "o",
  EMPTY: "",
  BY_FILE_FILE: join(folder, "key.txt"),
  BAD_FILE: "/nowhere",
};

test("references are replaced in values, wherever they stand, and never in names", () => {
  const given = { "${KEY}": ["${KEY}", { deep: "a-${OTHER}-${KEY}", number: 1, nothing: null }] };
  const { value, faults } = resolveReferences(given, { environment, folder });
  expect(faults).toEqual([]);
  expect(value).toEqual({ "${KEY}": ["value", { deep: "a-o-value", number: 1, nothing: null }] });
  expect(given["${KEY}"][0]).toBe("${KEY}");
});

test("files are read without their last newline, relative to the configuration", () => {
  const given = { a: "${file:key.txt}", b: `\${file:${join(folder, "key.txt")}}`, c: "${BY_FILE}" };
  expect(resolveReferences(given, { environment, folder }).value).toEqual({
    a: "from-a-file",
    b: "from-a-file",
    c: "from-a-file",
  });
});

test("what is unset or cannot be read is a fault with its path, all at once", () => {
  const given = { a: "${NOPE}", b: { c: ["${EMPTY}", "${file:none}"] }, d: "${BAD}", e: "${not a name}", f: "${open" };
  const { faults } = resolveReferences(given, { environment, folder });
  expect(faults.map(({ path }) => path)).toEqual(["a", "b.c.0", "b.c.1", "d", "e", "f"]);
  expect(faults[0]?.message).toContain("NOPE_FILE");
  expect(faults[2]?.message).toContain("ENOENT");
});

test("a doubled dollar is a literal, and a replaced text is not read again", () => {
  const around = { environment: { A: "${B}", B: "b" }, folder };
  expect(resolveReferences({ a: "$${A}", b: "${A}", c: "$5 {x}" }, around).value).toEqual({
    a: "${A}",
    b: "${B}",
    c: "$5 {x}",
  });
});

test("outside the file only the allowed names are read, and everything else stays", () => {
  const around = { environment, folder, only: new Set(["KEY"]) };
  const given = { a: "${KEY}", b: "${OTHER}", c: "${file:key.txt}", d: "${open", e: "$${x}" };
  expect(resolveReferences(given, around)).toEqual({ value: { ...given, a: "value" }, faults: [] });
});

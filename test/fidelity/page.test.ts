import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { page } from "./page.ts";

test("FIDELITY.md is what the code prints", () => {
  expect(readFileSync(join(import.meta.dir, "../../FIDELITY.md"), "utf8")).toBe(page());
});

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { page, pagePath } from "./page.ts";

test("FIDELITY.md is what the code prints", () => {
  const text = readFileSync(pagePath, "utf8");
  expect(text).toBe(page());
  expect(text).not.toMatch(/\/(?:home|work|tmp|Users)\//);
});

test("the recordings' figures have a row for each of the sixteen directions, and none is below the bar", () => {
  const [, measured = ""] = readFileSync(pagePath, "utf8").split("### Measured\n");
  const rows = measured.slice(0, measured.indexOf("\n###")).match(/^\| .* client, .* provider \|.*$/gm) ?? [];
  expect(rows).toHaveLength(16);
  for (const row of rows) {
    const shares = [...row.matchAll(/(\d+)\/(\d+)/g)].map(([, right, all]) => Number(right) / Number(all));
    expect(shares).toHaveLength(3);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.995);
  }
});

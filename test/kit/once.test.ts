/** Work that is done once for all who ask within a moment. */
import { expect, test } from "bun:test";
import { createOnce } from "../../src/kit/once.ts";

test("is done once within its time, apart by name, and again after it", async () => {
  let at = 0;
  let done = 0;
  const once = createOnce({ keptMs: 100, most: 10, now: () => at });
  const ask = (name: string) => once(name, async () => ++done);
  expect(await Promise.all([ask("a"), ask("a"), ask("b")])).toEqual([1, 1, 2]);
  at = 99;
  expect(await ask("a")).toBe(1);
  at = 100;
  expect(await ask("a")).toBe(3);
});

test("that failed is tried again, and the oldest name gives way", async () => {
  let done = 0;
  const once = createOnce({ keptMs: 1000, most: 2, now: () => 0 });
  await expect(once("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  const ask = (name: string) => once(name, async () => ++done);
  expect([await ask("a"), await ask("b"), await ask("c")]).toEqual([1, 2, 3]);
  expect([await ask("c"), await ask("a")]).toEqual([3, 4]);
});

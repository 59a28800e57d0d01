import { expect, test } from "bun:test";
import { createTidiness, tidyAfterWork } from "../../src/kit/tidying.ts";

/** Something that nobody holds. */
function left(): WeakRef<object> {
  return new WeakRef({ large: new Array(1000).fill("x") });
}

async function isGone(refs: WeakRef<object>[], withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; Date.now() < until; await Bun.sleep(20)) {
    if (refs.every((ref) => ref.deref() === undefined)) return true;
  }
  return false;
}

test("what much work has left is collected when it rests", async () => {
  const work = { changes: 0, count: 0 };
  const stop = tidyAfterWork(work, 20);
  const refs = Array.from({ length: 50 }, left);
  await Bun.sleep(1);
  work.changes += 1000;
  // The runtime by itself would take a second. References on the stack may keep one or two of them for a while.
  expect(await isGone(refs.slice(0, 40), 800)).toBe(true);
  stop();
});

test("nothing is collected while nothing was done", () => {
  const isDue = createTidiness({ changes: 7, count: 0 }, 0);
  expect([2000, 4000, 3_600_000].map(isDue)).toEqual([false, false, false]);
});

test("work is collected after at its first rest, once", () => {
  const work = { changes: 0, count: 0 };
  const isDue = createTidiness(work, 0);
  work.changes = 2000;
  work.count = 1;
  expect(isDue(2000)).toBe(false);
  work.changes = 2001;
  work.count = 0;
  expect(isDue(4000)).toBe(false);
  expect(isDue(6000)).toBe(true);
  expect(isDue(8000)).toBe(false);
});

test("what runs on without a beginning or an end is no rest", () => {
  const work = { changes: 0, count: 0 };
  const isDue = createTidiness(work, 0);
  work.changes = 1000;
  work.count = 1000;
  expect([2000, 4000, 60_000, 299_000].map(isDue)).toEqual([false, false, false, false]);
  expect(isDue(300_000)).toBe(true);
  expect(isDue(3_600_000)).toBe(false);
});

test("little work is collected after in its time", () => {
  const work = { changes: 0, count: 0 };
  const isDue = createTidiness(work, 0);
  work.changes = 2;
  expect([2000, 4000, 28_000].map(isDue)).toEqual([false, false, false]);
  expect(isDue(30_000)).toBe(true);
  work.changes = 4;
  expect([32_000, 34_000].map(isDue)).toEqual([false, false]);
  expect(isDue(60_000)).toBe(true);
});

import { afterEach, beforeEach, expect, test } from "bun:test";
import { createSweep, type Sweep, Watch } from "../../src/kit/sweep.ts";

const everyMs = 10;
let sweep: Sweep;
let fired: string[];

beforeEach(() => {
  sweep = createSweep(everyMs);
  fired = [];
});
afterEach(() => sweep.stop());

function watch(name: string): Watch {
  return new Watch(() => fired.push(name));
}

test("what is due is told once, in the order of the times", async () => {
  sweep.set(watch("later"), 60);
  sweep.set(watch("sooner"), 20);
  await Bun.sleep(150);
  expect(fired).toEqual(["sooner", "later"]);
});

test("what is removed, or rests, is never told", async () => {
  const removed = watch("removed");
  const resting = watch("resting");
  sweep.set(removed, 20);
  sweep.set(resting, 20);
  sweep.remove(removed);
  resting.due = Number.POSITIVE_INFINITY;
  await Bun.sleep(100);
  expect(fired).toEqual([]);
});

test("a deadline that is pushed on again and again is told when that ends", async () => {
  const pushed = watch("pushed");
  for (let round = 0; round < 8; round++) {
    sweep.set(pushed, 60);
    await Bun.sleep(15);
  }
  expect(fired).toEqual([]);
  await Bun.sleep(120);
  expect(fired).toEqual(["pushed"]);
});

test("a deadline can be drawn in, and set again after it was told or removed", async () => {
  const drawn = watch("drawn");
  sweep.set(drawn, 60_000);
  sweep.set(drawn, 20);
  await Bun.sleep(100);
  expect(fired).toEqual(["drawn"]);
  sweep.set(drawn, 20);
  await Bun.sleep(100);
  expect(fired).toEqual(["drawn", "drawn"]);
  sweep.remove(drawn);
  sweep.set(drawn, 0);
  await Bun.sleep(100);
  expect(fired).toEqual(["drawn", "drawn", "drawn"]);
});

test("a watch may remove another, and itself be set, while it is told", async () => {
  const other = watch("other");
  const again: Watch = new Watch(() => {
    fired.push("again");
    sweep.remove(other);
    if (fired.length < 3) sweep.set(again, 20);
  });
  sweep.set(again, 20);
  sweep.set(other, 20);
  await Bun.sleep(200);
  expect(fired).toEqual(["again", "again", "again"]);
});

test("a loop that was blocked for a while misses nothing", async () => {
  sweep.set(watch("one"), 20);
  sweep.set(watch("two"), 50);
  const until = performance.now() + 120;
  while (performance.now() < until);
  await Bun.sleep(40);
  expect(fired).toEqual(["one", "two"]);
});

import { expect, test } from "bun:test";
import { tidyAfterWork } from "../../src/kit/tidying.ts";

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

test("what work has left is collected, and nothing is done while it stands still", async () => {
  let work = 0;
  let asked = 0;
  const stop = tidyAfterWork(() => {
    asked++;
    return work;
  }, 20);
  const refs = Array.from({ length: 50 }, left);
  await Bun.sleep(1);
  work++;
  // The runtime by itself would take a second. References on the stack may keep one or two of them for a while.
  expect(await isGone(refs.slice(0, 40), 800)).toBe(true);
  stop();
  const before = asked;
  await Bun.sleep(60);
  expect(asked).toBe(before);
});

import { expect, test } from "bun:test";
import type { Sql } from "../../src/store/database.ts";
import { PresentSums } from "../../src/store/present-sums.ts";

/** A database that counts its questions and takes a while for each. */
function slow(milliseconds: number) {
  const asked = { count: 0 };
  const row = { bucket: 900_000, value: "", other: "", requests: 1 };
  const sums = ["failed", "tokens_input", "tokens_output", "tokens_reasoning", "tokens_cache_read"];
  const more = ["tokens_cache_write", "estimated", "cost_nano", "unpriced", "ttft_ms", "ttft_count", "flow_ms"];
  const rest = ["flow_tokens", "total_ms", "total_count"];
  const zeros = Object.fromEntries([...sums, ...more, ...rest].map((name) => [name, 0]));
  const sql = (async () => {
    asked.count++;
    await Bun.sleep(milliseconds);
    return [{ ...row, ...zeros, requests: asked.count }];
  }) as unknown as Sql;
  return { asked, present: new PresentSums(sql) };
}

const range = { kind: "all", from: 900_000, to: 1_800_000 } as const;

test("what is cheap is summed again after each write, and only then", async () => {
  const { asked, present } = slow(0);
  await present.query({ ...range, mark: 1 });
  await present.query({ ...range, mark: 1 });
  expect(asked.count).toBe(1);
  const [sum] = await present.query({ ...range, mark: 2 });
  expect([asked.count, sum?.sum.requests]).toEqual([2, 2]);
});

test("what took long is told again for a while, to each a copy of its own", async () => {
  const { asked, present } = slow(20);
  const [first] = await present.query({ ...range, mark: 1 });
  if (first) first.sum.requests = 77;
  const [second] = await present.query({ ...range, mark: 2 });
  expect([asked.count, second?.sum.requests]).toEqual([1, 1]);
  await present.query({ ...range, kind: "label", mark: 2 });
  expect(asked.count).toBe(2);
});

test("one look at the rows tells all that they say by key and alias", async () => {
  const { asked, present } = slow(20);
  expect((await present.query({ ...range, mark: 1 })).length).toBe(1);
  expect((await present.query({ ...range, kind: "key", mark: 1 })).length).toBe(1);
  expect(await present.query({ ...range, kind: "alias", only: { value: "fast" }, mark: 1 })).toEqual([]);
  expect(asked.count).toBe(1);
});

test("those who ask at the same moment are told the same", async () => {
  const { asked, present } = slow(20);
  await Promise.all([1, 2, 3].map(() => present.query({ ...range, mark: 1 })));
  expect(asked.count).toBe(1);
});

import { expect, test } from "bun:test";
import { estimateUsage } from "../../src/metering/estimate.ts";
import { addUsage, emptyUsage, type Usage } from "../../src/model/usage.ts";
import { countTokens, partsOf, usageOf } from "../../src/model/usage-parts.ts";

const plain: Usage = {
  ...{ ...emptyUsage(), inUncached: 100, inCacheRead: 30, inCacheWriteOther: 5, outVisible: 7, outReasoning: 3 },
  raw: { origin: "somewhere", json: { much: "text" } },
};

test("an ordinary usage is kept in its counts alone", () => {
  expect(partsOf(plain)).toBeNull();
  const { raw: _, ...counts } = plain;
  expect(usageOf(countTokens(plain), null)).toEqual(counts);
});

test.each<[string, Partial<Usage>]>([
  ["writes for an hour", { inCacheWrite1h: 9 }],
  ["audio", { audioIn: 4, audioOut: 2 }],
  ["pictures and films", { imageIn: 4, imageOut: 2, videoIn: 1, videoOut: 1 }],
  ["citations and searches", { citation: 1, searches: 2 }],
  ["a speed", { speed: "priority" }],
])("what prices tell apart is kept beside the counts: %s", (_, more) => {
  const parts = partsOf({ ...plain, ...more });
  expect(parts).toHaveLength(1);
  expect(JSON.stringify(parts)).not.toContain("much");
  expect(usageOf(countTokens({ ...plain, ...more }), parts).calls?.[0]).toMatchObject({ inUncached: 100, ...more });
});

test("of a sum its calls are kept, and of sums all of theirs", () => {
  const sum = addUsage(addUsage(plain, plain), addUsage(plain, plain));
  expect(sum.calls).toHaveLength(4);
  expect(partsOf(sum)).toHaveLength(4);
  expect(usageOf(countTokens(sum), partsOf(sum)).calls?.map(({ inUncached }) => inUncached)).toEqual([
    100, 100, 100, 100,
  ]);
});

test("of a sum the cost is reported when that of both is", () => {
  const paid = { ...plain, reportedNano: 5 };
  expect(addUsage(paid, paid).reportedNano).toBe(10);
  expect(addUsage(paid, plain)).not.toHaveProperty("reportedNano");
  expect(addUsage({ ...plain, imageIn: 1, searches: 1 }, { ...plain, imageIn: 2 })).toMatchObject({
    imageIn: 3,
    searches: 1,
  });
});

test("a cost that was reported before the answer was cut is not that of what came after", () => {
  const reported = { ...plain, reportedNano: 5 };
  expect(estimateUsage(reported, { requestCharacters: 10, frames: 3 }).reportedNano).toBe(5);
  expect(estimateUsage(reported, { requestCharacters: 10, frames: 50 })).not.toHaveProperty("reportedNano");
  expect(reported.reportedNano).toBe(5);
});

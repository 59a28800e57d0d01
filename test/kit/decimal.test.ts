import { expect, test } from "bun:test";
import fc from "fast-check";
import { countOf, decimalOf, roundHalfUp, tenTo, times, unitsAt } from "../../src/kit/decimal.ts";

test.each([
  [0, 0n, 0],
  [3, 3n, 0],
  [0.15, 15n, 2],
  [2.5e-7, 25n, 8],
  [1e21, 10n ** 21n, 0],
  [1.25e22, 125n * 10n ** 20n, 0],
])("%p is an exact decimal", (value, units, places) => {
  expect(decimalOf(value)).toEqual({ units, places });
});

test("what is negative or not finite is no price", () => {
  for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) expect(decimalOf(value)).toBeUndefined();
});

test("every number comes back from its decimal", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), (value) => {
      const { units, places } = decimalOf(value) ?? { units: -1n, places: 0 };
      expect(Number(`${units}e-${places}`)).toBe(value);
    }),
  );
});

test("products are exact where doubles are not", () => {
  const product = times(decimalOf(0.1) ?? fail(), decimalOf(0.7) ?? fail());
  expect(product).toEqual({ units: 7n, places: 2 });
  expect(unitsAt(product, 5)).toBe(7000n);
});

test("a half is rounded up, and what no double counts is the greatest that one does", () => {
  expect([24n, 25n, 26n, 35n].map((value) => roundHalfUp(value, 10n))).toEqual([2n, 3n, 3n, 4n]);
  expect(roundHalfUp(0n, tenTo(3))).toBe(0n);
  expect(countOf(10n ** 30n)).toBe(Number.MAX_SAFE_INTEGER);
});

function fail(): never {
  throw new Error("this is a decimal");
}

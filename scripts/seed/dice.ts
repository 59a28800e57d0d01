// Numbers that look like chance and are the same every time.

export interface Dice {
  /** From 0 to below 1. */
  next(): number;
  /** Whole, from `low` to `high`. */
  between(low: number, high: number): number;
  /** True so many times out of one. */
  chance(share: number): boolean;
  /** By weight. */
  pick<One extends { weight: number }>(list: readonly One[]): One;
  /** Around a middle, with a long tail upwards, as sizes and times are. */
  around(middle: number, spread?: number): number;
}

export function createDice(seed: number): Dice {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (share) => next() < share,
    pick(list) {
      const all = list.reduce((sum, { weight }) => sum + weight, 0);
      let left = next() * all;
      const found = list.find(({ weight }) => {
        left -= weight;
        return left < 0;
      });
      const one = found ?? list[0];
      if (one === undefined) throw new RangeError("there is nothing to choose from");
      return one;
    },
    around(middle, spread = 0.8) {
      const normal = next() + next() + next() + next() - 2;
      return Math.max(1, Math.round(middle * Math.exp(spread * 1.7 * normal)));
    },
  };
}

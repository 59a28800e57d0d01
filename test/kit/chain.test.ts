import { edenGC, fullGC, heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { Chain, Link } from "../../src/kit/chain.ts";

class Named extends Link {
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
}

const [a, b, c] = [new Named("a"), new Named("b"), new Named("c")];
const names = (chain: Chain<Named>) => [...chain].map(({ name }) => name);

test("they stand in the order in which they came, until they leave", () => {
  const chain = new Chain<Named>();
  expect(chain.first).toBeUndefined();
  for (const one of [a, b, c]) chain.add(one);
  expect(names(chain)).toEqual(["a", "b", "c"]);
  b.leave();
  b.leave();
  expect(names(chain)).toEqual(["a", "c"]);
  chain.add(a);
  expect(names(chain)).toEqual(["c", "a"]);
  expect(chain.first).toBe(c);
});

test("one that enters another chain leaves the first", () => {
  const one = new Chain<Named>();
  const other = new Chain<Named>();
  for (const named of [a, b]) one.add(named);
  other.add(a);
  expect(names(one)).toEqual(["b"]);
  expect(names(other)).toEqual(["a"]);
});

test("the one at hand may leave while they are gone through", () => {
  const chain = new Chain<Named>();
  for (const one of [a, b, c]) chain.add(one);
  const seen: string[] = [];
  for (const one of chain) {
    seen.push(one.name);
    one.leave();
  }
  expect(seen).toEqual(["a", "b", "c"]);
  expect(chain.first).toBeUndefined();
});

test("what came and left is garbage at the next collection, however small it is", () => {
  class Held extends Link {
    readonly bytes = new BigInt64Array(1);
  }
  const chain = new Chain<Held>();
  const pass = (count: number) => {
    for (let i = 0; i < count; i++) {
      chain.add(new Held());
      if (i >= 16) chain.first?.leave();
    }
    while (chain.first) chain.first.leave();
  };
  const living = () => heapStats().objectTypeCounts.BigInt64Array ?? 0;
  pass(3000);
  fullGC();
  const before = living();
  pass(3000);
  edenGC();
  expect(living() - before).toBeLessThan(100);
});

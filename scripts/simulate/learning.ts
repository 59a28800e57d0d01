/** How fast measured selectors find the best target, and leave one that becomes worse. */
import { order } from "../../src/routing/order.ts";
import { Standings } from "../../src/routing/standings.ts";
import { candidateOf, noise, seeded, type Traits, weekStart } from "./world.ts";

/** In each measure the fifth is the best, by a third at least. */
const targets: readonly Traits[] = [
  { name: "one/m", firstMs: 900, tokensPerSecond: 60, input: 1, output: 1 },
  { name: "two/m", firstMs: 700, tokensPerSecond: 45, input: 1, output: 1 },
  { name: "three/m", firstMs: 1600, tokensPerSecond: 20, input: 1, output: 1 },
  { name: "four/m", firstMs: 1100, tokensPerSecond: 70, input: 1, output: 1 },
  { name: "five/m", firstMs: 450, tokensPerSecond: 105, input: 1, output: 1 },
  { name: "six/m", firstMs: 2500, tokensPerSecond: 75, input: 1, output: 1 },
];
const best = "five/m";

export interface Learning {
  /** Share of the requests 51 to 150 that went to the best. */
  found: number;
  /** Share of it in the requests 51 to 100 after it had become four times as slow. */
  stayed: number;
}

export function learn(selector: string, seed: number): Learning {
  const random = seeded(seed);
  let now = weekStart;
  const standings = new Standings(() => now);
  const candidates = targets.map(candidateOf);
  const route = { alias: null, groups: [{ name: "default", selector, candidates }] };
  const ask = (isWorse: boolean): string => {
    const {
      candidates: [chosen],
    } = order(route, {
      ...{
        isFull: () => false,
        isLoggedOut: () => false,
        isAble: () => true,
        matches: () => false,
        cooling: () => undefined,
      },
      ...{ random, exploration: 0.05, isStream: true, now: () => now, costOf: () => undefined },
      standingOf: ({ name }) => standings.of(name),
    });
    const traits = targets.find(({ name }) => name === chosen?.name);
    if (!traits) throw new Error("nobody was chosen");
    const factor = noise(random) * (isWorse && traits.name === best ? 4 : 1);
    const tokens = 50 + Math.round(400 * random());
    const firstMs = traits.firstMs * factor;
    const totalMs = firstMs + (1000 * tokens * factor) / traits.tokensPerSecond;
    const asking = standings.ask(traits.name);
    now += totalMs;
    asking.answered({ isStream: true, firstMs, totalMs, tokens });
    return traits.name;
  };
  const before = Array.from({ length: 150 }, () => ask(false)).slice(50);
  const after = Array.from({ length: 100 }, () => ask(true));
  return {
    found: before.filter((name) => name === best).length / 100,
    stayed: after.slice(50).filter((name) => name === best).length / 50,
  };
}

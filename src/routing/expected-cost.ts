/**
 * What a request will probably cost at a target. Counts are estimates, so they are taken in steps of a fifth, and what one
 * price makes of a step is worked out once in a minute.
 */
import type { Tariff } from "../model/tariff.ts";
import { emptyUsage } from "../model/usage.ts";

export interface Expected {
  /** Tokens. */
  input: number;
  output: number;
}

const stepsOfDoubling = 4;
const minuteMs = 60_000;
const mostSteps = 256;

interface Known {
  minute: number;
  costs: Map<number, number | undefined>;
}

export class ExpectedCosts {
  private readonly known = new WeakMap<Tariff, Known>();

  /** Of one request: nano-dollars by price. */
  of({ input, output }: Expected, at: number): (tariff: Tariff) => number | undefined {
    const steps = { input: stepOf(input), output: stepOf(output) };
    const key = steps.input * mostSteps + steps.output;
    const minute = Math.floor(at / minuteMs);
    return (tariff) => {
      let known = this.known.get(tariff);
      if (known?.minute !== minute) {
        known = { minute, costs: new Map() };
        this.known.set(tariff, known);
      }
      if (known.costs.has(key)) return known.costs.get(key);
      const usage = { ...emptyUsage(), inUncached: tokensOf(steps.input), outVisible: tokensOf(steps.output) };
      const cost = tariff.costOf(usage, at) ?? undefined;
      known.costs.set(key, cost);
      return cost;
    };
  }
}

function stepOf(tokens: number): number {
  return Math.min(mostSteps - 1, Math.round(Math.log2(Math.max(1, tokens)) * stepsOfDoubling));
}

function tokensOf(step: number): number {
  return Math.round(2 ** (step / stepsOfDoubling));
}

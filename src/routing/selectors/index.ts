/** The selectors. */
import { allowance } from "./allowance.ts";
import { cost } from "./cost.ts";
import { e2ePerformance } from "./e2e-performance.ts";
import { inOrder } from "./in-order.ts";
import { latency } from "./latency.ts";
import { performance } from "./performance.ts";
import { random } from "./random.ts";
import type { Selector } from "./selector.ts";
import { usage } from "./usage.ts";

export const selectors: readonly Selector[] = [
  ...[random, inOrder, cost, performance, latency, usage, allowance, e2ePerformance],
];

export function findSelector(name: string): Selector {
  return selectors.find((selector) => selector.name === name) ?? inOrder;
}

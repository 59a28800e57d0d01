/** The selectors. A name that is accepted but not in this list orders as listed, and the configuration check says so. */
import { inOrder } from "./in-order.ts";
import { random } from "./random.ts";
import type { Selector } from "./selector.ts";

export const selectors: readonly Selector[] = [random, inOrder];

export function findSelector(name: string): Selector {
  return selectors.find((selector) => selector.name === name) ?? inOrder;
}

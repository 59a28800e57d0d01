/** Orders the targets of one group. Pure, in memory; `random` gives numbers from 0 to below 1. */
import type { Candidate } from "../resolve.ts";

export interface Selector {
  readonly name: string;
  order(candidates: readonly Candidate[], random: () => number): Candidate[];
}

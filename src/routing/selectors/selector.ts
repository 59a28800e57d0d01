/** Orders the targets of one group. Pure, over numbers that are in memory; nothing here is ever waited for. */
import type { Candidate } from "../resolve.ts";
import type { Standing } from "../standing.ts";

export interface SelectorView {
  /** From 0 to below 1. */
  random(): number;
  /** Share of the requests (0 to 1) with which a measured selector asks another than the best. */
  readonly exploration: number;
  /** Nano-dollars that this request will probably cost there; undefined without a price. */
  costOf(candidate: Candidate): number | undefined;
  /** What is known of the target; undefined when it was never asked. */
  standingOf(candidate: Candidate): Standing | undefined;
  /** Streams are measured apart from whole answers. */
  readonly isStream: boolean;
  /** Epoch milliseconds. */
  now(): number;
}

export interface Ranking {
  /** Best first. */
  readonly candidates: readonly Candidate[];
  /** What each of them was judged by, in the same order. */
  readonly scores?: readonly (number | undefined)[];
  /** The first is asked to learn of it, not because it is the best known. */
  readonly explores?: boolean;
}

export interface Selector {
  readonly name: string;
  /** What its scores are. */
  readonly measure?: string;
  order(candidates: readonly Candidate[], view: SelectorView): Ranking;
}

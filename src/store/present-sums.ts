/**
 * Sums of the rows of the present quarter of an hour, which nobody has summed yet. Where that takes long, for many
 * requests come, what was found is told again for a while: whoever looks at figures must not slow down what they count.
 */
import type { Sql } from "./database.ts";
import { type Dimension, type Only, type Span, type Summed, sumRows } from "./rollup-sums.ts";

export interface PresentQuery extends Span {
  kind: Dimension;
  only?: Only | undefined;
  /** Another one when rows were written in the meantime. */
  mark: number;
}

interface Found {
  mark: number;
  at: number;
  /** Milliseconds that it took; undefined while it runs. */
  took?: number;
  sums: Promise<Summed[]>;
}

/** What took a millisecond is told for so many. */
const tellFactor = 50;
/** Below, nothing is told that is not so any more. */
const cheapMs = 4;
const longestMs = 10_000;
const mostKept = 64;

export class PresentSums {
  private readonly found = new Map<string, Found>();

  constructor(private readonly sql: Sql) {}

  async query({ mark, ...asked }: PresentQuery): Promise<Summed[]> {
    const name = JSON.stringify(asked);
    const known = this.found.get(name);
    const sums = known && isStillSo(known, mark) ? known.sums : this.look(name, asked, mark);
    // Whoever gets them adds to them.
    return (await sums).map((one) => ({ ...one, sum: { ...one.sum, sketch: { ...one.sum.sketch } } }));
  }

  private look(name: string, { kind, ...range }: Omit<PresentQuery, "mark">, mark: number): Promise<Summed[]> {
    const at = performance.now();
    const found: Found = { mark, at, sums: sumRows(this.sql, kind, range) };
    this.found.delete(name);
    this.found.set(name, found);
    for (const oldest of this.found.keys()) {
      if (this.found.size <= mostKept) break;
      this.found.delete(oldest);
    }
    found.sums.then(
      () => {
        found.took = performance.now() - at;
      },
      () => this.found.delete(name),
    );
    return found.sums;
  }
}

function isStillSo({ mark, at, took }: Found, now: number): boolean {
  const age = performance.now() - at;
  if (mark === now) return age < longestMs;
  return took !== undefined && took >= cheapMs && age < Math.min(longestMs, took * tellFactor);
}

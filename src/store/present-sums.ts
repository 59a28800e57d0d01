/**
 * Sums of the rows of the present quarter of an hour, which nobody has summed yet. Where that takes long, for many
 * requests come, what was found is told again for a while: whoever looks at figures must not slow down what they count.
 */
import type { Sql } from "./database.ts";
import { type Dimension, type Only, type RowDimension, type Span, type Summed, sumRows } from "./rollup-sums.ts";

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

/** Pages ask for several dimensions, and to look at the rows is what takes long: one look is for all that it can tell. */
const looks: Record<Dimension, { at: RowDimension; value?: "value" | "other"; other?: "other" }> = {
  all: { at: "key-alias" },
  key: { at: "key-alias", value: "value" },
  alias: { at: "key-alias", value: "other" },
  "key-alias": { at: "key-alias", value: "value", other: "other" },
  provider: { at: "provider-target", value: "value" },
  target: { at: "provider-target", value: "other" },
  "key-target": { at: "key-target", value: "value", other: "other" },
  label: { at: "label", value: "value", other: "other" },
};

export class PresentSums {
  private readonly found = new Map<string, Found>();

  constructor(private readonly sql: Sql) {}

  /** Several of one value may come, which add up. */
  async query({ kind, from, to, only = {}, mark }: PresentQuery): Promise<Summed[]> {
    const { at, value, other } = looks[kind];
    const name = JSON.stringify([at, from, to]);
    const known = this.found.get(name);
    const sums = await (known && isStillSo(known, mark) ? known.sums : this.look(name, { at, from, to }, mark));
    return sums.flatMap((one) => {
      const named = { value: value ? one[value] : "", other: other ? one[other] : "" };
      const isMeant = named.value === (only.value ?? named.value) && named.other === (only.other ?? named.other);
      // Whoever gets them adds to them.
      return isMeant ? [{ ...one, ...named, sum: { ...one.sum, sketch: { ...one.sum.sketch } } }] : [];
    });
  }

  private look(name: string, { at: kind, ...span }: Span & { at: RowDimension }, mark: number): Promise<Summed[]> {
    const at = performance.now();
    const found: Found = { mark, at, sums: sumRows(this.sql, kind, span) };
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

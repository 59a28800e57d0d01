/** Sums of usage as people ask for them: by key, alias, provider, model or label, of everything or of one key. */
import { addSum } from "../model/usage-sum.ts";
import type { Dimension, Span, SumField, Summed } from "./rollup-sums.ts";
import type { Rollups } from "./rollups.ts";

/** What can be asked for, and the dimension that holds it: of everything, and of one key. */
const groupings = {
  none: { all: "all", ofKey: "key" },
  key: { all: "key", ofKey: "key" },
  alias: { all: "alias", ofKey: "key-alias" },
  provider: { all: "provider", ofKey: undefined },
  model: { all: "target", ofKey: "key-target" },
  label: { all: "label", ofKey: "label" },
} as const satisfies Record<string, { all: Dimension; ofKey: Dimension | undefined }>;

export type Grouping = keyof typeof groupings;
export const groupingNames = Object.keys(groupings) as Grouping[];

export interface GroupedQuery extends Span {
  by: Grouping;
  key?: string | undefined;
  /** Only of what has this name. */
  value?: string | undefined;
  bucket?: "quarter" | "hour" | "day" | undefined;
  /** Without the classes of times to the first token, which providers and models have. */
  isPlain?: boolean;
  /** Only these sums are told; all unless said. */
  fields?: readonly SumField[];
}

/** Undefined where no sums of one key are kept by this. */
export async function groupedUsage(
  rollups: Pick<Rollups, "query">,
  { by, key, value, from, to, bucket, isPlain = false, fields }: GroupedQuery,
): Promise<Summed[] | undefined> {
  const { all, ofKey } = groupings[by];
  const kind = key === undefined ? all : ofKey;
  if (kind === undefined) return undefined;
  // Of a label the key is the second value, of everything else that is kept for keys the first.
  const only = key === undefined || by === "label" ? { value, other: key } : { value: key, other: value };
  const sums = await rollups.query({ kind, from, to, only, isPlain, fields, ...(bucket ? { bucket } : {}) });
  if (by === "label") return labelled(sums);
  return key === undefined || kind === "key" ? sums : sums.map((one) => ({ ...one, value: one.other }));
}

/** The same label on several keys is one attribution. */
function labelled(sums: Summed[]): Summed[] {
  const found = new Map<string, Summed>();
  for (const one of sums) {
    const place = `${one.bucket} ${one.value}`;
    const known = found.get(place);
    if (known) addSum(known.sum, one.sum);
    else found.set(place, one);
  }
  return [...found.values()];
}

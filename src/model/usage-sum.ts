/** Sums of usage rows, and what can be read off them. */

/** Sums are kept for so long a time, which divides the offset of every timezone. */
export const quarterMs = 900_000;

/** What adds up. Money is in nano-dollars, times in milliseconds. */
export interface UsageSum {
  requests: number;
  /** Those with a code, whoever was to blame; clients that left are not among them. */
  failed: number;
  tokensInput: number;
  tokensOutput: number;
  tokensReasoning: number;
  tokensCacheRead: number;
  tokensCacheWrite: number;
  /** How many have estimated tokens. */
  estimated: number;
  costNano: number;
  /** How many took tokens whose price is not known: their cost is not among the sum. */
  unpriced: number;
  ttftMs: number;
  ttftCount: number;
  /** From the first token to the end of streams, and the output that came in it. */
  flowMs: number;
  flowTokens: number;
  totalMs: number;
  totalCount: number;
  /** How many had their first token in each class of time. */
  sketch: Sketch;
}

/** Counts by class; a class is a quarter of an octave wide, so what is read off is at most a tenth off. */
export type Sketch = Record<number, number>;

const classes = 80;
const perOctave = 4;

export function classOf(milliseconds: number): number {
  return Math.min(classes - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, milliseconds)) * perOctave)));
}

/** The middle of the class that holds the share (0 to 1) of all counts; undefined where nothing was counted. */
export function quantile(sketch: Sketch, share: number): number | undefined {
  const counts = Object.entries(sketch).map(([name, count]) => [Number(name), count] as const);
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) return undefined;
  let left = share * all;
  for (const [name, count] of counts.sort(([one], [other]) => one - other)) {
    left -= count;
    if (left <= 0) return Math.round(2 ** ((name + 0.5) / perOctave));
  }
  return undefined;
}

/** Plain: a page makes and adds thousands. */
export function emptySum(): UsageSum {
  return {
    requests: 0,
    failed: 0,
    tokensInput: 0,
    tokensOutput: 0,
    tokensReasoning: 0,
    tokensCacheRead: 0,
    tokensCacheWrite: 0,
    estimated: 0,
    costNano: 0,
    unpriced: 0,
    ttftMs: 0,
    ttftCount: 0,
    flowMs: 0,
    flowTokens: 0,
    totalMs: 0,
    totalCount: 0,
    sketch: {},
  };
}

const counts = Object.keys(emptySum()).filter((name) => name !== "sketch") as Exclude<keyof UsageSum, "sketch">[];

/** Adds to the first. */
export function addSum(sum: UsageSum, more: UsageSum): UsageSum {
  for (const name of counts) sum[name] += more[name];
  // By number: the names of what is there would be made texts, and numbers again.
  for (let place = 0; place < classes; place++) {
    const count = more.sketch[place];
    if (count !== undefined) sum.sketch[place] = (sum.sketch[place] ?? 0) + count;
  }
  return sum;
}

/** As the API and tables of it name the sums. */
export function usageToJson(sum: UsageSum) {
  return {
    requests: sum.requests,
    failed: sum.failed,
    tokens_input: sum.tokensInput,
    tokens_output: sum.tokensOutput,
    tokens_reasoning: sum.tokensReasoning,
    tokens_cache_read: sum.tokensCacheRead,
    tokens_cache_write: sum.tokensCacheWrite,
    estimated: sum.estimated,
    cost_nano: sum.costNano,
    unpriced: sum.unpriced,
  };
}

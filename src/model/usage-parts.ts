/** What is kept of a usage beside the counts that every row has, so that the row can be priced again. */
import type { TokenCounts } from "./record.ts";
import { cacheWriteTokens, callsOf, emptyUsage, inputTokens, outputTokens, type Usage } from "./usage.ts";

/** The counts of single calls, as far as they are not nought. */
export type UsageParts = readonly Partial<Usage>[];

export function countTokens(usage: Usage): TokenCounts {
  return {
    input: inputTokens(usage),
    output: outputTokens(usage),
    reasoning: usage.outReasoning,
    cacheRead: usage.inCacheRead,
    cacheWrite: cacheWriteTokens(usage),
    estimated: usage.estimated,
  };
}

const special = [
  "inCacheWrite1h",
  "audioIn",
  "audioOut",
  "imageIn",
  "videoIn",
  "imageOut",
  "videoOut",
  "citation",
  "searches",
  "speed",
] as const;

/** Null for most: their counts say everything. */
export function partsOf(usage: Usage): UsageParts | null {
  if (usage.calls === undefined && !special.some((name) => usage[name])) return null;
  return callsOf(usage).map(({ raw: _raw, calls: _calls, ...counts }) =>
    Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0 && value !== false)),
  );
}

/** The usage that a row is about, as far as prices are concerned. */
export function usageOf(tokens: TokenCounts, parts: UsageParts | null): Usage {
  const { estimated, input, output, reasoning, cacheRead, cacheWrite } = tokens;
  const [first, ...others] = parts ?? [];
  if (first) {
    const calls = [first, ...others].map((call) => ({ ...emptyUsage(), ...call }));
    return { ...emptyUsage(), ...first, estimated, calls };
  }
  return {
    ...emptyUsage(),
    inUncached: Math.max(0, input - cacheRead - cacheWrite),
    inCacheRead: cacheRead,
    inCacheWriteOther: cacheWrite,
    outVisible: Math.max(0, output - reasoning),
    outReasoning: reasoning,
    estimated,
  };
}

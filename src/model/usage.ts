/**
 * Token counts of one answer, in the disjoint parts that every protocol's own accounting can be rebuilt from
 * (translation: "Usage arithmetic"). Input total = inUncached + inCacheRead + all cache writes + inToolUse;
 * output total = outVisible + outReasoning.
 */
import type { Json } from "./json.ts";

export interface Usage {
  /** Input tokens that were neither read from nor written to a prompt cache. */
  inUncached: number;
  inCacheRead: number;
  /** Cache writes by lifetime; `inCacheWriteOther` when the provider names none. */
  inCacheWrite5m: number;
  inCacheWrite1h: number;
  inCacheWriteOther: number;
  /** Input that server-side tools added (Gemini's toolUsePromptTokenCount). */
  inToolUse: number;
  outVisible: number;
  outReasoning: number;
  /** False when the provider does not say how much of the output was reasoning. */
  reasoningKnown: boolean;
  audioIn: number;
  audioOut: number;
  /** Further parts of input and output that some prices count apart. Absent: none, or nobody says. */
  imageIn?: number;
  videoIn?: number;
  imageOut?: number;
  videoOut?: number;
  /** Of `inCacheRead`. */
  audioRead?: number;
  imageRead?: number;
  /** Tokens of citations, beside input and output. */
  citation?: number;
  /** Web searches, by their number. */
  searches?: number;
  /** The provider's word for the speed that it answered with (`priority`, `fast`), where it says. */
  speed?: string;
  /** What the provider says that it charged, in nano-dollars. */
  reportedNano?: number;
  /** True when the numbers are our estimate, not the provider's report. */
  estimated: boolean;
  /** The provider's own usage object with the protocol that it came from, for exact same-protocol rendering. */
  raw?: { origin: string; json: Json };
  /** The single calls that this is the sum of, where there were several: prices go by calls. */
  calls?: readonly Usage[];
}

const apart = ["imageIn", "videoIn", "imageOut", "videoOut", "audioRead", "imageRead", "citation", "searches"] as const;

export function emptyUsage(): Usage {
  return {
    inUncached: 0,
    inCacheRead: 0,
    inCacheWrite5m: 0,
    inCacheWrite1h: 0,
    inCacheWriteOther: 0,
    inToolUse: 0,
    outVisible: 0,
    outReasoning: 0,
    reasoningKnown: false,
    audioIn: 0,
    audioOut: 0,
    estimated: false,
  };
}

/** Both together; the providers' own words of either are lost. */
export function addUsage(one: Usage, other: Usage): Usage {
  return {
    inUncached: one.inUncached + other.inUncached,
    inCacheRead: one.inCacheRead + other.inCacheRead,
    inCacheWrite5m: one.inCacheWrite5m + other.inCacheWrite5m,
    inCacheWrite1h: one.inCacheWrite1h + other.inCacheWrite1h,
    inCacheWriteOther: one.inCacheWriteOther + other.inCacheWriteOther,
    inToolUse: one.inToolUse + other.inToolUse,
    outVisible: one.outVisible + other.outVisible,
    outReasoning: one.outReasoning + other.outReasoning,
    reasoningKnown: one.reasoningKnown && other.reasoningKnown,
    audioIn: one.audioIn + other.audioIn,
    audioOut: one.audioOut + other.audioOut,
    estimated: one.estimated || other.estimated,
    ...sumApart(one, other),
    calls: [...callsOf(one), ...callsOf(other)],
  };
}

function sumApart(one: Usage, other: Usage): Partial<Usage> {
  const sum: Partial<Usage> = {};
  for (const name of apart) {
    const both = (one[name] ?? 0) + (other[name] ?? 0);
    if (both > 0) sum[name] = both;
  }
  // What one of them cost is not what both did.
  if (one.reportedNano !== undefined && other.reportedNano !== undefined) {
    sum.reportedNano = one.reportedNano + other.reportedNano;
  }
  return sum;
}

/** Itself, where it is not a sum. */
export function callsOf(usage: Usage): readonly Usage[] {
  return usage.calls ?? [usage];
}

/** All input tokens, cached, cache-written and tool-added ones included. */
export function inputTokens(usage: Usage): number {
  return usage.inUncached + usage.inCacheRead + cacheWriteTokens(usage) + usage.inToolUse;
}

export function cacheWriteTokens(usage: Usage): number {
  return usage.inCacheWrite5m + usage.inCacheWrite1h + usage.inCacheWriteOther;
}

/** All output tokens, reasoning included. */
export function outputTokens(usage: Usage): number {
  return usage.outVisible + usage.outReasoning;
}

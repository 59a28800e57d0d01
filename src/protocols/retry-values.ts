/** The forms in which providers write times and durations. */

/** A plain number, whole string only: `parseFloat` would read a date as its year. */
export function numeric(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A Go-style or protobuf duration (`6m0s`, `7.66s`, `900ms`) in milliseconds; undefined unless all of it is one. */
export function durationMs(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|us|µs|μs|ns|[dhms]))+$/.test(text)) return undefined;
  let total = 0;
  for (const match of text.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|μs|ns|[dhms])/g)) {
    total += Number(match[1]) * (unitMs[match[2] ?? ""] ?? 0);
  }
  return total;
}

/** Epoch seconds or milliseconds, or RFC 3339 with a zone, in milliseconds since 1970. */
export function instantMs(value: unknown): number | undefined {
  const number = numeric(value);
  if (number !== undefined) {
    if (number < 1e8) return undefined;
    return number >= 1e11 ? number : number * 1000;
  }
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:?\d\d)$/i.test(value.trim())) return undefined;
  const at = Date.parse(value.trim());
  return Number.isNaN(at) ? undefined : at;
}

/** The week as a table: one line for each selector. */
import type { Week } from "./week.ts";

export function table(weeks: readonly Week[], targets: readonly string[]): string {
  const head = ["selector", "requests", ...targets.map((name) => name.split("/")[0] ?? name), "cost $", "TTFT p50"];
  const lines = weeks.map((week) => [
    ...[week.selector, String(week.requests)],
    ...targets.map((name) => `${((100 * (week.answers.get(name) ?? 0)) / week.requests).toFixed(1)} %`),
    ...[week.costDollars.toFixed(2), `${percentile(week.firstMs, 0.5)} ms`, `${percentile(week.firstMs, 0.95)} ms`],
    ...[`${percentile(week.totalMs, 0.5)} ms`, String(week.mended), String(week.failures.length)],
  ]);
  const all = [[...head, "p95", "total p50", "mended", "seen by clients"], ...lines];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? [];
  return all
    .map((line) => line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))))
    .map((line) => line.join("  "))
    .join("\n");
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
}

/** The page that compares targets. */

import { type Compared, performancePage } from "../../views/pages/performance.tsx";
import { listAddress } from "../../views/parts/filters.tsx";
import { clockOf } from "../../views/parts/format.ts";
import { nextTurn } from "../kit/turn.ts";
import { addSum, emptySum, quantile, type UsageSum } from "../model/usage-sum.ts";
import { groupedUsage } from "../store/grouped-usage.ts";
import type { ConsoleDeps } from "./deps.ts";
import { page } from "./page.ts";
import { bucketsOf, type Range, rangeOf, ranges, rangeWords } from "./range.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";

export function performanceRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [{ method: "GET", path: "/console/performance", access: "session", run: (visit) => show(deps, visit) }];
}

/** Clients may name any model of a provider. */
const mostLines = 100;
const fields = ["by", "alias", "range", "target"];

/** The sums that the page is made of. */
const told = [
  ...(["requests", "failed", "tokensOutput", "costNano", "unpriced", "ttftCount"] as const),
  ...(["flowMs", "flowTokens", "totalMs", "totalCount"] as const),
];

/** Of one target: all in all, and for each bucket. */
interface Measured {
  name: string;
  sum: UsageSum;
  buckets: Map<number, UsageSum>;
}

async function show(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const ignored: string[] = [];
  const { query } = visit;
  for (const name of query.keys()) {
    if (!fields.includes(name)) ignored.push(`${name} (there are ${fields.join(", ")})`);
  }
  const by = query.get("by") === "provider" ? "provider" : "model";
  const form = {
    by,
    alias: by === "model" ? (query.get("alias") ?? "") : "",
    range: query.get("range") || "24h",
    target: query.get("target") ?? "",
  };
  const { dayOf } = deps.usage;
  const range = rangeOf({ range: form.range, from: "", to: "", bucket: "" }, { dayOf, now: Date.now }, ignored);
  const found = (await measuredBy(deps, by, range)).filter(isOf(deps, form.alias));
  await nextTurn();
  const starts = bucketsOf(range, dayOf);
  const zone = deps.config.current().settings.timezone;
  const clock = clockOf(zone);
  const name = (at: number) => (range.bucket === "day" ? clock.day(at) : clock.minute(at));
  const closely = found.find((one) => one.name === form.target) ?? found.find(({ sum }) => sum.ttftCount > 0);
  const names = starts.map(name);
  const props: Parameters<typeof performancePage>[0] = {
    shell: shellOf(deps, visit, "/console/performance"),
    ...{ zone, form, ignored },
    options: optionsOf(deps, found.slice(0, mostLines)),
    lines: found.slice(0, mostLines).map((one) => compared(one, { by, range, starts })),
    more: Math.max(0, found.length - mostLines),
    band: closely
      ? { name: closely.name, points: starts.map((at) => pointOf(closely.buckets.get(at), name(at))) }
      : null,
    buckets: range.bucket === "day" ? names : starts.map((at) => hourOf(clock.minute(at))),
    bucketName: range.bucket === "day" ? "Day" : "Hour",
    rangeWords: rangeWords(range, clock),
    asOf: clock.short(Date.now()),
  };
  await nextTurn();
  return page(visit, performancePage(props));
}

/** `22 Nov 14:00` -> `14`; of clocks that are not at whole hours all of it. */
function hourOf(minute: string): string {
  return minute.slice(-5).replace(/:00$/, "");
}

/** Those that were asked most first. Requests that reached no target are nobody's. */
async function measuredBy({ usage }: ConsoleDeps, by: "model" | "provider", range: Range): Promise<Measured[]> {
  const { from, to, bucket } = range;
  const sums = await groupedUsage(usage.rollups, { by, from, to, bucket, fields: told });
  const found = new Map<string, Measured>();
  for (const one of sums ?? []) {
    if (one.value === "") continue;
    const known = found.get(one.value) ?? { name: one.value, sum: emptySum(), buckets: new Map() };
    known.buckets.set(one.bucket, one.sum);
    addSum(known.sum, one.sum);
    found.set(one.value, known);
  }
  return [...found.values()].sort((one, other) => other.sum.requests - one.sum.requests);
}

/** Only the targets of an alias, where one is named. */
function isOf({ config }: ConsoleDeps, alias: string): (one: Measured) => boolean {
  const named = config.current().aliases.get(alias);
  if (!named) return () => true;
  const targets = new Set(
    named.groups.flatMap((group) => group.targets.map(({ provider, model }) => `${provider}/${model}`)),
  );
  return ({ name }) => targets.has(name);
}

function optionsOf({ config }: ConsoleDeps, found: readonly Measured[]) {
  const aliases = [...new Set([...config.current().aliases.values()].map(({ name }) => name))].sort().slice(0, 500);
  const same = (value: string) => ({ value, words: value });
  return {
    by: [
      { value: "model", words: "targets" },
      { value: "provider", words: "providers" },
    ],
    alias: [{ value: "", words: "all aliases" }, ...aliases.map(same)],
    range: ranges,
    target: [{ value: "", words: "most asked" }, ...found.map(({ name }) => same(name))],
  };
}

interface Comparing {
  by: "model" | "provider";
  range: Range;
  starts: readonly number[];
}

function compared({ name, sum, buckets }: Measured, { by, range, starts }: Comparing): Compared {
  const from = new Date(range.from).toISOString();
  const isPriced = sum.unpriced === 0 && sum.tokensOutput > 0;
  return {
    name,
    href: listAddress({ [by]: name, from }),
    requests: sum.requests,
    failed: sum.failed,
    ttftP50: quantile(sum.sketch, 0.5) ?? null,
    ttftP95: quantile(sum.sketch, 0.95) ?? null,
    totalMean: sum.totalCount === 0 ? null : sum.totalMs / sum.totalCount,
    tokensPerSecond: sum.flowMs === 0 ? null : (1000 * sum.flowTokens) / sum.flowMs,
    costPerMillion: isPriced ? (1e6 * sum.costNano) / sum.tokensOutput : null,
    buckets: starts.map((at) => {
      const bucket = buckets.get(at);
      return { requests: bucket?.requests ?? 0, failed: bucket?.failed ?? 0 };
    }),
  };
}

function pointOf(sum: UsageSum | undefined, name: string) {
  const sketch = sum?.sketch ?? {};
  return { name, low: quantile(sketch, 0.5) ?? null, high: quantile(sketch, 0.95) ?? null };
}

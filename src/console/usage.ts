/** The page of usage, and the same as CSV. */

import { type UsageForm, usageNumbers, usagePage } from "../../views/pages/usage.tsx";
import { listAddress } from "../../views/parts/filters.tsx";
import { clockOf } from "../../views/parts/format.ts";
import { seriesOf } from "../../views/parts/series.ts";
import { csvText } from "../kit/csv.ts";
import { nextTurn } from "../kit/turn.ts";
import { addSum, emptySum, usageToJson } from "../model/usage-sum.ts";
import { type Grouping, groupedUsage, groupingNames } from "../store/grouped-usage.ts";
import type { SumField, Summed } from "../store/rollup-sums.ts";
import type { ConsoleDeps } from "./deps.ts";
import { download, page } from "./page.ts";
import { bucketsOf, type Range, rangeOf, ranges, rangeWords } from "./range.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { bucketNames, bucketSpan, fieldOf, lineFields, linesOf, measures, spanOf, valuesOf } from "./usage-figures.ts";

const byWords: Record<Grouping, string> = {
  ...{ none: "nothing, all in one", key: "key", alias: "alias", provider: "provider", model: "model", label: "label" },
};

export function usageRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [
    { method: "GET", path: "/console/usage", access: "session", run: (visit) => show(deps, visit) },
    { method: "GET", path: "/console/usage.csv", access: "session", run: (visit) => csv(deps, visit) },
  ];
}

/** Of a longer list nobody chooses; the address may name any. */
const mostKeys = 500;

interface Asked {
  form: UsageForm;
  by: Grouping;
  key: string | undefined;
  range: Range;
  ignored: string[];
}

const fields = ["measure", "by", "range", "bucket", "key", "from", "to"] as const;

function read({ usage: { dayOf } }: ConsoleDeps, { query }: Visit): Asked {
  const ignored: string[] = [];
  for (const name of query.keys()) {
    if (!fields.some((field) => field === name)) ignored.push(`${name} (there are ${fields.join(", ")})`);
  }
  const word = (name: string, words: readonly string[], usual: string) => {
    const text = query.get(name) || usual;
    if (words.includes(text)) return text;
    ignored.push(`${name} (there are ${words.join(", ")})`);
    return usual;
  };
  const by = word("by", groupingNames, "key");
  const form = {
    measure: word("measure", Object.keys(measures), "cost"),
    by,
    range: word(
      "range",
      ranges.map(({ value }) => value),
      "7d",
    ),
    bucket: query.get("bucket") || "auto",
    key: query.get("key") ?? "",
    from: query.get("from") ?? "",
    to: query.get("to") ?? "",
  };
  const range = rangeOf(form, { dayOf, now: Date.now }, ignored);
  if (by === "provider" && form.key !== "") {
    ignored.push("key: sums by provider are not kept for single keys; ask by model");
    form.key = "";
  }
  const grouping = groupingNames.find((name) => name === by) ?? "key";
  return { form, by: grouping, key: form.key === "" ? undefined : form.key, range, ignored };
}

async function sumsOf({ usage }: ConsoleDeps, { by, key, range }: Asked, fields?: readonly SumField[]) {
  const { from, to, bucket } = range;
  const only = fields ? { fields } : {};
  return (await groupedUsage(usage.rollups, { by, key, from, to, bucket, isPlain: true, ...only })) ?? [];
}

async function show(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const asked = read(deps, visit);
  const { form, range, ignored } = asked;
  const { by, key } = asked;
  const whole = { by, key, ...range, bucket: undefined, isPlain: true, fields: lineFields };
  const sums = (await groupedUsage(deps.usage.rollups, whole)) ?? [];
  const bars = await sumsOf(deps, asked, [fieldOf(form.measure)]);
  const starts = bucketsOf(range, deps.usage.dayOf);
  const zone = deps.config.current().settings.timezone;
  const clock = clockOf(zone);
  const total = sums.reduce((sum, one) => addSum(sum, one.sum), emptySum());
  const props: Parameters<typeof usagePage>[0] = {
    shell: shellOf(deps, visit, "/console/usage"),
    ...{ zone, form, ignored, total },
    options: optionsOf(deps),
    lines: linesOf(sums, {
      ...form,
      href: (value, isAll) => requestsOf(value, isAll ? { ...asked, by: "none" } : asked),
    }),
    series: seriesOf(valuesOf(bars, starts, form)),
    buckets: starts.map((at) => ({
      name: range.bucket === "day" ? clock.day(at) : clock.minute(at),
      href: listAddress({ ...bucketSpan(at, range, deps.usage.dayOf), ...keyOf(asked) }),
    })),
    bucketName: bucketNames[range.bucket],
    rangeWords: rangeWords(range, clock),
    asOf: clock.short(Date.now()),
    csv: `/console/usage.csv${visit.query.size > 0 ? `?${visit.query}` : ""}`,
  };
  await nextTurn();
  const numbers = usageNumbers(props);
  await nextTurn();
  return page(visit, usagePage({ ...props, numbers }));
}

function optionsOf({ config }: ConsoleDeps) {
  const names = [...new Set([...config.current().keys.values()].map(({ name }) => name))].sort().slice(0, mostKeys);
  const buckets = Object.entries(bucketNames).map(([value, words]) => ({ value, words: words.toLowerCase() }));
  return {
    measure: Object.entries(measures).map(([value, { words }]) => ({ value, words })),
    by: groupingNames.map((value) => ({ value, words: byWords[value] })),
    range: ranges,
    bucket: [{ value: "auto", words: "automatic" }, ...buckets],
    key: [{ value: "", words: "all keys" }, ...names.map((value) => ({ value, words: value }))],
  };
}

/** The list of the requests that a line is the sum of. */
function requestsOf(value: string, asked: Asked): string {
  const { by, range } = asked;
  const filters = { ...spanOf(range.from, range.to), ...keyOf(asked) };
  return listAddress(by === "none" ? filters : { ...filters, [by]: value === "" ? "-" : value });
}

function keyOf({ key }: Asked): { key?: string } {
  return key === undefined ? {} : { key };
}

async function csv(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const asked = read(deps, visit);
  const folded = new Map<string, Summed>();
  for (const one of await sumsOf(deps, asked)) {
    const place = JSON.stringify([one.bucket, one.value]);
    const known = folded.get(place);
    if (known) addSum(known.sum, one.sum);
    else folded.set(place, one);
  }
  const rows = [...folded.values()].map(({ bucket, value, sum }) => ({
    start: new Date(bucket).toISOString(),
    ...(asked.by === "none" ? {} : { [asked.by]: value }),
    ...usageToJson(sum),
  }));
  return download(visit, csvText(rows), "usage.csv");
}

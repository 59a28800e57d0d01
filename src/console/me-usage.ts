/** What one key used, for its holder: over time, and by what is of that key. */
import { usageNumbers, usagePage } from "../../views/pages/usage.tsx";
import { type Filters, listAddress } from "../../views/parts/filters.tsx";
import { clockOf } from "../../views/parts/format.ts";
import { seriesOf } from "../../views/parts/series.ts";
import { nextTurn } from "../kit/turn.ts";
import { addSum, emptySum } from "../model/usage-sum.ts";
import type { HolderDeps, OwnGrouping, OwnKey } from "./holder.ts";
import { page } from "./page.ts";
import { holderOf } from "./principal.ts";
import { bucketsOf, rangeOf, ranges, rangeWords } from "./range.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import type { Holder } from "./session.ts";
import { shellOf } from "./shell.ts";
import { bucketNames, bucketSpan, fieldOf, lineFields, linesOf, measures, spanOf, valuesOf } from "./usage-figures.ts";

const path = "/console/me/usage";
const list = "/console/me/requests";
const fields = ["measure", "by", "range", "bucket", "from", "to"];
const groupings: Record<OwnGrouping, string> = {
  ...{ none: "nothing, all in one", alias: "alias", model: "model", label: "label" },
};

export function ownUsageRoutes(deps: HolderDeps): ConsoleRoute[] {
  return [{ method: "GET", path, access: "holder", run: (visit) => show(deps, visit, holderOf(visit)) }];
}

async function show(deps: HolderDeps, visit: Visit, holder: Holder): Promise<Response> {
  const { own, dayOf } = deps;
  const { showsTargets } = own.key(holder);
  const options = optionsFor({ showsTargets });
  const { form, ignored } = read(visit.query, options);
  const range = rangeOf(form, { dayOf, now: Date.now }, ignored);
  const by = (Object.keys(groupings) as OwnGrouping[]).find((name) => name === form.by) ?? "none";
  const query = { by, from: range.from, to: range.to, isPlain: true };
  const sums = await own.usage(holder, { ...query, fields: lineFields });
  const bars = await own.usage(holder, { ...query, bucket: range.bucket, fields: [fieldOf(form.measure)] });
  const starts = bucketsOf(range, dayOf);
  const clock = clockOf(deps.zone());
  const span = spanOf(range.from, range.to);
  // Holders who are told no targets cannot filter by them, and that is the only value a list of models has.
  const filtersOf = (value: string): Filters => (by === "none" ? span : { ...span, [by]: value === "" ? "-" : value });
  const href = (value: string, isAll: boolean) => listAddress(isAll ? span : filtersOf(value), undefined, list);
  const props: Parameters<typeof usagePage>[0] = {
    shell: shellOf(deps, visit, path),
    ...{ zone: deps.zone(), form, options, ignored, path, csv: null, showsCost: showsTargets },
    total: sums.reduce((sum, one) => addSum(sum, one.sum), emptySum()),
    lines: linesOf(sums, { ...form, href }),
    series: seriesOf(valuesOf(bars, starts, form)),
    buckets: starts.map((at) => ({
      name: range.bucket === "day" ? clock.day(at) : clock.minute(at),
      href: listAddress(bucketSpan(at, range, dayOf), undefined, list),
    })),
    bucketName: bucketNames[range.bucket],
    rangeWords: rangeWords(range, clock),
    asOf: clock.short(Date.now()),
  };
  await nextTurn();
  const numbers = usageNumbers(props);
  await nextTurn();
  return page(visit, usagePage({ ...props, numbers }));
}

function optionsFor({ showsTargets }: Pick<OwnKey, "showsTargets">) {
  const buckets = Object.entries(bucketNames).map(([value, words]) => ({ value, words: words.toLowerCase() }));
  return {
    measure: Object.entries(measures).flatMap(([value, { words }]) =>
      value === "cost" && !showsTargets ? [] : [{ value, words }],
    ),
    by: Object.entries(groupings).flatMap(([value, words]) =>
      value === "model" && !showsTargets ? [] : [{ value, words }],
    ),
    range: ranges,
    bucket: [{ value: "auto", words: "automatic" }, ...buckets],
  };
}

function read(query: URLSearchParams, options: ReturnType<typeof optionsFor>) {
  const ignored: string[] = [];
  for (const name of query.keys()) {
    if (!fields.includes(name)) ignored.push(`${name} (there are ${fields.join(", ")})`);
  }
  const word = (name: "measure" | "by" | "range", usual: string) => {
    const text = query.get(name) || usual;
    const words = options[name].map(({ value }) => value as string);
    if (words.includes(text)) return text;
    ignored.push(`${name} (there are ${words.join(", ")})`);
    return usual;
  };
  const form = {
    ...{ measure: word("measure", "requests"), by: word("by", "alias"), range: word("range", "7d") },
    ...{ bucket: query.get("bucket") || "auto", key: "", from: query.get("from") ?? "", to: query.get("to") ?? "" },
  };
  return { form, ignored };
}

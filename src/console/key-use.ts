/** What a key used in the last 30 days: the sum, and a chart by alias and day. */
import { listAddress } from "../../views/parts/filters.tsx";
import { clockOf } from "../../views/parts/format.ts";
import { seriesOf } from "../../views/parts/series.ts";
import { addSum, emptySum } from "../model/usage-sum.ts";
import { groupedUsage } from "../store/grouped-usage.ts";
import type { ConsoleDeps } from "./deps.ts";
import { bucketsOf, rangeOf } from "./range.ts";
import { bucketSpan, lineFields, valuesOf } from "./usage-figures.ts";

const month = { range: "30d", from: "", to: "", bucket: "day" };

export async function keyUse({ usage, listRequests, config }: ConsoleDeps, key: string, now: number) {
  const { dayOf, rollups } = usage;
  const range = rangeOf(month, { dayOf, now: () => now }, []);
  const { from, to } = range;
  const those = { by: "alias", key, isPlain: true, fields: lineFields } as const;
  const sums = (await groupedUsage(rollups, { ...those, from, to, bucket: "day" })) ?? [];
  const total = sums.reduce((all, { sum }) => addSum(all, sum), emptySum());
  const starts = bucketsOf(range, dayOf);
  const measure = total.costNano > 0 ? ("cost" as const) : ("requests" as const);
  const clock = clockOf(config.current().settings.timezone);
  const { data } = await listRequests({ limit: 1, key });
  return {
    ...{ month: total, lastAt: data[0]?.at ?? null, measure },
    series: seriesOf(valuesOf(sums, starts, { measure, by: "alias" })),
    buckets: starts.map((at) => ({ name: clock.day(at), href: listAddress({ ...bucketSpan(at, range, dayOf), key }) })),
  };
}

/** How providers are: switched off, left alone, failing; and what they did in the last 24 hours. */
import type { ProviderState, ProviderUse } from "../../../views/parts/provider-state.tsx";
import type { Provider } from "../../config/snapshot.ts";
import { addSum, emptySum, quantile, quarterMs, type UsageSum } from "../../model/usage-sum.ts";
import { groupedUsage } from "../../store/grouped-usage.ts";
import type { ConsoleDeps } from "../deps.ts";
import { type Tick, tickTimes } from "../overview.ts";
import { hourMs } from "../range.ts";

/** With fewer requests in the last hour nothing is said of failing. */
const leastRequests = 5;
const failingShare = 0.5;

export interface Use {
  day: ProviderUse;
  hour: { requests: number; failed: number };
  /** Half hours; the last one is now. */
  ticks: readonly Tick[];
}

/** Of all providers, by name. */
export async function usesOf({ usage }: ConsoleDeps, now: number): Promise<(name: string) => Use> {
  const span = { by: "provider", from: now - 24 * hourMs, to: now, bucket: "quarter" } as const;
  const days = new Map<string, UsageSum>();
  const hours = new Map<string, UsageSum>();
  const quarters = new Map<string, UsageSum>();
  const into = (sums: Map<string, UsageSum>, name: string, sum: UsageSum) =>
    sums.set(name, addSum(sums.get(name) ?? emptySum(), sum));
  for (const { value, bucket, sum } of (await groupedUsage(usage.rollups, span)) ?? []) {
    into(days, value, sum);
    if (bucket + quarterMs > now - hourMs) into(hours, value, sum);
    into(quarters, `${bucket} ${value}`, sum);
  }
  return (name) => {
    const day = days.get(name) ?? emptySum();
    const { requests, failed } = hours.get(name) ?? emptySum();
    const ticks = tickTimes(now).map((at) => {
      const { requests, failed } = [at, at + quarterMs].reduce(
        (all, bucket) => addSum(all, quarters.get(`${bucket} ${name}`) ?? emptySum()),
        emptySum(),
      );
      return { at, requests, failed };
    });
    return { day: useOf(day), hour: { requests, failed }, ticks };
  };
}

function useOf({ requests, failed, sketch, costNano, unpriced }: UsageSum): ProviderUse {
  return { requests, failed, ttftP50: quantile(sketch, 0.5) ?? null, costNano, unpriced };
}

/** The first of these that holds. */
export function stateOf({ cooldowns }: ConsoleDeps, { id, enabled }: Provider, { hour }: Use): ProviderState {
  if (!enabled) return { kind: "off", why: "it is switched off" };
  const lines = cooldowns.list().filter(({ provider }) => provider === id);
  const whole = lines.find(({ model }) => model === null);
  if (whole) return { kind: "cooling", why: `left alone: ${whole.reason}` };
  if (hour.requests >= leastRequests && hour.failed / hour.requests >= failingShare) {
    return { kind: "failing", why: `${hour.failed} of ${hour.requests} requests of the last hour failed` };
  }
  if (lines.length > 0) {
    const models = `${lines.length} ${lines.length === 1 ? "model is" : "models are"} left alone`;
    return { kind: "cooling", why: models };
  }
  return { kind: "on", why: "" };
}

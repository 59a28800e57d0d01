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

const told = ["requests", "failed", "costNano", "unpriced"] as const;

/** Of all providers, or of one, by name. */
export async function usesOf({ usage }: ConsoleDeps, now: number, only?: string): Promise<(name: string) => Use> {
  const span = { from: now - 24 * hourMs, to: now, bucket: "quarter" } as const;
  const quarters = new Map<string, Map<number, UsageSum>>();
  for (const one of (await groupedUsage(usage.rollups, { by: "provider", value: only, ...span, fields: told })) ?? []) {
    const { value, bucket, sum } = one;
    quarters.set(value, (quarters.get(value) ?? new Map()).set(bucket, sum));
  }
  return (name) => {
    const own = quarters.get(name) ?? new Map<number, UsageSum>();
    const lastHour = [...own].filter(([at]) => at + quarterMs > now - hourMs).map(([, sum]) => sum);
    return {
      day: useOf([...own.values()].reduce(addSum, emptySum())),
      hour: countedOf(lastHour),
      ticks: tickTimes(now).map((at) => ({ at, ...countedOf([own.get(at), own.get(at + quarterMs)]) })),
    };
  };
}

function countedOf(sums: readonly (UsageSum | undefined)[]): Use["hour"] {
  const counted = { requests: 0, failed: 0 };
  for (const sum of sums) {
    counted.requests += sum?.requests ?? 0;
    counted.failed += sum?.failed ?? 0;
  }
  return counted;
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

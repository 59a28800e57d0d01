/** Client keys: the list with where each stands, and the routes of their pages. */
import { type KeyLine, type KeyState, keysPage } from "../../views/pages/keys.tsx";
import type { QuotaCard } from "../../views/pages/quotas.tsx";
import type { Key } from "../config/snapshot.ts";
import { quarterMs } from "../model/usage-sum.ts";
import { groupedUsage } from "../store/grouped-usage.ts";
import type { ConsoleDeps } from "./deps.ts";
import { removalRoutes } from "./forms/removal.ts";
import { switchRoute } from "./forms/switching.ts";
import { keyFormRoutes } from "./key-form.ts";
import { keySecretRoutes } from "./key-secret.ts";
import { page } from "./page.ts";
import { keysPath } from "./paths.ts";
import { hourMs } from "./range.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";

const mostShown = 500;

export function keyRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [
    { method: "GET", path: keysPath, access: "session", run: (visit) => list(deps, visit) },
    ...keyFormRoutes(deps),
    ...keySecretRoutes(deps),
    switchRoute(deps, {
      ...{ section: "keys", path: keysPath, field: "enabled" },
      words: { on: "is enabled: its secret works from now on", off: "is disabled: its secret is refused from now on" },
    }),
    ...removalRoutes(deps, {
      ...{ section: "keys", path: keysPath, what: "key" },
      consequences: () => ({
        effects: [
          "Clients that use it are refused from now on.",
          "Its requests stay in the list of requests, and its usage in the sums.",
          "The same name can be used again, with another secret.",
        ],
        isPossible: true,
        isGrave: true,
      }),
    }),
  ];
}

async function list(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { keys, settings } = deps.config.current();
  const text = (visit.query.get("text") ?? "").trim().slice(0, 200);
  const wanted = [...keys.values()]
    .filter(({ name, comment }) => `${name}\n${comment}`.toLowerCase().includes(text.toLowerCase()))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const now = Date.now();
  const spent = await spending(deps, now);
  const quotas = await deps.quotas();
  const body = keysPage({
    shell: shellOf(deps, visit, keysPath),
    zone: settings.timezone,
    now,
    text,
    all: keys.size,
    matching: wanted.length,
    lines: wanted.slice(0, mostShown).map((key) => ({ ...lineOf(key, quotas, now), ...spent(key.name) })),
  });
  return page(visit, body);
}

type Spent = Pick<KeyLine, "dayNano" | "monthNano" | "usedAt">;

/** Of the last 24 hours to the quarter of an hour in which it was used, of the last 30 days to the day. */
async function spending({ usage }: ConsoleDeps, now: number): Promise<(key: string) => Spent> {
  const found = new Map<string, Spent>();
  const of = (key: string) => {
    const known = found.get(key) ?? { dayNano: 0, monthNano: 0, usedAt: null };
    found.set(key, known);
    return known;
  };
  const those = { by: "key", to: now, isPlain: true, fields: ["costNano"] } as const;
  const month = { ...those, from: now - 720 * hourMs, bucket: "day" } as const;
  for (const { value, bucket, sum } of (await groupedUsage(usage.rollups, month)) ?? []) {
    const spent = of(value);
    spent.monthNano += sum.costNano;
    spent.usedAt = { at: Math.max(spent.usedAt?.at ?? 0, bucket), isDay: true };
  }
  const day = { ...those, from: now - 24 * hourMs, bucket: "quarter" } as const;
  for (const { value, bucket, sum } of (await groupedUsage(usage.rollups, day)) ?? []) {
    const spent = of(value);
    spent.dayNano += sum.costNano;
    const at = Math.min(bucket + quarterMs, now);
    spent.usedAt =
      spent.usedAt?.isDay === false ? { at: Math.max(spent.usedAt.at, at), isDay: false } : { at, isDay: false };
  }
  return of;
}

function lineOf(key: Key, quotas: readonly QuotaCard[], now: number): Omit<KeyLine, keyof Spent> {
  const { name, comment, last4, expiresAt } = key;
  const standings = standingsOf(name, quotas);
  return {
    ...{ name, comment, last4, expiresAt, isOfFile: key.origin === "file" },
    state: stateOf(key, standings, now),
    allows: allowsOf(key),
    quotas: standings.map(({ quota, counter }) => ({
      name: quota.name,
      share: (counter.used + counter.reserved) / counter.limit,
      level: counter.level,
    })),
  };
}

/** The counters that hold for a key, one of each of its quotas. */
export function standingsOf(name: string, quotas: readonly QuotaCard[]) {
  return quotas.flatMap((quota) => {
    if (!quota.keys.includes(name)) return [];
    const counter = quota.counters.find((one) => one.key === null || one.key === name);
    return counter ? [{ quota, counter }] : [];
  });
}

export function stateOf(key: Key, standings: ReturnType<typeof standingsOf>, now: number): KeyState {
  if (!key.enabled) return "disabled";
  if (key.expiresAt !== null && key.expiresAt <= now) return "expired";
  return standings.some(({ counter }) => counter.level === "spent") ? "over-quota" : "active";
}

function allowsOf({ aliases, providers, ips, maxConcurrency }: Key): string[] {
  const count = (size: number, one: string, many: string) => `${size} ${size === 1 ? one : many}`;
  return [
    ...(aliases === null ? [] : [count(aliases.size, "model", "models")]),
    ...(providers === null ? [] : [count(providers.size, "provider", "providers")]),
    ...(ips === null ? [] : [count(ips.length, "network", "networks")]),
    ...(maxConcurrency === null ? [] : [`${maxConcurrency} at once`]),
  ];
}

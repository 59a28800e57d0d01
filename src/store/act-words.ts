/** What is told of each thing that is done beside the configuration: the same from the console and from the API. */
import type { CooldownKey } from "../model/cooldown.ts";
import type { Act } from "./acts.ts";

type Told = Omit<Act, "author">;

type Cleared = Partial<Pick<CooldownKey, "provider" | "model" | "scope">>;

export function cooldownsCleared({ provider, ...rest }: Cleared, count: number): Told {
  return { kind: "cooldowns cleared", ...ofProvider(provider), detail: counted(count, "cooldown", rest) };
}

export function refusalsForgotten(
  { provider, ...rest }: { provider?: string; model?: string; parameter?: string },
  count: number,
): Told {
  return { kind: "refusals forgotten", ...ofProvider(provider), detail: counted(count, "parameter", rest) };
}

export function quotaRecounted(name: string, { to, key }: { to: "nothing" | "rows"; key?: string }): Told {
  const kind = to === "nothing" ? "quota reset" : "quota recomputed";
  return { kind, section: "quotas", name, ...(key === undefined ? {} : { detail: `of the key ${key}` }) };
}

export function costsRecomputed(rows: "unknown" | "all"): Told {
  return { kind: "costs recomputed", detail: rows === "all" ? "of all requests" : "of requests without a price" };
}

export function pricesLoaded({ version, models }: { version: string; models: number }): Told {
  return { kind: "prices loaded", detail: `${models} models, ${version}` };
}

function ofProvider(name: string | undefined): Pick<Told, "section" | "name"> {
  return name === undefined ? {} : { section: "providers", name };
}

function counted(count: number, thing: string, filter: Record<string, string | null | undefined>): string {
  const named = Object.entries(filter).flatMap(([name, value]) => (value ? [`${name} ${value}`] : []));
  return [`${count} ${count === 1 ? thing : `${thing}s`}`, ...named].join(", ");
}

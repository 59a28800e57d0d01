/** Aliases: the list, those in trouble first, and the routes of their pages. */
import { type AliasLine, aliasesPage } from "../../views/pages/aliases.tsx";
import type { DraftTarget, TargetState } from "../../views/parts/target-groups.tsx";
import type { Alias, Target } from "../config/snapshot.ts";
import { groupedUsage } from "../store/grouped-usage.ts";
import { aliasExplainRoutes } from "./alias-explain.ts";
import { aliasFormRoutes } from "./alias-form.ts";
import { aliasImportRoutes } from "./alias-import.ts";
import type { ConsoleDeps } from "./deps.ts";
import type { Entity } from "./forms/pages.ts";
import { type Consequences, removalRoutes } from "./forms/removal.ts";
import { page } from "./page.ts";
import { aliasesPath } from "./paths.ts";
import { hourMs } from "./range.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";

const mostShown = 500;

export function aliasRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [
    { method: "GET", path: aliasesPath, access: "session", run: (visit) => list(deps, visit) },
    ...aliasImportRoutes(deps),
    ...aliasFormRoutes(deps),
    ...aliasExplainRoutes(deps),
    ...removalRoutes(deps, {
      ...{ section: "aliases", path: aliasesPath, what: "alias" },
      consequences: (alias) => consequences(deps, alias),
    }),
  ];
}

async function list(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { aliases, settings } = deps.config.current();
  const text = (visit.query.get("text") ?? "").trim().slice(0, 200);
  const now = Date.now();
  const all = [...new Set(aliases.values())];
  const used = new Map<string, { requests: number; costNano: number }>();
  const fields = ["requests", "costNano"] as const;
  const day = { by: "alias", from: now - 24 * hourMs, to: now, isPlain: true, fields } as const;
  for (const { value, sum } of (await groupedUsage(deps.usage.rollups, day)) ?? []) used.set(value, sum);
  const health = healthOf(deps);
  const lines = all
    .filter(({ name, also }) => [name, ...also].join("\n").toLowerCase().includes(text.toLowerCase()))
    .map((alias) => lineOf(alias, health, used.get(alias.name)))
    .sort((one, other) => troubleOf(other) - troubleOf(one) || (one.name < other.name ? -1 : 1));
  const body = aliasesPage({
    shell: shellOf(deps, visit, aliasesPath),
    ...{
      zone: settings.timezone,
      now,
      text,
      all: all.length,
      matching: lines.length,
      lines: lines.slice(0, mostShown),
    },
  });
  return page(visit, body);
}

/** None that works, some that do not, all well. */
function troubleOf({ healthy, targets }: AliasLine): number {
  return healthy === 0 ? 2 : healthy < targets ? 1 : 0;
}

type Health = (target: Target) => TargetState;

function lineOf(alias: Alias, health: Health, used?: { requests: number; costNano: number }): AliasLine {
  const targets = alias.groups.flatMap((group) => group.targets);
  return {
    ...{ name: alias.name, also: alias.also, origin: alias.origin, groups: alias.groups.length },
    targets: targets.length,
    healthy: targets.filter((target) => health(target).tone === "ok").length,
    selectors: [...new Set(alias.groups.map(({ selector }) => selector))],
    marks: [
      ...(alias.priority === "api_match" ? ["own protocol first"] : []),
      ...(alias.sticky ? ["sticky"] : []),
      ...(alias.visionFallthrough ? ["vision fallthrough"] : []),
    ],
    requests: used?.requests ?? 0,
    costNano: used?.costNano ?? 0,
  };
}

/** Whether a target would be asked at present, as far as configuration and cooldowns say. */
export function healthOf({ config, cooldowns }: ConsoleDeps): Health {
  const { providers } = config.current();
  const cooled = cooldowns.list();
  return ({ provider, model, enabled }) => {
    const found = providers.get(provider);
    if (!found) return { tone: "bad", sign: "✕", word: "no such provider" };
    if (!found.enabled) return { tone: "off", sign: "–", word: "provider is off" };
    if (!enabled) return { tone: "off", sign: "–", word: "off" };
    const cooling = cooled.find((line) => line.provider === provider && (line.model === null || line.model === model));
    return cooling && cooling.remaining_s > 0
      ? { tone: "warn", sign: "⧗", word: "cooling down" }
      : { tone: "ok", sign: "✓", word: "ready" };
  };
}

export function stateOfDraft(health: Health): (draft: DraftTarget) => TargetState | null {
  return ({ target, isEnabled }) => {
    const slash = target.indexOf("/");
    if (slash < 1) return null;
    return health({ provider: target.slice(0, slash), model: target.slice(slash + 1), weight: 1, enabled: isEnabled });
  };
}

async function consequences({ config, usage }: ConsoleDeps, { name }: Entity): Promise<Consequences> {
  const { keys, settings } = config.current();
  const listing = [...keys.values()].filter(({ aliases }) => aliases?.has(name)).map((key) => key.name);
  const now = Date.now();
  const month = { by: "alias", value: name, from: now - 720 * hourMs, to: now, isPlain: true } as const;
  const [used] = (await groupedUsage(usage.rollups, { ...month, fields: ["requests"] })) ?? [];
  const requests = used?.sum.requests ?? 0;
  return {
    effects: [
      "Requests that call it are answered with 404 from now on.",
      ...(requests > 0
        ? [`${requests} requests called it in the last 30 days.`]
        : ["Nobody called it in the last 30 days."]),
      ...(listing.length > 0 ? [`The lists of these keys name it: ${listing.join(", ")}.`] : []),
      ...(settings.vision.descriptor === name ? ["Images are described by it: another has to be chosen first."] : []),
    ],
    isPossible: settings.vision.descriptor !== name,
    isGrave: requests > 0 || listing.length > 0,
  };
}

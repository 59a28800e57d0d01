/** What can be done at once about a cause of failures: only what would help against it, and what the console may change. */
import type { CauseActions } from "../../views/pages/incident.tsx";
import type { Alias, Snapshot } from "../config/snapshot.ts";
import { type ErrorCode, errorTable } from "../model/error.ts";
import type { Cause } from "../store/request-causes.ts";
import { type Draft, putLast } from "./alias-draft.ts";
import type { ConsoleDeps } from "./deps.ts";
import { fieldId } from "./forms/fields.ts";
import { entityPath } from "./forms/pages.ts";
import { providersPath } from "./providers/paths.ts";

/** A provider that fails so is no better for the next request. */
const ofProvider: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(["rate-limited", "allowance-spent", "billing", "overloaded"] as const),
  ...(["upstream-failed", "upstream-unreachable", "upstream-timeout", "upstream-auth"] as const),
]);
/** Of one cause: more than these have few of its failures. */
const mostTargets = 3;

export function actionsIn({ config, cooldowns }: ConsoleDeps): (cause: Cause) => CauseActions {
  const snapshot = config.current();
  const cooled = cooldowns.list();
  return ({ provider: name, code, targets }) => {
    const provider = name === null ? undefined : snapshot.providers.get(name);
    if (!provider) return { own: null, isOfFile: false, switching: null, clear: null, last: [], links: [] };
    const own = entityPath(providersPath, provider.id);
    const isOfFile = provider.origin !== "database";
    const isCooled = cooled.some((line) => line.provider === provider.id);
    const canChange = !isOfFile && ofProvider.has(code);
    const names = targets.flatMap((target) => (target.name === null ? [] : [target.name])).slice(0, mostTargets);
    return {
      ...{ own, isOfFile: isOfFile && ofProvider.has(code) },
      switching: canChange ? { isEnabled: provider.enabled } : null,
      clear: isCooled ? `/console/cooldowns/clear?provider=${encodeURIComponent(provider.id)}` : null,
      last: errorTable[code].nextTarget
        ? names.flatMap((target) => {
            const aliases = movableIn(snapshot, target);
            return aliases.length === 0 ? [] : [{ target, aliases }];
          })
        : [],
      links: [
        ...(canChange && code === "upstream-timeout"
          ? [{ href: `${own}/settings#${fieldId("timeout_s")}`, words: "Give it more time" }]
          : []),
        ...(canChange && code === "upstream-auth" ? [{ href: `${own}/key`, words: "Replace its key" }] : []),
      ],
    };
  };
}

/** Names of the aliases of the database in which the target is not last yet. */
export function movableIn({ aliases }: Snapshot, target: string): string[] {
  return [...new Set(aliases.values())]
    .filter((alias) => alias.origin === "database" && isMovable(draftOfAlias(alias), target))
    .map(({ name }) => name);
}

function isMovable(draft: Draft, target: string): boolean {
  return putLast(draft, target) !== draft;
}

function draftOfAlias({ groups }: Alias): Draft {
  return groups.map(({ name, selector, targets }) => ({
    ...{ name, selector },
    targets: targets.map(({ provider, model, weight, enabled }) => ({
      ...{ target: `${provider}/${model}`, weight: String(weight), isEnabled: enabled },
    })),
  }));
}

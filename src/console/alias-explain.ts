/** Where a request to an alias would go: a dry run, nobody is called. */
import { aliasExplainPage } from "../../views/pages/alias-explain.tsx";
import { clockOf } from "../../views/parts/format.ts";
import { GatewayError } from "../model/error.ts";
import type { ConsoleDeps } from "./deps.ts";
import { entityPath, nameOf } from "./forms/pages.ts";
import type { DryRun, Explained } from "./operations.ts";
import { page } from "./page.ts";
import { aliasesPath } from "./paths.ts";
import { choiceOf } from "./requests.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";

const mostKeys = 500;

export function aliasExplainRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const path = `${aliasesPath}/:name/explain`;
  return [{ method: "GET", path, access: "session", run: (visit) => show(deps, visit) }];
}

async function show(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const name = nameOf(visit);
  const { aliases, keys, settings } = deps.config.current();
  const alias = aliases.get(name);
  if (!alias) throw new GatewayError("not-found", `There is no alias ${JSON.stringify(name)}.`);
  const run = runOf(deps, visit.query, name);
  const explained = await asked(deps, run);
  const body = aliasExplainPage({
    shell: shellOf(deps, visit, aliasesPath),
    ...{ alias: alias.name, run, protocols: deps.protocols.toReversed() },
    own: entityPath(aliasesPath, alias.name),
    isBuiltIn: alias.origin === "builtin",
    keys: [...keys.keys()].sort().slice(0, mostKeys),
    target: explained.target,
    refusal: explained.refusal,
    choice: explained.routing && {
      snapshot: explained.routing.snapshot,
      candidates: choiceOf(explained.routing.candidates, clockOf(settings.timezone)),
      isMatching: explained.routing.api_match,
      isLastResort: explained.routing.last_resort,
    },
  });
  return page(visit, body);
}

/** What it would be refused with before a choice is an answer, too. */
async function asked({ operations }: ConsoleDeps, run: DryRun): Promise<Explained> {
  try {
    return await operations.explain(run);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.status >= 500) throw error;
    const { code, status, message } = error;
    return { target: null, refusal: { code, status, message }, routing: null };
  }
}

function runOf({ protocols, config }: ConsoleDeps, query: URLSearchParams, model: string): DryRun {
  const key = query.get("key") ?? "";
  const tokens = Number(query.get("tokens") ?? 1000);
  const protocol = query.get("protocol") ?? "";
  return {
    model,
    protocol: protocols.includes(protocol) ? protocol : (protocols.at(-1) ?? ""),
    tokens: Number.isFinite(tokens) && tokens >= 0 ? Math.min(Math.floor(tokens), 4_000_000) : 1000,
    hasTools: query.get("tools") === "on",
    hasImages: query.get("images") === "on",
    isStream: query.get("stream") === "on",
    ...(config.current().keys.has(key) ? { key } : {}),
  };
}

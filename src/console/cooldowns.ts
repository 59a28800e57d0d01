/** Cooldowns: where they stand, and clearing one. */
import { clearCooldownPage } from "../../views/pages/clear-cooldown.tsx";
import { cooldownsPage, wholeOf } from "../../views/pages/cooldowns.tsx";
import type { CooldownKey, CooldownScope } from "../model/cooldown.ts";
import { GatewayError } from "../model/error.ts";
import { cooldownsCleared } from "../store/act-words.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf } from "./forms/edits.ts";
import { page, redirect } from "./page.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

const path = "/console/cooldowns";
const historyPerPage = 50;

export function cooldownRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [
    { method: "GET", path, access: "session", run: (visit) => cooldowns(deps, visit) },
    { method: "GET", path: `${path}/clear`, access: "session", run: (visit) => ask(deps, visit) },
    { method: "POST", path: `${path}/clear`, access: "session", run: (visit) => clear(deps, visit) },
  ];
}

async function cooldowns(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { list, history } = deps.cooldowns;
  const asked = visit.query.get("after") ?? "";
  const after = /^[\w-]{1,64}$/.test(asked) ? asked : undefined;
  const cleared = visit.query.get("cleared") ?? "";
  const past = await history({ limit: historyPerPage, ...(after === undefined ? {} : { after }) });
  const body = cooldownsPage({
    shell: shellOf(deps, visit, path),
    zone: deps.config.current().settings.timezone,
    now: Date.now(),
    lines: list(),
    refusals: deps.refusals(),
    history: past.data.map(({ key, ...event }) => ({ ...event, ...key })),
    next: past.next,
    isFirst: after === undefined,
    cleared: /^\d{1,6}$/.test(cleared) ? Number(cleared) : null,
  });
  return page(visit, body);
}

type Filter = Partial<Pick<CooldownKey, "provider" | "model" | "scope">>;

function filterOf(fields: URLSearchParams): Filter {
  const provider = fields.get("provider") || undefined;
  const model = fields.get("model") || undefined;
  const scope = fields.get("scope") || undefined;
  if (scope !== undefined && !isScope(scope)) {
    throw new GatewayError("invalid-request", "scope must be model, account or provider.");
  }
  return {
    ...(provider === undefined ? {} : { provider }),
    ...(model === undefined ? {} : { model }),
    ...(scope === undefined ? {} : { scope }),
  };
}

function isScope(word: string): word is CooldownScope {
  return word === "model" || word === "account" || word === "provider";
}

function ask(deps: ConsoleDeps, visit: Visit): Response {
  const filter = filterOf(visit.query);
  const wanted = Object.entries(filter);
  const meant = deps.cooldowns
    .list()
    .filter((line) => wanted.every(([name, value]) => ({ ...line })[name as keyof typeof filter] === value));
  if (meant.length === 0) return redirect(visit, `${path}?cleared=0`);
  const shell = shellOf(deps, visit, path);
  const csrf = visit.session?.csrf ?? "";
  return page(visit, clearCooldownPage({ shell, csrf, parts: { ...filter }, meant: meant.map(wholeOf) }));
}

async function clear(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const filter = filterOf(await readForm(visit.request));
  const count = await deps.cooldowns.clear(filter);
  await deps.acts.add({ ...cooldownsCleared(filter, count), author: authorOf(visit) });
  deps.log.info("cooldowns were cleared in the console", { ...filter, count, request: visit.requestId });
  return redirect(visit, `${path}?cleared=${count}`);
}

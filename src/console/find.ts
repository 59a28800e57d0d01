/** Finding by name: pages, keys, aliases, providers, models, quotas, settings; the id of a request leads to it. */
import { type Found, findPage } from "../../views/pages/find.tsx";
import type { ConsoleDeps } from "./deps.ts";
import { entityPath } from "./forms/pages.ts";
import { page, redirect } from "./page.ts";
import {
  aliasesPath,
  auditPath,
  jobsPath,
  keysPath,
  quotasPath,
  sessionsPath,
  settingsPath,
  systemPath,
} from "./paths.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { topicsOf } from "./settings-topics.ts";
import { shellOf } from "./shell.ts";

const path = "/console/find";
/** Of a kind; more words find less. */
const most = 30;

export function findRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [{ method: "GET", path, access: "session", run: (visit) => find(deps, visit) }];
}

async function find(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const text = (visit.query.get("q") ?? "").trim().slice(0, 300);
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(text) && (await deps.findRequest(text.toLowerCase()))) {
    return redirect(visit, `/console/requests/${text.toLowerCase()}`);
  }
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const kinds = words.length === 0 ? [] : kindsOf(deps).map(({ kind, all }) => ({ kind, ...fitting(all, words) }));
  const shell = shellOf(deps, visit, path);
  return page(visit, findPage({ shell, text, kinds: kinds.filter(({ found }) => found.length > 0) }));
}

function fitting(all: readonly Found[], words: readonly string[]) {
  const found = all.filter(({ name, more }) => {
    const text = `${name}\n${more ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return { found: found.slice(0, most), count: found.length };
}

function kindsOf({ config }: ConsoleDeps): { kind: string; all: Found[] }[] {
  const { keys, aliases, providers, quotas } = config.current();
  const settings = topicsOf({ aliases: [], timezones: [] }).flatMap(({ name, title, specs }) =>
    specs.map(({ label, path: at }) => ({ name: label, more: `${title}: ${at}`, href: `${settingsPath}/${name}` })),
  );
  const entity = (list: string) => (name: string, more?: string) => ({
    ...{ name, href: entityPath(list, name) },
    ...(more ? { more } : {}),
  });
  return [
    { kind: "Pages", all: pages },
    { kind: "Keys", all: [...keys.values()].map(({ name, comment }) => entity(keysPath)(name, comment)) },
    {
      kind: "Aliases",
      all: [...new Set(aliases.values())].flatMap(({ name, also, origin }) =>
        origin === "builtin" ? [] : [entity(aliasesPath)(name, also.join(", "))],
      ),
    },
    {
      kind: "Providers",
      all: [...providers.values()].flatMap(({ id, name, origin }) =>
        origin === "builtin" ? [] : [entity("/console/providers")(id, name === id ? undefined : name)],
      ),
    },
    {
      kind: "Models",
      all: [...providers.values()].flatMap(({ id, origin, models }) =>
        origin === "builtin"
          ? []
          : [...models.keys()].map((model) => ({
              ...{ name: `${id}/${model}`, href: `${entityPath("/console/providers", id)}/models` },
            })),
      ),
    },
    { kind: "Quotas", all: [...quotas.keys()].map((name) => entity(quotasPath)(name)) },
    { kind: "Settings", all: settings },
  ];
}

const pages: Found[] = [
  { name: "Overview", href: "/console" },
  { name: "Requests", href: "/console/requests" },
  { name: "Usage", href: "/console/usage", more: "costs, tokens, spending" },
  { name: "Performance", href: "/console/performance", more: "latency, speed, errors" },
  { name: "Providers", href: "/console/providers" },
  { name: "Add a provider", href: "/console/providers/new" },
  { name: "Aliases", href: aliasesPath, more: "models, routing" },
  { name: "Add an alias", href: `${aliasesPath}/new` },
  { name: "Import aliases from models", href: `${aliasesPath}/import` },
  { name: "Cooldowns", href: "/console/cooldowns" },
  { name: "Keys", href: keysPath, more: "clients, secrets" },
  { name: "Make a key", href: `${keysPath}/new` },
  { name: "Quotas", href: quotasPath, more: "limits" },
  { name: "Add a quota", href: `${quotasPath}/new` },
  { name: "Playground", href: "/console/playground" },
  { name: "Settings", href: settingsPath },
  { name: "Prices", href: `${settingsPath}/prices`, more: "price lists, recompute costs" },
  { name: "Appearance", href: `${settingsPath}/appearance`, more: "theme, dark, light, shortcuts" },
  { name: "Audit", href: auditPath, more: "changes, history, revert" },
  { name: "Sessions", href: sessionsPath, more: "signed in, sign out, browsers, revoke" },
  { name: "Jobs", href: jobsPath },
  { name: "System", href: systemPath, more: "version, memory, database, health" },
];

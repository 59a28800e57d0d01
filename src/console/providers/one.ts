/** One provider: how it is, what uses it, its switches, and a test of it as it is. */
import { keyPage, providerPage } from "../../../views/pages/provider.tsx";
import { clockOf } from "../../../views/parts/format.ts";
import type { ProviderHead } from "../../../views/parts/provider-head.tsx";
import { fieldsOf } from "../../config/fields.ts";
import { provider as schema } from "../../config/schema/provider.ts";
import type { Provider } from "../../config/snapshot.ts";
import { GatewayError } from "../../model/error.ts";
import type { Trial } from "../../model/trial.ts";
import type { ConsoleDeps } from "../deps.ts";
import { authorOf, saveEntity, seenIn, tellProblems, type Unsaved } from "../forms/edits.ts";
import { readFields, showFields } from "../forms/fields.ts";
import { type Entity, entityIn, entityPath, savedNotice } from "../forms/pages.ts";
import { ticksOf } from "../overview-cards.ts";
import { page, redirect } from "../page.ts";
import type { ConsoleRoute, Visit } from "../route.ts";
import { shellOf } from "../shell.ts";
import { readForm } from "../sign-in.ts";
import { providersPath } from "./paths.ts";
import { keySpec } from "./specs.ts";
import { stateOf, type Use, usesOf } from "./states.ts";

const mostErrors = 5;

export function oneProviderRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const one = `${providersPath}/:name`;
  return [
    { method: "GET", path: one, access: "session", run: (visit) => overview(deps, visit) },
    { method: "POST", path: `${one}/test`, access: "session", run: (visit) => test(deps, visit) },
    { method: "GET", path: `${one}/key`, access: "session", run: (visit) => showKey(deps, visit) },
    { method: "POST", path: `${one}/key`, access: "session", run: (visit) => saveKey(deps, visit) },
  ];
}

export interface Found {
  entity: Entity;
  provider: Provider;
}

/** The entity as it is stored, and as it is in force. Throws `not-found`. */
export async function found(deps: ConsoleDeps, visit: Visit): Promise<Found> {
  const entity = await entityIn(deps, visit, "providers");
  const provider = deps.config.current().providers.get(entity.name);
  if (provider) return { entity, provider };
  throw new GatewayError("not-found", `${entity.name} is stored, and not in force yet. The log says why.`);
}

export async function headOf(deps: ConsoleDeps, visit: Visit, both: Found, known?: Use): Promise<ProviderHead> {
  const { entity, provider } = both;
  const use = known ?? (await usesOf(deps, Date.now(), provider.id))(provider.id);
  return {
    ...{ id: provider.id, name: provider.name, isOfFile: entity.origin === "file", isEnabled: provider.enabled },
    ...{ own: entityPath(providersPath, provider.id), csrf: visit.session?.csrf ?? "", use: use.day },
    state: stateOf(deps, provider, use),
  };
}

/** Names of the aliases that have it among their targets; `isLast` where it is all that they have. */
export function aliasesWith({ config }: ConsoleDeps, provider: string): { name: string; isLast: boolean }[] {
  const { aliases } = config.current();
  return [...new Set(aliases.values())].flatMap(({ name, groups }) => {
    const targets = groups.flatMap((group) => group.targets);
    const own = targets.filter((target) => target.provider === provider);
    return own.length === 0 ? [] : [{ name, isLast: own.length === targets.length }];
  });
}

async function overview(deps: ConsoleDeps, visit: Visit, trial?: Trial): Promise<Response> {
  const both = await found(deps, visit);
  const { provider, entity } = both;
  const { timezone } = deps.config.current().settings;
  const use = (await usesOf(deps, Date.now(), provider.id))(provider.id);
  const { data } = await deps.listRequests({ limit: mostErrors, provider: provider.id, result: "failed" });
  const body = providerPage({
    shell: shellOf(deps, visit, providersPath),
    head: await headOf(deps, visit, both, use),
    zone: timezone,
    ticks: ticksOf(use.ticks, clockOf(timezone)),
    protocols: provider.protocols.map(({ name, baseUrl }) => ({ name, url: withoutUser(baseUrl) })),
    models: provider.models.size,
    key: keyOf(provider),
    proxy: provider.proxy === null ? null : withoutUser(provider.proxy),
    coolsDown: provider.cooldown,
    cooldowns: deps.cooldowns
      .list()
      .filter((line) => line.provider === provider.id)
      .map(({ model, reason, until, request }) => ({ model, reason, until, request })),
    errors: data.map(({ id, at, model, code, errors }) => ({
      ...{ id, at, model: model ?? "", code: code ?? "" },
      message: errors.at(-1)?.message ?? "",
    })),
    aliases: aliasesWith(deps, provider.id),
    changedAt: entity.updatedAt,
    tried: trial ? { ...trial, models: null } : null,
  });
  return page(visit, body);
}

function keyOf({ apiKey, auth }: Provider): { last4: string } | null {
  if (apiKey === undefined || auth === "none") return null;
  return { last4: apiKey.length >= 12 ? apiKey.slice(-4) : "" };
}

/** A proxy's address may hold a password. */
function withoutUser(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//…@");
}

/** As it is in force, with the secrets that are stored. */
async function test(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { provider } = await found(deps, visit);
  return overview(deps, visit, await deps.supply.runTrial({ name: provider.id }));
}

interface Again {
  typed: URLSearchParams;
  unsaved: Unsaved;
}

async function showKey(deps: ConsoleDeps, visit: Visit, again?: Again): Promise<Response> {
  const both = await found(deps, visit);
  const { entity, provider } = both;
  const { typed, unsaved } = again ?? {};
  const shown = { schema, value: fieldsOf(entity.value), ...(typed ? { typed } : {}), ...unsaved };
  const fields = showFields([{ ...keySpec, label: "New API key" }], shown);
  const [last] = (await deps.listRequests({ limit: 1, provider: provider.id })).data;
  const body = keyPage({
    shell: shellOf(deps, visit, providersPath),
    head: await headOf(deps, visit, both),
    zone: deps.config.current().settings.timezone,
    key: keyOf(provider),
    changedAt: entity.updatedAt,
    last: last ? { at: last.at, status: last.status } : null,
    fields,
    frame: {
      ...{ action: `${entityPath(providersPath, entity.name)}/key`, csrf: visit.session?.csrf ?? "" },
      ...{ seen: unsaved?.seen ?? entity.version ?? 0, save: "Replace the key" },
      problems: unsaved ? tellProblems(unsaved, fields) : [],
      back: entityPath(providersPath, entity.name),
    },
  });
  return page(visit, body, { status: unsaved?.status ?? 200 });
}

/** Only this field is posted, so nothing else can change. */
async function saveKey(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const typed = await readForm(visit.request);
  const { entity } = await found(deps, visit);
  const faults = typed.get("api_key") ? [] : [{ path: "api_key", message: "type the new key in" }];
  const patch = readFields([keySpec], typed, { schema, value: {} }, faults);
  const place = { part: "providers" as const, name: entity.name, seen: seenIn(typed) };
  const saving = await saveEntity(deps.editor, place, { patch, faults, author: authorOf(visit) });
  if ("unsaved" in saving) return showKey(deps, visit, { typed: new URLSearchParams(), unsaved: saving.unsaved });
  deps.notices.tell(visit, savedNotice(entity.name, saving.saved));
  return redirect(visit, entityPath(providersPath, entity.name));
}

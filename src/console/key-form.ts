/** Making a client key, and the page of one: its settings, what it used, what it may call. */
import { keyPage, newKeyPage } from "../../views/pages/key.tsx";
import { fieldsOf } from "../config/fields.ts";
import { key as schema } from "../config/schema/key.ts";
import type { Fault } from "../config/snapshot.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf, nameField, saveEntity, seenIn, tellProblems, type Unsaved } from "./forms/edits.ts";
import { type FieldSpec, readFields, showFields } from "./forms/fields.ts";
import { type Entity, entityIn, entityPath, nameFieldState, savedNotice } from "./forms/pages.ts";
import { secretPage } from "./key-secret.ts";
import { keyUse } from "./key-use.ts";
import { standingsOf, stateOf } from "./keys.ts";
import { page, redirect } from "./page.ts";
import { keysPath } from "./paths.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

export function keyFormRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const one = `${keysPath}/:name`;
  return [
    { method: "GET", path: `${keysPath}/new`, access: "session", run: (visit) => showNew(deps, visit) },
    { method: "POST", path: `${keysPath}/new`, access: "session", run: (visit) => create(deps, visit) },
    { method: "GET", path: one, access: "session", run: (visit) => showOne(deps, visit) },
    { method: "POST", path: one, access: "session", run: (visit) => save(deps, visit) },
  ];
}

/** Nobody ticks more; what a key lists beyond them stands in the field for others. */
const mostOptions = 500;

function specsOf({ config }: ConsoleDeps): FieldSpec[] {
  const { aliases, providers, quotas, settings } = config.current();
  const named = (names: Iterable<string>) => {
    const sorted = [...new Set(names)].sort().slice(0, mostOptions);
    return sorted.map((value) => ({ value, words: value }));
  };
  return [
    { path: "comment", label: "Comment", kind: "text", help: "For people: whose key it is, what it is for." },
    {
      ...{ path: "expires_at", label: `Expires, by the clocks of ${settings.timezone}`, kind: "moment" },
      help: "Empty: never.",
    },
    {
      path: "quotas",
      label: "Quotas",
      kind: "checks",
      options: named(quotas.keys()),
      help: "All that are ticked hold.",
    },
    {
      ...{ path: "aliases", label: "Models it may call", kind: "subset" },
      options: named([...aliases.values()].map(({ name }) => name)),
      all: { words: "every model", only: "only these", others: "Others, such as provider/model, one a line" },
    },
    {
      ...{ path: "providers", label: "Providers it may use", kind: "subset", options: named(providers.keys()) },
      all: {
        words: "every provider",
        only: "only these",
        ...(providers.size > mostOptions ? { others: "Others" } : {}),
      },
    },
    {
      ...{ path: "ips", label: "Addresses it may be used from", kind: "lines" },
      help: "One address or network a line, such as 10.0.0.0/8. Empty: from anywhere.",
    },
    { path: "max_concurrency", label: "Requests at once, at most", kind: "number", help: "Empty: any number." },
    {
      ...{ path: "reveal_target", label: "Answers tell which target gave them", kind: "switch" },
      help: "In a header, and with its costs on the page of the key's holder.",
    },
  ];
}

interface Again {
  typed: URLSearchParams;
  unsaved: Unsaved;
}

function showNew(deps: ConsoleDeps, visit: Visit, again?: Again): Response {
  const { typed, unsaved } = again ?? {};
  const zone = deps.config.current().settings.timezone;
  const name = nameFieldState({ help: "Shown in lists and logs. It cannot be changed later.", ...again });
  const fields = showFields(specsOf(deps), { schema, value: {}, zone, ...(typed ? { typed } : {}), ...unsaved });
  const body = newKeyPage({
    shell: shellOf(deps, visit, keysPath),
    frame: {
      action: `${keysPath}/new`,
      csrf: visit.session?.csrf ?? "",
      seen: 0,
      problems: unsaved ? tellProblems(unsaved, [name, ...fields]) : [],
      save: "Make the key",
      back: keysPath,
    },
    name,
    fields,
  });
  return page(visit, body, { status: unsaved?.status ?? 200 });
}

async function create(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const typed = await readForm(visit.request);
  const name = (typed.get(nameField) ?? "").trim();
  const faults: Fault[] = [];
  const zone = deps.config.current().settings.timezone;
  const patch = readFields(specsOf(deps), typed, { schema, value: {}, zone }, faults);
  const place = { part: "keys" as const, name, seen: seenIn(typed) };
  const saving = await saveEntity(deps.editor, place, { patch, faults, author: authorOf(visit) });
  if ("unsaved" in saving) return showNew(deps, visit, { typed, unsaved: saving.unsaved });
  const { secret = "" } = saving.saved;
  deps.log.info("a key was made in the console", { key: name, address: visit.address, request: visit.requestId });
  return secretPage(deps, visit, { name, secret, until: null, isNew: true });
}

async function showOne(deps: ConsoleDeps, visit: Visit, again?: Again): Promise<Response> {
  const entity = await entityIn(deps, visit, "keys");
  const { settings, keys } = deps.config.current();
  const zone = settings.timezone;
  const { typed, unsaved } = again ?? {};
  const value = fieldsOf(entity.value);
  const isOfFile = entity.origin === "file";
  const shown = { schema, value, zone, ...(typed ? { typed } : {}), ...unsaved };
  const fields = showFields(specsOf(deps), shown).map((field) => (isOfFile ? { ...field, isFixed: true } : field));
  const key = keys.get(entity.name);
  const standings = standingsOf(entity.name, await deps.quotas());
  const now = Date.now();
  const own = entityPath(keysPath, entity.name);
  const body = keyPage({
    shell: shellOf(deps, visit, keysPath),
    frame: {
      action: own,
      csrf: visit.session?.csrf ?? "",
      seen: unsaved?.seen ?? entity.version ?? 0,
      problems: unsaved ? tellProblems(unsaved, fields) : [],
      save: "Save",
      back: keysPath,
    },
    ...{ name: entity.name, last4: key?.last4 ?? "", isOfFile, fields, zone, now, standings },
    state: key ? stateOf(key, standings, now) : "disabled",
    isEnabled: key?.enabled ?? false,
    previousUntil: previousUntil(entity, now),
    used: await keyUse(deps, entity.name, now),
    permissions: key ? deps.operations.permissions(key) : [],
  });
  return page(visit, body, { status: unsaved?.status ?? 200 });
}

/** When the former secret ends; null when there is none that works. */
function previousUntil({ value }: Entity, now: number): number | null {
  const until = Date.parse(String(fieldsOf(fieldsOf(value).previous).until));
  return until > now ? until : null;
}

async function save(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const typed = await readForm(visit.request);
  const entity = await entityIn(deps, visit, "keys");
  const { name } = entity;
  const faults: Fault[] = [];
  const zone = deps.config.current().settings.timezone;
  const patch = readFields(specsOf(deps), typed, { schema, value: fieldsOf(entity.value), zone }, faults);
  const place = { part: "keys" as const, name, seen: seenIn(typed) };
  const saving = await saveEntity(deps.editor, place, { patch, faults, author: authorOf(visit) });
  if ("unsaved" in saving) return showOne(deps, visit, { typed, unsaved: saving.unsaved });
  deps.notices.tell(visit, savedNotice(name, saving.saved));
  return redirect(visit, entityPath(keysPath, name));
}

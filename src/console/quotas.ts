/** Quotas: where they stand, making and changing one, taking one away. */
import { type QuotaKey, quotaPage } from "../../views/pages/quota.tsx";
import { quotasPage } from "../../views/pages/quotas.tsx";
import { fieldsOf } from "../config/fields.ts";
import { quota as schema } from "../config/schema/limits.ts";
import type { Fault } from "../config/snapshot.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf, nameField, saveEntity, seenIn, tellProblems, type Unsaved } from "./forms/edits.ts";
import { type FieldSpec, readFields, showFields } from "./forms/fields.ts";
import { type Entity, entityIn, entityPath, nameFieldState, savedNotice } from "./forms/pages.ts";
import { type Consequences, removalRoutes } from "./forms/removal.ts";
import { page, redirect } from "./page.ts";
import { quotasPath } from "./paths.ts";
import { previewOf, quotaActionRoutes } from "./quota-actions.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

const path = quotasPath;

const specs: readonly FieldSpec[] = [
  {
    path: "unit",
    label: "What is counted",
    kind: "choice",
    options: [
      { value: "tokens", words: "tokens, in and out" },
      { value: "requests", words: "requests" },
      { value: "cost", words: "cost in US dollars" },
    ],
  },
  { path: "limit", label: "Limit, in what is counted", kind: "number" },
  {
    path: "window",
    label: "Window",
    kind: "choice",
    options: [
      { value: "rolling", words: "rolling: within any period of a length" },
      { value: "daily", words: "daily" },
      { value: "weekly", words: "weekly" },
      { value: "monthly", words: "monthly" },
    ],
  },
  {
    path: "period",
    label: "Length of a rolling window",
    kind: "text",
    help: "Such as 30m, 5h or 7d. Only for rolling.",
  },
  { path: "warn", label: "Warn from this share on", kind: "number", help: "0.8 is 80%." },
  { path: "shared", label: "All its keys share one counter", kind: "switch" },
  {
    path: "unpriced",
    label: "Models without a known price",
    kind: "choice",
    options: [
      { value: "refuse", words: "are refused" },
      { value: "allow", words: "are let through, and count nothing" },
    ],
    help: "Only for a quota of cost.",
  },
];

export function quotaRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const one = `${path}/:name`;
  return [
    { method: "GET", path, access: "session", run: (visit) => list(deps, visit) },
    { method: "GET", path: `${path}/new`, access: "session", run: (visit) => show(deps, visit, undefined) },
    { method: "POST", path: `${path}/new`, access: "session", run: (visit) => save(deps, visit, undefined) },
    { method: "GET", path: one, access: "session", run: async (visit) => show(deps, visit, await found(deps, visit)) },
    { method: "POST", path: one, access: "session", run: async (visit) => save(deps, visit, await found(deps, visit)) },
    ...quotaActionRoutes(deps),
    ...removalRoutes(deps, {
      section: "quotas",
      path,
      what: "quota",
      consequences: (quota) => consequences(deps, quota),
    }),
  ];
}

function found(deps: ConsoleDeps, visit: Visit): Promise<Entity> {
  return entityIn(deps, visit, "quotas");
}

async function list(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const shell = shellOf(deps, visit, path);
  const zone = deps.config.current().settings.timezone;
  return page(visit, quotasPage({ shell, zone, now: Date.now(), quotas: await deps.quotas() }));
}

interface Again {
  typed: URLSearchParams;
  unsaved?: Unsaved;
  preview?: string;
}

function show(deps: ConsoleDeps, visit: Visit, entity: Entity | undefined, again?: Again): Response {
  const { typed, unsaved, preview } = again ?? {};
  const shown = { schema, value: fieldsOf(entity?.value), ...(typed ? { typed } : {}), ...unsaved };
  const fields = showFields(specs, shown);
  const body = quotaPage({
    shell: shellOf(deps, visit, path),
    frame: {
      action: entity ? entityPath(path, entity.name) : `${path}/new`,
      csrf: visit.session?.csrf ?? "",
      seen: unsaved?.seen ?? Number(typed?.get("seen") ?? entity?.version ?? 0),
      problems: unsaved ? tellProblems(unsaved, fields) : [],
      save: entity ? "Save" : "Add quota",
      back: path,
      isDirty: preview !== undefined,
    },
    preview: preview ?? null,
    name: entity?.name ?? null,
    isOfFile: entity?.origin === "file",
    nameField: entity ? null : nameFieldState({ help: "Small letters, digits, dots and dashes.", ...again }),
    fields,
    keys: entity ? keysFor(deps, entity.name) : [],
  });
  return page(visit, body, { status: unsaved?.status ?? 200 });
}

function keysWith(deps: ConsoleDeps, quota: string): string[] {
  const keys = [...deps.config.current().keys.values()];
  return keys.filter((key) => key.quotas.includes(quota)).map(({ name }) => name);
}

/** Nobody ticks more: those that have it first, others can be given it on their own pages. */
const mostKeys = 500;

function keysFor({ config }: ConsoleDeps, quota: string): QuotaKey[] {
  const keys = [...config.current().keys.values()].map(({ name, quotas, origin }) => ({
    ...{ name, has: quotas.includes(quota), isFixed: origin === "file" },
  }));
  const sorted = keys.sort((one, other) => Number(other.has) - Number(one.has) || (one.name < other.name ? -1 : 1));
  return sorted.slice(0, mostKeys);
}

function consequences(deps: ConsoleDeps, { name }: Entity): Consequences {
  const keys = keysWith(deps, name);
  if (keys.length === 0) return { effects: ["No key has it. What was counted in it is forgotten."], isPossible: true };
  const words = `${keys.join(", ")} must be taken off it first: a key cannot name a quota that is not there.`;
  return { effects: [words], isPossible: false };
}

async function save(deps: ConsoleDeps, visit: Visit, entity: Entity | undefined): Promise<Response> {
  const form = await readForm(visit.request);
  const name = entity?.name ?? (form.get(nameField) ?? "").trim();
  const faults: Fault[] = [];
  const patch = readFields(specs, form, { schema, value: fieldsOf(entity?.value) }, faults);
  if (entity && faults.length === 0 && form.get("do") === "preview") {
    const preview = await previewOf(deps, name, { stored: entity.value, patch });
    return show(deps, visit, entity, { typed: form, preview });
  }
  const place = { part: "quotas" as const, name, seen: seenIn(form) };
  const saving = await saveEntity(deps.editor, place, { patch, faults, author: authorOf(visit) });
  if ("unsaved" in saving) return show(deps, visit, entity, { typed: form, unsaved: saving.unsaved });
  deps.notices.tell(visit, savedNotice(name, saving.saved));
  return redirect(visit, entityPath(path, name));
}

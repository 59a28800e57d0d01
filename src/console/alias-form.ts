/** Making and changing an alias. */
import { aliasPage } from "../../views/pages/alias.tsx";
import { type Fields, fieldsOf, isSame } from "../config/fields.ts";
import { alias as schema, selectorNames } from "../config/schema/alias.ts";
import type { Alias, Fault } from "../config/snapshot.ts";
import {
  actOn,
  type Draft,
  draftOf,
  emptyDraft,
  focusAfter,
  patchOf,
  readDraft,
  rowOf,
  withoutEmpty,
} from "./alias-draft.ts";
import { healthOf, stateOfDraft } from "./aliases.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf, nameField, saveEntity, seenIn, tellProblems, type Unsaved } from "./forms/edits.ts";
import { type FieldSpec, readFields, showFields } from "./forms/fields.ts";
import { type Entity, entityIn, entityPath, nameFieldState, nameOf, savedNotice } from "./forms/pages.ts";
import { page, redirect } from "./page.ts";
import { aliasesPath } from "./paths.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

export function aliasFormRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const one = `${aliasesPath}/:name`;
  const found = (visit: Visit) => entityIn(deps, visit, "aliases");
  return [
    { method: "GET", path: `${aliasesPath}/new`, access: "session", run: (visit) => show(deps, visit, undefined) },
    { method: "POST", path: `${aliasesPath}/new`, access: "session", run: (visit) => save(deps, visit, undefined) },
    { method: "GET", path: one, access: "session", run: (visit) => open(deps, visit) },
    { method: "POST", path: one, access: "session", run: async (visit) => save(deps, visit, await found(visit)) },
  ];
}

/** Of one that nobody configured there is nothing to change: only where it leads. */
async function open(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const alias = deps.config.current().aliases.get(nameOf(visit));
  if (alias?.origin === "builtin") return redirect(visit, `${entityPath(aliasesPath, alias.name)}/explain`);
  return show(deps, visit, await entityIn(deps, visit, "aliases"));
}

const specs: readonly FieldSpec[] = [
  { path: "also", label: "Other names", kind: "lines", help: "Clients may call these, too. One a line." },
  {
    ...{ path: "priority", label: "Which targets come first", kind: "choice" },
    options: [
      { value: "selector", words: "as the selectors say" },
      { value: "api_match", words: "those of the client's own protocol, then as the selectors say" },
    ],
  },
  {
    ...{ path: "sticky", label: "A conversation stays with its target", kind: "switch" },
    help: "For an hour, as long as that target works: what it has cached is used.",
  },
  {
    ...{ path: "vision_fallthrough", label: "Describe images for targets that cannot see", kind: "switch" },
    help: "The settings of vision say which model describes them.",
  },
  {
    ...{ path: "body", label: "Members for every request's body, as JSON", kind: "json" },
    help: 'Such as {"temperature": 0}. They are set over what the client sent.',
  },
];

interface Again {
  typed: URLSearchParams;
  draft: Draft;
  unsaved?: Unsaved;
  /** The button that changed the draft. */
  pressed?: string;
}

async function show(deps: ConsoleDeps, visit: Visit, entity: Entity | undefined, again?: Again): Promise<Response> {
  const { typed, unsaved } = again ?? {};
  const value = fieldsOf(entity?.value);
  const isOfFile = entity?.origin === "file";
  const fields = showFields(specs, { schema, value, ...(typed ? { typed } : {}), ...unsaved });
  const name = entity ? null : nameFieldState({ help: "What clients call as their model.", ...formOf(again) });
  const config = deps.config.current();
  const alias = entity && config.aliases.get(entity.name);
  const action = entity ? entityPath(aliasesPath, entity.name) : `${aliasesPath}/new`;
  const isChanged = again?.pressed !== undefined;
  const body = aliasPage({
    shell: shellOf(deps, visit, aliasesPath),
    frame: {
      action,
      csrf: visit.session?.csrf ?? "",
      seen: unsaved?.seen ?? Number(typed?.get("seen") ?? entity?.version ?? 0),
      problems: unsaved ? problemsOf(unsaved, name ? [name, ...fields] : fields) : [],
      save: entity ? "Save" : "Add alias",
      back: aliasesPath,
      ...(isChanged ? { isDirty: true } : {}),
    },
    ...{ name: entity?.name ?? null, isOfFile, nameField: name },
    fields: isOfFile ? fields.map((field) => ({ ...field, isFixed: true })) : fields,
    groups: {
      draft: again?.draft ?? (entity ? draftOf(value) : emptyDraft),
      ...{
        isFixed: isOfFile,
        action,
        models: modelsOf(deps),
        focus: again?.pressed === undefined ? null : focusAfter(again.draft, again.pressed),
      },
      errors: unsaved ? rowErrors(unsaved) : new Map(),
      stateOf: stateOfDraft(healthOf(deps)),
      meanwhile: unsaved?.meanwhile && again ? changedMeanwhile(again.draft, unsaved.meanwhile) : null,
    },
    picks: alias && !again ? await picksOf(deps, alias) : [],
  });
  return page(visit, body, { status: unsaved?.status ?? 200 });
}

/** What the groups are since somebody else saved them; null where that is what the form has. */
function changedMeanwhile(draft: Draft, meanwhile: Fields): string | null {
  const now = draftOf(meanwhile);
  if (isSame(now, draft)) return null;
  return now
    .map(({ selector, targets }) => `${selector} of ${targets.map(({ target }) => target).join(", ")}`)
    .join("; then ");
}

function formOf(again: Again | undefined): { typed?: URLSearchParams; unsaved?: Unsaved } {
  return again ? { typed: again.typed, ...(again.unsaved ? { unsaved: again.unsaved } : {}) } : {};
}

/** Those of targets lead to their rows. */
function problemsOf(unsaved: Unsaved, fields: Parameters<typeof tellProblems>[1]) {
  return tellProblems(unsaved, fields).map((problem, at) => {
    const path = unsaved.problems[at]?.path ?? "";
    const row = rowOf(path);
    return row === undefined
      ? problem
      : { id: row, message: `${rowWords(row)}: ${unsaved.problems[at]?.message ?? ""}` };
  });
}

function rowWords(row: string): string {
  const [, group = "0", target] = /^g(\d+)(?:\.t(\d+))?$/.exec(row) ?? [];
  const inGroup = `group ${Number(group) + 1}`;
  return target === undefined ? `Targets of ${inGroup}` : `Target ${Number(target) + 1} of ${inGroup}`;
}

function rowErrors({ problems }: Unsaved): Map<string, string> {
  const errors = new Map<string, string>();
  for (const { path, message } of problems) {
    const row = rowOf(path);
    if (row !== undefined) errors.set(row, [errors.get(row), message].filter(Boolean).join("; "));
  }
  return errors;
}

/** Of a longer list nobody chooses; any other may be typed in. */
const mostModels = 2000;

function modelsOf({ config }: ConsoleDeps): string[] {
  const { providers } = config.current();
  const names = [...providers.values()].flatMap(({ id, models }) =>
    [...models.keys()].map((model) => `${id}/${model}`),
  );
  return names.sort().slice(0, mostModels);
}

/** What each selector would choose for a short request: worth asking only where there is a choice. */
async function picksOf({ operations, protocols }: ConsoleDeps, alias: Alias) {
  const usual = { model: alias.name, protocol: protocols.at(-1) ?? "", tokens: 1000 };
  const run = { ...usual, hasTools: false, hasImages: false, isStream: true };
  const used = new Set<string>(alias.groups.map(({ selector }) => selector));
  const hasChoice = alias.groups.some(({ targets }) => targets.length > 1);
  const names = hasChoice ? selectorNames : selectorNames.filter((name) => used.has(name));
  return Promise.all(
    names.map(async (selector) => {
      const { target, refusal, routing } = await operations.explain({ ...run, selector });
      const first = routing?.candidates.find((candidate) => candidate.verdict === "chosen");
      const score = { measure: first?.measure ?? null, score: first?.score ?? null, reason: first?.reason ?? null };
      return { selector, isUsed: used.has(selector), target, refusal: refusal?.message ?? null, ...score };
    }),
  );
}

async function save(deps: ConsoleDeps, visit: Visit, entity: Entity | undefined): Promise<Response> {
  const typed = await readForm(visit.request);
  const pressed = typed.get("do");
  if (pressed !== null) {
    const draft = actOn(readDraft(typed), pressed);
    return show(deps, visit, entity, { typed, draft, pressed });
  }
  const draft = withoutEmpty(readDraft(typed));
  const value = fieldsOf(entity?.value);
  const name = entity?.name ?? (typed.get(nameField) ?? "").trim();
  const faults: Fault[] = [];
  const patch = { ...readFields(specs, typed, { schema, value }, faults), ...patchOf(draft, value, faults) };
  const place = { part: "aliases" as const, name, seen: seenIn(typed) };
  const saving = await saveEntity(deps.editor, place, { patch, faults, author: authorOf(visit) });
  if ("unsaved" in saving) return show(deps, visit, entity, { typed, draft, unsaved: saving.unsaved });
  deps.notices.tell(visit, savedNotice(name, saving.saved));
  return redirect(visit, entityPath(aliasesPath, name));
}

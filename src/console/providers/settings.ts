/** The settings of a provider: its URLs and everything advanced, tried out before they are saved. */
import { providerSettingsPage } from "../../../views/pages/provider-settings.tsx";
import { ConfigFaults } from "../../config/faults.ts";
import { fieldsOf, mergePatch } from "../../config/fields.ts";
import { provider as schema } from "../../config/schema/provider.ts";
import { withKept } from "../../config/secret-places.ts";
import type { Fault } from "../../config/snapshot.ts";
import type { Trial } from "../../model/trial.ts";
import type { ConsoleDeps } from "../deps.ts";
import type { Draft } from "../drafts.ts";
import { authorOf, faulty, refusedBy, saveEntity, seenIn, tellProblems, type Unsaved } from "../forms/edits.ts";
import { type FieldSpec, readFields, showFields } from "../forms/fields.ts";
import { entityPath, savedNotice } from "../forms/pages.ts";
import { page, redirect } from "../page.ts";
import type { ConsoleRoute, Visit } from "../route.ts";
import { shellOf } from "../shell.ts";
import { readForm } from "../sign-in.ts";
import { type Found, found, headOf } from "./one.ts";
import { providersPath } from "./paths.ts";
import {
  advancedSpecs,
  fromForm,
  guarded,
  nameSpec,
  quirkSpecs,
  toForm,
  urlSpecs,
  withoutTypedSecrets,
} from "./specs.ts";

export function providerSettingsRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const path = `${providersPath}/:name/settings`;
  return [
    { method: "GET", path, access: "session", run: async (visit) => show(deps, visit, await found(deps, visit)) },
    { method: "POST", path, access: "session", run: (visit) => save(deps, visit) },
  ];
}

interface Again {
  typed: URLSearchParams;
  draft: Draft;
  unsaved?: Unsaved | undefined;
  trial?: Trial;
}

function specsOf({ supply }: ConsoleDeps, { provider }: Found): { top: FieldSpec[]; urls: FieldSpec[] } {
  const own = provider.protocols.map(({ name }): string => name);
  return { top: [nameSpec], urls: urlSpecs([...own, ...supply.protocols.filter((name) => !own.includes(name))]) };
}

async function show(deps: ConsoleDeps, visit: Visit, both: Found, again?: Again): Promise<Response> {
  const { entity } = both;
  const { draft, unsaved, trial } = again ?? {};
  const typed = again && withoutTypedSecrets(again.typed, advancedSpecs, draft?.value);
  const value = fieldsOf(entity.value);
  const isOfFile = entity.origin === "file";
  const shown = { schema, value: toForm(value), ...(typed ? { typed } : {}), ...unsaved };
  const stateOf = (specs: readonly FieldSpec[]) =>
    showFields(guarded(specs, value), shown).map((field) => (isOfFile ? { ...field, isFixed: true } : field));
  const specs = specsOf(deps, both);
  const fields = {
    ...{ top: stateOf(specs.top), urls: stateOf(specs.urls) },
    ...{ advanced: stateOf(advancedSpecs), quirks: stateOf(quirkSpecs(deps.supply)) },
  };
  const own = entityPath(providersPath, entity.name);
  const body = providerSettingsPage({
    shell: shellOf(deps, visit, providersPath),
    head: await headOf(deps, visit, both),
    frame: {
      ...{ action: `${own}/settings`, csrf: visit.session?.csrf ?? "", save: "Save", back: own },
      seen: unsaved?.seen ?? (typed ? seenIn(typed) : (entity.version ?? 0)),
      isDirty: again !== undefined,
      problems: unsaved ? tellProblems(unsaved, [...fields.top, ...fields.urls, ...fields.advanced]) : [],
    },
    ...{ isOfFile, ...fields, draft: draft?.id ?? "" },
    tried: trial ? { ...trial, models: null } : null,
  });
  return page(visit, body, { status: unsaved?.status ?? 200 });
}

async function save(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const typed = await readForm(visit.request);
  const both = await found(deps, visit);
  const { name } = both.entity;
  const value = fieldsOf(both.entity.value);
  const faults: Fault[] = [];
  const { top, urls } = specsOf(deps, both);
  const specs = guarded([...top, ...urls, ...advancedSpecs, ...quirkSpecs(deps.supply)], value);
  const read = fromForm(readFields(specs, typed, { schema, value: toForm(value) }, faults), value, faults);
  // What was typed in for a test before is known by its mask.
  const draft = deps.drafts.open(visit, typed.get("draft"));
  const patch = fieldsOf(withKept("providers", read, draft.value));
  draft.value = fieldsOf(mergePatch(value, patch));
  const place = { part: "providers" as const, name, seen: seenIn(typed) };
  if (typed.get("do") === "test") {
    if (faults.length > 0) return show(deps, visit, both, { typed, draft, unsaved: faulty(place, faults) });
    try {
      const trial = await deps.supply.runTrial({ name, value: draft.value });
      return await show(deps, visit, both, { typed, draft, trial });
    } catch (error) {
      if (!(error instanceof ConfigFaults)) throw error;
      return show(deps, visit, both, { typed, draft, unsaved: refusedBy(place, error) });
    }
  }
  const saving = await saveEntity(deps.editor, place, { patch, faults, author: authorOf(visit) });
  if ("unsaved" in saving) return show(deps, visit, both, { typed, draft, unsaved: saving.unsaved });
  deps.drafts.drop(draft);
  deps.notices.tell(visit, savedNotice(name, saving.saved));
  return redirect(visit, entityPath(providersPath, name));
}

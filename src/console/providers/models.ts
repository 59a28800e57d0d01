/** The models of a provider: what is configured, what the provider tells of, prices and facts of one of them. */
import { type ConfiguredModel, providerModelPage, providerModelsPage } from "../../../views/pages/provider-models.tsx";
import { type Fields, fieldsOf, memberAt } from "../../config/fields.ts";
import { modelSchema } from "../../config/schema/provider.ts";
import type { Fault, ModelFacts, Provider } from "../../config/snapshot.ts";
import { GatewayError } from "../../model/error.ts";
import type { TrialModel } from "../../model/trial.ts";
import type { ConsoleDeps } from "../deps.ts";
import type { Draft } from "../drafts.ts";
import { authorOf, saveEntity, seenIn, type Unsaved } from "../forms/edits.ts";
import { readFields, showFields } from "../forms/fields.ts";
import { type Entity, entityPath, savedNotice } from "../forms/pages.ts";
import { page, redirect } from "../page.ts";
import type { ConsoleRoute, Visit } from "../route.ts";
import { shellOf } from "../shell.ts";
import { readForm } from "../sign-in.ts";
import { wantedModels } from "./form.ts";
import { modelFromForm, modelSpecs, modelToForm } from "./model-specs.ts";
import { found, headOf } from "./one.ts";
import { providersPath } from "./paths.ts";

export function providerModelRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const path = `${providersPath}/:name/models`;
  const one = `${providersPath}/:name/model`;
  return [
    { method: "GET", path, access: "session", run: (visit) => list(deps, visit) },
    { method: "POST", path, access: "session", run: (visit) => change(deps, visit) },
    { method: "GET", path: one, access: "session", run: (visit) => showModel(deps, visit) },
    { method: "POST", path: one, access: "session", run: (visit) => saveModel(deps, visit) },
  ];
}

interface Again {
  draft?: Draft;
  unsaved?: Unsaved;
}

async function list(deps: ConsoleDeps, visit: Visit, { draft, unsaved }: Again = {}): Promise<Response> {
  const both = await found(deps, visit);
  const { entity, provider } = both;
  const trial = draft?.trial;
  const body = providerModelsPage({
    shell: shellOf(deps, visit, providersPath),
    head: await headOf(deps, visit, both),
    models: [...provider.models.values()].map((facts) => configured(deps, provider, facts)),
    frame: {
      ...{ action: `${entityPath(providersPath, provider.id)}/models`, csrf: visit.session?.csrf ?? "" },
      ...{ seen: unsaved?.seen ?? entity.version ?? 0, save: "Apply what is ticked" },
      problems: (unsaved?.problems ?? []).map(({ message, path }) => ({ id: null, message: `${path} ${message}` })),
      back: entityPath(providersPath, provider.id),
    },
    draft: draft?.id ?? "",
    isOfFile: entity.origin === "file",
    found: trial?.models ?? null,
    // The network is shown only where something is wrong with it.
    tried: trial && trial.models === null ? { ...trial, models: null } : null,
  });
  return page(visit, body, { status: unsaved?.status ?? 200 });
}

function configured({ operations }: ConsoleDeps, provider: Provider, facts: ModelFacts): ConfiguredModel {
  const price = operations.prices.find(`${provider.id}/${facts.id}`);
  const { input, output } = fieldsOf(price?.terms);
  const rate = (value: unknown) => (typeof value === "number" ? value : null);
  return {
    ...{ id: facts.id, context: facts.context, maxOutput: facts.maxOutput, protocols: facts.protocols },
    price: price ? { input: rate(input), output: rate(output) } : null,
    source: typeof price?.version === "string" ? price.version : null,
  };
}

async function change(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const typed = await readForm(visit.request);
  const { entity, provider } = await found(deps, visit);
  const draft = deps.drafts.open(visit, typed.get("draft"));
  if (typed.get("do") === "discover") {
    draft.trial = await deps.supply.runTrial({ name: provider.id });
    return list(deps, visit, { draft });
  }
  const models = patchOf(typed, entity, draft.trial?.models ?? []);
  const place = { part: "providers" as const, name: entity.name, seen: seenIn(typed) };
  const saving = await saveEntity(deps.editor, place, { patch: { models }, faults: [], author: authorOf(visit) });
  if ("unsaved" in saving) return list(deps, visit, { draft, unsaved: saving.unsaved });
  deps.drafts.drop(draft);
  deps.notices.tell(visit, savedNotice(entity.name, saving.saved));
  return redirect(visit, `${entityPath(providersPath, entity.name)}/models`);
}

/** Only what is ticked changes; what a list does not mention stays. */
function patchOf(typed: URLSearchParams, { value }: Entity, foundModels: readonly TrialModel[]): Fields {
  const { models } = fieldsOf(value);
  // A plain list of names becomes names with facts, none of which are known.
  const patch: Fields = Array.isArray(models) ? Object.fromEntries(models.map((id) => [String(id), {}])) : {};
  const isThere = (id: string) => Object.hasOwn(fieldsOf(models), id) || Object.hasOwn(patch, id);
  const known = new Map(foundModels.map((model) => [model.id, model]));
  for (const id of wantedModels(typed)) {
    const model = known.get(id);
    if (model?.state === "gone") patch[id] = null;
    else if (model?.state === "changed") {
      patch[id] = {
        ...fieldsOf(patch[id]),
        ...Object.fromEntries(model.changes.map(({ field, after }) => [field, after])),
      };
    } else if (!isThere(id)) patch[id] = {};
  }
  for (const id of typed.getAll("remove")) if (isThere(id)) patch[id] = null;
  if (!Array.isArray(models)) return patch;
  return Object.fromEntries(Object.entries(patch).filter(([, facts]) => facts !== null));
}

async function modelIn(deps: ConsoleDeps, visit: Visit) {
  const both = await found(deps, visit);
  const id = visit.query.get("id") ?? "";
  const { models } = fieldsOf(both.entity.value);
  const isListed = Array.isArray(models) && models.includes(id);
  if (!isListed && !Object.hasOwn(fieldsOf(models), id)) {
    throw new GatewayError("not-found", `${both.entity.name} has no model ${JSON.stringify(id)}.`);
  }
  return { ...both, id, facts: fieldsOf(memberAt(models, [id])) };
}

interface ModelAgain {
  typed: URLSearchParams;
  unsaved: Unsaved;
}

async function showModel(deps: ConsoleDeps, visit: Visit, again?: ModelAgain): Promise<Response> {
  const { id, facts, ...both } = await modelIn(deps, visit);
  const { entity, provider } = both;
  const { typed, unsaved } = again ?? {};
  const isOfFile = entity.origin === "file";
  const errors = new Map([...(unsaved?.errors ?? [])].map(([path, message]) => [withinModel(path, id), message]));
  const shown = { schema: modelSchema, value: modelToForm(facts), ...(typed ? { typed } : {}), errors };
  const fields = showFields(modelSpecs(provider), shown).map((field) =>
    isOfFile ? { ...field, isFixed: true } : field,
  );
  const own = entityPath(providersPath, provider.id);
  const body = providerModelPage({
    shell: shellOf(deps, visit, providersPath),
    head: await headOf(deps, visit, both),
    ...{ id, isOfFile, fields },
    now: configured(deps, provider, provider.models.get(id) ?? noFacts(id)),
    frame: {
      ...{ action: `${own}/model?id=${encodeURIComponent(id)}`, csrf: visit.session?.csrf ?? "", save: "Save" },
      seen: unsaved?.seen ?? entity.version ?? 0,
      problems: (unsaved?.problems ?? []).map(({ path, message }) => ({
        ...{ id: null, message: `${withinModel(path, id)} ${message}` },
      })),
      back: `${own}/models`,
    },
  });
  return page(visit, body, { status: unsaved?.status ?? 200 });
}

function withinModel(path: string, id: string): string {
  const start = `models.${id}.`;
  return path.startsWith(start) ? path.slice(start.length) : path;
}

function noFacts(id: string): ModelFacts {
  const unknown = { price: null, protocols: null, vision: null, context: null, maxOutput: null };
  return { id, ...unknown, quirks: [], body: {} };
}

async function saveModel(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const typed = await readForm(visit.request);
  const { id, facts, entity, provider } = await modelIn(deps, visit);
  const faults: Fault[] = [];
  const read = readFields(modelSpecs(provider), typed, { schema: modelSchema, value: modelToForm(facts) }, faults);
  const { models } = fieldsOf(entity.value);
  const others = Array.isArray(models) ? Object.fromEntries(models.map((each) => [String(each), {}])) : {};
  const patch = { models: { ...others, [id]: modelFromForm(read) } };
  const place = { part: "providers" as const, name: entity.name, seen: seenIn(typed) };
  const saving = await saveEntity(deps.editor, place, { patch, faults, author: authorOf(visit) });
  if ("unsaved" in saving) return showModel(deps, visit, { typed, unsaved: saving.unsaved });
  deps.notices.tell(visit, savedNotice(id, saving.saved));
  return redirect(visit, `${entityPath(providersPath, entity.name)}/models`);
}

/** The form for a new provider, on its own page and in the set-up: what it shows, what it says, what its test found. */
import type { PresetCard, ProviderFormProps } from "../../../views/pages/provider-new.tsx";
import type { FieldState } from "../../../views/parts/form.tsx";
import { ConfigFaults } from "../../config/faults.ts";
import { type Fields, fieldsOf, mergePatch } from "../../config/fields.ts";
import { provider as schema } from "../../config/schema/provider.ts";
import { withKept } from "../../config/secret-places.ts";
import type { Fault } from "../../config/snapshot.ts";
import type { Trial } from "../../model/trial.ts";
import type { ConsoleDeps } from "../deps.ts";
import type { Draft } from "../drafts.ts";
import { faulty, nameField, refusedBy, type Unsaved } from "../forms/edits.ts";
import { type FieldSpec, fieldId, readFields, showFields } from "../forms/fields.ts";
import { nameFieldState } from "../forms/pages.ts";
import type { Visit } from "../route.ts";
import {
  advancedSpecs,
  fromForm,
  keySpec,
  nameSpec,
  quirkSpecs,
  toForm,
  urlSpecs,
  withoutTypedSecrets,
} from "./specs.ts";
import type { OfferedPreset } from "./supply.ts";

/** What a configuration that is tried out is called: its own name may be taken, or wrong. */
export const trialName = "new-provider";
export const byHandField = "by_hand";

/** For whatever is none of the families. */
export const custom: OfferedPreset = {
  ...{ id: "custom", label: "Another provider", protocols: {}, value: {} },
  ...{ keyUrl: null, needsKey: false, environment: null },
};

export interface Kind {
  preset: OfferedPreset;
  /** Less to fill in: the set-up. */
  isShort: boolean;
  /** What the form begins with. */
  value: Fields;
}

export function presetIn({ supply }: ConsoleDeps, id: string | null): OfferedPreset | undefined {
  return id === custom.id ? custom : supply.presets.find((one) => one.id === id);
}

export function cardsOf({ supply }: ConsoleDeps): PresetCard[] {
  const cards = supply.presets.map(
    ({ id, label, protocols, environment }): PresetCard => ({
      ...{ id, label, about: hostOf(protocols), hasKey: environment !== null },
    }),
  );
  return [...cards, { id: custom.id, label: custom.label, about: "any server of these protocols", hasKey: false }];
}

function hostOf(protocols: Readonly<Record<string, string>>): string {
  return (
    Object.values(protocols)[0]
      ?.replace(/^https?:\/\//, "")
      .split("/")[0] ?? ""
  );
}

/** A name for the provider that nobody has. */
export function freeName({ config }: ConsoleDeps, wanted: string): string {
  const { providers } = config.current();
  let name = wanted;
  for (let next = 2; providers.has(name); next++) name = `${wanted}-${next}`;
  return name;
}

export function kindOf(preset: OfferedPreset, isShort: boolean): Kind {
  return { preset, isShort, value: { ...preset.value, protocols: { ...preset.protocols } } };
}

function specsOf({ supply }: ConsoleDeps, { preset, isShort, value }: Kind) {
  const own = Object.keys(fieldsOf(value.protocols));
  const others = isShort && own.length > 0 ? [] : supply.protocols.filter((name) => !own.includes(name));
  const key: FieldSpec = preset.needsKey || preset.id === custom.id ? keySpec : { ...keySpec, help: "It needs none." };
  return {
    top: isShort ? [key] : [nameSpec, key],
    urls: urlSpecs([...own, ...others]),
    advanced: isShort ? [] : advancedSpecs,
    quirks: isShort ? [] : quirkSpecs(supply),
  };
}

export interface Posted {
  /** The name that it is to have. */
  name: string;
  value: Fields;
  faults: Fault[];
  draft: Draft;
  typed: URLSearchParams;
  isTest: boolean;
}

/** What a form says. A key that is typed in goes into the draft, and from there into the value. */
export function readPosted(deps: ConsoleDeps, visit: Visit, typed: URLSearchParams, kind: Kind): Posted {
  const faults: Fault[] = [];
  const { top, urls, advanced, quirks } = specsOf(deps, kind);
  const patch = readFields([...top, ...urls, ...advanced, ...quirks], typed, { schema, value: {} }, faults);
  faults.push(...unfilled(fieldsOf(patch.protocols)));
  const draft = deps.drafts.open(visit, typed.get("draft"));
  if (typeof patch.api_key === "string") draft.secret = patch.api_key;
  const ofEnvironment = typed.get("from_environment") === "on" ? deps.supply.environmentKey(kind.preset.id) : undefined;
  const key = ofEnvironment ?? draft.secret;
  const base = kind.isShort ? kind.preset.value : {};
  const value = fieldsOf(mergePatch({ ...base, protocols: {} }, fromForm(patch, {}, faults)));
  const models = Object.fromEntries(wantedModels(typed).map((id) => [id, {}]));
  const whole = { ...value, ...(key === undefined ? {} : { api_key: key }), models };
  draft.value = fieldsOf(withKept("providers", whole, draft.value));
  return {
    name: (typed.get(nameField) ?? "").trim(),
    value: draft.value,
    ...{ faults, draft, typed, isTest: typed.get("do") === "test" },
  };
}

function unfilled(urls: Fields): Fault[] {
  return Object.entries(urls).flatMap(([protocol, url]) => {
    const [blank] = /\{\w+\}/.exec(String(url)) ?? [];
    const message = `put what is yours in the place of ${blank}`;
    return blank === undefined ? [] : [{ path: `protocols.${protocol}`, message }];
  });
}

/** Ticked, and typed in by hand. */
export function wantedModels(typed: URLSearchParams): string[] {
  const byHand = (typed.get(byHandField) ?? "").split(/\r?\n/).map((line) => line.trim());
  return [...new Set([...typed.getAll("models"), ...byHand])].filter((id) => id !== "");
}

/** Tries it out; the result goes into the draft. What makes it no valid configuration is returned. */
export async function tryPosted({ supply }: ConsoleDeps, posted: Posted): Promise<Unsaved | undefined> {
  const { value, faults, draft, typed } = posted;
  const place = { part: "providers" as const, name: trialName, seen: 0 };
  if (faults.length > 0) return faulty(place, faults);
  try {
    draft.trial = await supply.runTrial({ name: trialName, value, models: wantedModels(typed) });
    return undefined;
  } catch (error) {
    if (error instanceof ConfigFaults) return refusedBy(place, error);
    throw error;
  }
}

export interface Showing {
  kind: Kind;
  /** Of something new. */
  name: string;
  frame: Omit<ProviderFormProps["frame"], "problems">;
  posted?: Posted;
  unsaved?: Unsaved | undefined;
}

export function showForm(deps: ConsoleDeps, { kind, name, frame, posted, unsaved }: Showing): ProviderFormProps {
  const { preset, value } = kind;
  const { draft } = posted ?? {};
  const trial = draft?.trial;
  const specs = specsOf(deps, kind);
  const typed = posted && withoutTypedSecrets(posted.typed, specs.advanced, draft?.value);
  const errors = new Map([...(unsaved?.errors ?? []), ...(trial && !unsaved ? errorsOf(trial) : [])]);
  const shown = { schema, value: toForm(value), ...(typed ? { typed } : {}), errors };
  const urls = showFields(specs.urls, shown).map((field) => (preset === custom ? withPlaceholder(field) : field));
  const needsFilling = Object.values(preset.protocols).some((url) => url.includes("{"));
  return {
    frame: { ...frame, problems: problemsOf(unsaved), isDirty: posted !== undefined },
    preset: { id: preset.id, label: preset.label, keyUrl: preset.keyUrl },
    draft: draft?.id ?? "",
    fields: [nameStateOf(name, posted, unsaved), ...showFields(specs.top, shown)],
    urls,
    areUrlsOpen: preset === custom || needsFilling || urls.some(({ error }) => error !== undefined),
    advanced: showFields(specs.advanced, shown),
    quirks: showFields(specs.quirks, shown),
    byHand: byHandState(typed),
    environment:
      preset.environment === null
        ? null
        : { name: preset.environment, isUsed: typed ? typed.get("from_environment") === "on" : false },
    typedKey: draft?.secret === undefined ? null : draft.secret.slice(-4),
    tried: trial ? { ...trial, models: trial.models && sorted(trial.models) } : null,
    ticked: tickedOf(trial, typed),
  };
}

function nameStateOf(name: string, posted?: Posted, unsaved?: Unsaved): FieldState {
  const help = "Small letters, digits, dots and dashes. It is part of names like openai/gpt-5, and stays.";
  const state = nameFieldState({ help, ...(posted ? { typed: posted.typed } : {}), ...(unsaved ? { unsaved } : {}) });
  return posted ? state : { ...state, values: [name] };
}

/** What failed, told at the field that mends it. */
function errorsOf({ stages }: Trial): [string, string][] {
  return stages.flatMap(({ result, field, words, fix }): [string, string][] =>
    result === "failed" && field !== null ? [[field, [words, fix].filter(Boolean).join(" ")]] : [],
  );
}

function problemsOf(unsaved: Unsaved | undefined) {
  return (unsaved?.problems ?? []).map(({ id, path, message }) => ({ id, message: `${wordsOf(path)}${message}` }));
}

function wordsOf(path: string): string {
  return path === "" || path === nameField ? "" : `${path} `;
}

function withPlaceholder(field: FieldState): FieldState {
  return { ...field, limits: { ...field.limits, placeholder: "https://api.example.com/v1" } };
}

function byHandState(typed?: URLSearchParams): FieldState {
  return {
    ...{ id: fieldId(byHandField), name: byHandField, label: "Names of models, one a line", kind: "lines" },
    ...{ options: [], values: [typed?.get(byHandField) ?? ""], limits: {}, isFixed: false },
    help: "As the provider calls them, where it tells none, or not all.",
  };
}

/** Those that are suggested come first. */
function sorted(models: NonNullable<Trial["models"]>) {
  return models.toSorted((one, other) => Number(other.isSuggested) - Number(one.isSuggested));
}

/** The first time, what is suggested; then what was ticked. */
function tickedOf(trial: Trial | undefined, typed?: URLSearchParams): ReadonlySet<string> {
  const before = typed?.getAll("models") ?? [];
  const isSeen = typed?.get("seen_models") === "yes";
  if (isSeen || before.length > 0) return new Set(before);
  return new Set((trial?.models ?? []).filter(({ isSuggested }) => isSuggested).map(({ id }) => id));
}

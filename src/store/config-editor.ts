/** What people and machines do with the configuration: read it, edit its entities, apply a whole one, look back. */
import {
  inFileError,
  refuseInFile,
  sectionNames,
  settingsName,
  settleSettings,
  targetsOfWhole,
} from "../config/edits.ts";
import { ConfigFaults } from "../config/faults.ts";
import { type Fields, fieldsOf, isFields, mergeFields, mergePatch } from "../config/fields.ts";
import { type Plan, type ToldChange, tellChange } from "../config/plan.ts";
import type { Section } from "../config/schema.ts";
import { maskSecrets, type Part } from "../config/secret-places.ts";
import type { Fault, Snapshot } from "../config/snapshot.ts";
import { nearest } from "../kit/nearest.ts";
import { randomSecret } from "../kit/secret.ts";
import { GatewayError } from "../model/error.ts";
import {
  compileEdit,
  type Decision,
  type EditDeps,
  entityFor,
  kindOf,
  loadState,
  makeEdit,
  type Outcome,
  partOf,
  planEdit,
  type State,
} from "./config-edits.ts";
import { type Author, findHistory, type HistoryEntry, newestChange, readHistory } from "./config-history.ts";

/** An entity as it may be shown: secrets masked. */
export interface Shown {
  name: string;
  /** Of the file: read-only. */
  origin: "file" | "database";
  /** Null for what the file defines. */
  version: number | null;
  /** Epoch milliseconds. */
  updatedAt: number | null;
  value: unknown;
}

export interface ShownSettings extends Omit<Shown, "name" | "origin"> {
  /** Fields that the file defines, as it has them: read-only. */
  file: unknown;
}

/** Which entity, and what it was when it was looked at: its version, 0 for "there is none". Unsaid: whatever it is. */
export interface Addressed {
  part: Part;
  name: string;
  seen?: number;
}

export interface Edited extends Outcome {
  /** The only time that a secret which was made here is told. */
  secret?: string;
}

export interface HistoryShown extends Omit<HistoryEntry, "kind" | "name" | "before" | "after">, ToldChange {}

export type ConfigEditor = ReturnType<typeof openConfigEditor>;

export function openConfigEditor(deps: EditDeps) {
  const state = () => loadState(deps, deps.database.sql);
  return {
    list: async (section: Section): Promise<Shown[]> => listOf(await state(), section),
    find: async (section: Section, name: string) => listOf(await state(), section).find((one) => one.name === name),
    settings: async (): Promise<ShownSettings> => settingsOf(await state()),
    /** The whole configuration, of the file and the database, and the version of the latter. */
    whole: async () => wholeOf(await state()),
    plan: (given: unknown): Promise<Plan> => planEdit(deps, { decide: (now) => decideWhole(now, given) }),
    /** Throws `conflict` when the configuration is not at the version `seen`. */
    apply: (given: unknown, author: Author, seen?: number) =>
      makeEdit(deps, { author, note: "apply", decide: (now) => decideWhole(now, given, seen) }),
    /** The whole configuration with another value of one entity, which is not kept. Throws ConfigFaults. */
    tryOut: (place: Addressed, value: unknown): Promise<Snapshot> =>
      compileEdit(deps, { decide: (now) => decideTrial(now, place, value) }),
    create: (place: Addressed, value: unknown, author: Author) => put(deps, { ...place, seen: 0 }, value, author),
    replace: (place: Addressed, value: unknown, author: Author) => put(deps, place, value, author),
    /** `patch` as JSON Merge Patch says. */
    patch: (place: Addressed, patch: unknown, author: Author): Promise<Outcome> =>
      makeEdit(deps, { author, decide: (now) => decidePatch(now, place, patch) }),
    /** Settings go back to their defaults. */
    remove: (place: Addressed, author: Author): Promise<Outcome> =>
      makeEdit(deps, { author, decide: (now) => decideRemoval(now, place) }),
    rotate: (place: Omit<Addressed, "part">, until: number, author: Author) =>
      rotate(deps, { ...place, until }, author),
    history: async (page: { limit: number; after?: string; part?: Part; name?: string }) => {
      const { part, limit, ...rest } = page;
      const kind = part === undefined ? {} : { kind: kindOf(part) };
      const entries = await readHistory(deps.database.sql, deps.sealer, { ...rest, ...kind, limit: limit + 1 });
      const shown = entries.slice(0, limit);
      return { data: shown.map(tellEntry), next: entries.length > limit ? (shown.at(-1)?.id ?? null) : null };
    },
    /** Takes a change back, or all of a version; throws `conflict` where something else came after it, unless forced. */
    revert: (id: string, author: Author, isForced = false): Promise<Outcome> => revert(deps, { id, isForced }, author),
  };
}

function listOf({ stored, file }: State, section: Section): Shown[] {
  const fixed = fieldsOf(fieldsOf(file)[section]);
  const ofFile = Object.entries(fixed).map(
    ([name, value]): Shown => ({
      ...{ name, origin: "file", version: null, updatedAt: null },
      value: maskSecrets(section, value),
    }),
  );
  const others = [...(stored.get(section) ?? [])].filter(([name]) => !Object.hasOwn(fixed, name));
  const ofDatabase = others.map(
    ([name, { value, version, updatedAt }]): Shown => ({
      ...{ name, origin: "database", version, updatedAt },
      value: maskSecrets(section, value),
    }),
  );
  return [...ofFile, ...ofDatabase];
}

function settingsOf({ stored, file }: State): ShownSettings {
  const own = stored.get(settingsName)?.get(settingsName);
  const fixed = fieldsOf(file).settings ?? {};
  const value = mergeFields(own?.value ?? {}, fixed);
  return { version: own?.version ?? 0, updatedAt: own?.updatedAt ?? null, value, file: fixed };
}

function wholeOf(state: State): { version: number; config: Fields } {
  const config: Fields = {};
  for (const section of sectionNames) {
    config[section] = Object.fromEntries(listOf(state, section).map(({ name, value }) => [name, value]));
  }
  config[settingsName] = settingsOf(state).value;
  return { version: state.version, config };
}

function decideWhole(state: State, given: unknown, seen?: number): Decision {
  if (seen !== undefined && seen !== state.version) {
    const message = `The configuration was changed meanwhile: it is at version ${state.version}, not ${seen}. Plan again.`;
    throw new GatewayError("conflict", message, {
      members: { seen_version: seen, current_version: state.version },
    });
  }
  if (isFields(given)) return targetsOfWhole(given, state.stored, state.file);
  throw new ConfigFaults([{ path: "", message: "must be an object with providers, aliases, keys and so on" }]);
}

async function put(deps: EditDeps, place: Addressed, given: unknown, author: Author): Promise<Edited> {
  const value = given ?? {};
  const fresh = randomSecret("sk-");
  let isFresh = false;
  const outcome = await makeEdit(deps, {
    author,
    decide: (state) => {
      const stored = entityFor(state, place);
      isFresh = place.part === "keys" && isFields(value) && value.secret === undefined && !stored;
      return decideValue(state, place, isFresh ? { secret: fresh, ...fieldsOf(value) } : value);
    },
  });
  return isFresh ? { ...outcome, secret: fresh } : outcome;
}

/** Of settings, what the file defines stays with the file. */
function decideValue({ stored, file }: State, { part, name }: Addressed, value: unknown): Decision {
  if (part !== settingsName) return { targets: [{ part, name, value }] };
  if (!isFields(value)) throw new ConfigFaults([{ path: settingsName, message: "must be an object" }]);
  const conflicts: Fault[] = [];
  const kept = stored.get(part)?.get(name)?.value;
  const settled = settleSettings(value, kept, fieldsOf(file).settings, conflicts);
  if (conflicts.length > 0) throw inFileError(conflicts);
  return { targets: [{ part, name, value: settled }] };
}

function decidePatch(state: State, place: Addressed, patch: unknown): Decision {
  const { part, name } = place;
  const entity = entityFor(state, place);
  if (!entity && part !== settingsName) throw notThere(state, place);
  if (!isFields(patch)) {
    throw new ConfigFaults([{ path: `${part}.${name}`, message: "a patch must be an object of the fields to change" }]);
  }
  const isSettings = part === settingsName;
  const value = isSettings ? mergeFields(entity?.value ?? {}, fieldsOf(state.file).settings ?? {}) : entity?.value;
  return decideValue(state, place, mergePatch(value, patch));
}

function decideTrial(state: State, place: Addressed, value: unknown): Decision {
  entityFor(state, place);
  return decideValue(state, place, value);
}

function decideRemoval(state: State, place: Addressed): Decision {
  const { part, name } = place;
  const entity = entityFor(state, place);
  if (!entity && part !== settingsName) throw notThere(state, place);
  return { targets: [{ part, name, value: undefined }] };
}

function notThere({ stored }: State, { part, name }: Addressed): GatewayError {
  const meant = nearest(name, stored.get(part)?.keys() ?? []);
  const hint = meant === undefined ? "" : ` Did you mean ${JSON.stringify(meant)}?`;
  return new GatewayError("not-found", `There is nothing named ${JSON.stringify(name)} in ${part}.${hint}`);
}

type Rotation = Omit<Addressed, "part"> & { until: number };

/** A new secret; the former one goes on until a time (epoch milliseconds), or ends at once when that has passed. */
async function rotate(deps: EditDeps, { until, ...named }: Rotation, author: Author): Promise<Edited> {
  const secret = randomSecret("sk-");
  const place: Addressed = { part: "keys", ...named };
  const outcome = await makeEdit(deps, {
    author,
    note: "rotate",
    decide: (state) => {
      const entity = entityFor(state, place);
      if (!entity) throw notThere(state, place);
      const { secret: former, previous: _dropped, ...rest } = fieldsOf(entity.value);
      const previous = until > Date.now() ? { previous: { secret: former, until: new Date(until).toISOString() } } : {};
      return { targets: [{ part: "keys", name: place.name, value: { secret, ...previous, ...rest } }] };
    },
  });
  return { ...outcome, secret };
}

function tellEntry({ kind, before, after, ...entry }: HistoryEntry): HistoryShown {
  return { ...entry, ...tellChange({ part: partOf(kind), name: entry.name, before, after }) };
}

async function revert(deps: EditDeps, { id, isForced }: { id: string; isForced: boolean }, author: Author) {
  return makeEdit(deps, {
    author,
    note: `revert of ${id}`,
    decide: async (state, sql) => {
      const entries = await findHistory(sql, deps.sealer, id);
      if (entries.length === 0) throw new GatewayError("not-found", `There is no change ${JSON.stringify(id)}.`);
      for (const entry of entries) {
        const part = partOf(entry.kind);
        refuseInFile(state.file, { part, name: entry.name });
        const newest = await newestChange(sql, entry);
        if (!isForced && newest !== entry.version) throw overtaken(entry, newest);
      }
      return { targets: entries.map(({ kind, name, before }) => ({ part: partOf(kind), name, value: before })) };
    },
  });
}

function overtaken({ id, kind, name, version }: HistoryEntry, newest: number): GatewayError {
  const part = partOf(kind);
  const place = part === settingsName ? part : `${part}.${name}`;
  const message = `${place} was changed again after ${id}, in version ${newest}. Revert that first, or force it.`;
  return new GatewayError("conflict", message, { members: { seen_version: version, current_version: newest } });
}

/**
 * Edits of the configuration that is kept in the database: each one whole or not at all, checked as a whole, with its
 * history. The management API, the console and the command line call the same functions.
 */
import {
  type Preparing,
  prepareValue,
  refuseInFile,
  type StoredEntity,
  type StoredParts,
  sectionNames,
  settingsName,
  type Target,
} from "../config/edits.ts";
import { ConfigFaults } from "../config/faults.ts";
import type { Fields } from "../config/fields.ts";
import { type Change, isChange, type Plan, placeOf, tellChange } from "../config/plan.ts";
import { sections } from "../config/schema.ts";
import { maskSecrets, type Part } from "../config/secret-places.ts";
import type { Fault, Snapshot, StoredPrices, Warning } from "../config/snapshot.ts";
import { GatewayError } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import type { Sealer } from "../secrets/seal.ts";
import {
  bumpVersion,
  loadEntities,
  loadVersion,
  lockConfig,
  type StoredConfig,
  type StoredKind,
  writeEntity,
} from "./config.ts";
import { type Author, addHistory } from "./config-history.ts";
import type { Database, Sql } from "./database.ts";
import { newestPrices } from "./newest-prices.ts";

export interface EditDeps {
  database: Database;
  sealer: Sealer;
  /** The configuration file as it is written, references unresolved; undefined without one. Throws ConfigFaults. */
  file(): unknown;
  /** The whole configuration with these values of the database. Throws ConfigFaults. */
  compile(stored: StoredConfig): Snapshot;
  /** Replaces references that values of the database may hold. */
  resolve(text: string): string;
  /** Puts this version in force in this process; false when it could not be. */
  putInForce(version: number): Promise<boolean>;
}

/** What is stored, and what the file says. */
export interface State {
  readonly version: number;
  readonly stored: StoredParts;
  readonly file: unknown;
  readonly prices: StoredPrices | null;
}

export interface Decision {
  readonly targets: readonly Target[];
  readonly inFile?: readonly string[];
  readonly strange?: Fields;
}

export interface Edit {
  readonly author: Author;
  readonly note?: string;
  /** Says what is to be; throws GatewayError for what is not possible. */
  decide(state: State, sql: Sql): Decision | Promise<Decision>;
}

export interface Outcome {
  readonly plan: Plan;
  /** Of the configuration, after the edit. */
  readonly version: number;
  readonly isInForce: boolean;
}

export async function loadState(deps: EditDeps, sql: Sql): Promise<State> {
  const version = await loadVersion(sql);
  const parts = new Map<Part, Map<string, StoredEntity>>();
  for (const part of [...sectionNames, settingsName] as const) parts.set(part, new Map());
  for (const { kind, name, value, version: at, updatedAt } of await loadEntities(sql, deps.sealer)) {
    parts.get(partOf(kind))?.set(name, { value, version: at, updatedAt });
  }
  return { version, stored: parts, file: deps.file(), prices: (await newestPrices(sql)) ?? null };
}

/** Works out an edit and changes nothing. Throws ConfigFaults with all that would be wrong. */
export async function planEdit(deps: EditDeps, edit: Pick<Edit, "decide">): Promise<Plan> {
  const state = await loadState(deps, deps.database.sql);
  return workOut(deps, state, await edit.decide(state, deps.database.sql)).plan;
}

/** Makes an edit; one that changes nothing leaves no trace. Throws ConfigFaults or GatewayError, and then nothing is changed. */
export async function makeEdit(deps: EditDeps, edit: Edit): Promise<Outcome> {
  const { plan, version } = await deps.database.transaction(async (sql) => {
    await lockConfig(sql);
    const state = await loadState(deps, sql);
    const { changes, plan } = workOut(deps, state, await edit.decide(state, sql));
    if (changes.length === 0) return { plan, version: state.version };
    const version = await bumpVersion(sql);
    for (const { part, name, after } of changes) {
      await writeEntity(sql, deps.sealer, { kind: kindOf(part), name, body: after, version });
    }
    const told = changes.map(({ part, ...change }) => ({ kind: kindOf(part), ...change }));
    const { author, note } = edit;
    await addHistory(sql, deps.sealer, { version, author, changes: told, ...(note === undefined ? {} : { note }) });
    return { plan, version };
  });
  return { plan, version, isInForce: await deps.putInForce(version) };
}

function workOut(deps: EditDeps, state: State, { targets, inFile = [], strange = {} }: Decision) {
  const preparing: Preparing = { resolve: deps.resolve, faults: [] };
  const changes = targets
    .map((target): Change => {
      const { part, name } = target;
      const before = state.stored.get(part)?.get(name)?.value;
      return { part, name, before, after: prepareValue(target, before, preparing) };
    })
    .filter(isChange);
  const warnings = checkWhole(deps, state, { changes, strange, found: preparing.faults });
  const told = changes.map(tellChange);
  const plan: Plan = { version: state.version, changes: told, inFile: [...inFile], warnings };
  return { changes, plan };
}

interface Checked {
  changes: readonly Change[];
  strange: Fields;
  found: readonly Fault[];
}

/** The warnings of what is changed. Throws what would be wrong and was not before. */
function checkWhole(deps: EditDeps, state: State, { changes, strange, found }: Checked): Warning[] {
  if (changes.length === 0 && found.length === 0 && Object.keys(strange).length === 0) return [];
  const places = changes.map(({ part, name }) => placeOf({ section: part, name }));
  const isTouched = (path: string) => places.some((place) => path === place || path.startsWith(`${place}.`));
  const after = compiled(deps, state, { changes, strange });
  const atFault = new Set(found.map(({ path }) => path));
  const faults = [...found, ...after.faults.filter(({ path }) => !atFault.has(path))];
  if (faults.length > 0) {
    const known = new Set(compiled(deps, state).faults.map(({ path, message }) => `${path}\n${message}`));
    const fresh = faults.filter(({ path, message }) => isTouched(path) || !known.has(`${path}\n${message}`));
    if (fresh.length > 0) throw new ConfigFaults(fresh);
  }
  return after.warnings.filter(({ path }) => isTouched(path));
}

/** The whole configuration as an edit would make it; nothing is changed. Throws ConfigFaults. */
export async function compileEdit(deps: EditDeps, edit: Pick<Edit, "decide">): Promise<Snapshot> {
  const state = await loadState(deps, deps.database.sql);
  const { changes } = workOut(deps, state, await edit.decide(state, deps.database.sql));
  return deps.compile(storedWith(state, { changes, strange: {} }));
}

function compiled(
  deps: EditDeps,
  state: State,
  edit: Pick<Checked, "changes" | "strange"> = { changes: [], strange: {} },
) {
  try {
    return { faults: [], warnings: deps.compile(storedWith(state, edit)).warnings };
  } catch (error) {
    if (error instanceof ConfigFaults) return { faults: error.faults, warnings: [] };
    throw error;
  }
}

function storedWith(state: State, edit: Pick<Checked, "changes" | "strange">): StoredConfig {
  const database: Record<string, unknown> = { ...edit.strange };
  for (const [part, entities] of state.stored) {
    const values = new Map([...entities].map(([name, { value }]) => [name, value]));
    for (const { name, after } of edit.changes.filter((change) => change.part === part)) {
      if (after === undefined) values.delete(name);
      else values.set(name, after);
    }
    if (part !== settingsName) database[part] ??= Object.fromEntries(values);
    else if (values.has(settingsName)) database[part] ??= values.get(settingsName);
  }
  return { version: state.version, database, prices: state.prices };
}

/**
 * The entity, or undefined. Throws `conflict` when the file defines it, or when it is not as it was `seen`: its version,
 * 0 where there was none.
 */
export function entityFor(
  state: State,
  { part, name, seen }: { part: Part; name: string; seen?: number },
): StoredEntity | undefined {
  refuseInFile(state.file, { part, name });
  const entity = state.stored.get(part)?.get(name);
  const current = entity?.version ?? 0;
  if (seen !== undefined && seen !== current) throw staleError({ part, name, seen, entity });
  return entity;
}

function staleError(stale: { part: Part; name: string; seen: number; entity: StoredEntity | undefined }): GatewayError {
  const { part, name, seen, entity } = stale;
  const place = placeOf({ section: part, name });
  const how =
    entity === undefined
      ? "was deleted meanwhile. Load it again and repeat the change."
      : seen === 0
        ? "is there already. Choose another name, or change that one."
        : `was changed meanwhile: it is at version ${entity.version}, not ${seen}. Load it again and repeat the change.`;
  const members = {
    seen_version: seen,
    current_version: entity?.version ?? null,
    current: entity ? (maskSecrets(part, entity.value) as Json) : null,
  };
  return new GatewayError("conflict", `${place} ${how}`, { members });
}

export function kindOf(part: Part): StoredKind {
  return part === settingsName ? settingsName : sections[part].kind;
}

export function partOf(kind: StoredKind): Part {
  return sectionNames.find((section) => sections[section].kind === kind) ?? settingsName;
}

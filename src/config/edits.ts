/**
 * What is asked of the database's configuration, worked out without touching it: which entities get which values, and
 * what the configuration file has to say about that.
 */
import { sha256Hex } from "../kit/hash.ts";
import { GatewayError } from "../model/error.ts";
import { type Fields, fieldsOf, isFields, isSame, mapFields } from "./fields.ts";
import { type Section, sections } from "./schema.ts";
import { keptNowhere, type Part, withKept } from "./secret-places.ts";
import type { Fault } from "./snapshot.ts";

export const sectionNames = Object.keys(sections) as Section[];
export const settingsName = "settings";

export interface StoredEntity {
  readonly value: unknown;
  /** The configuration's version that the last change of this entity made. */
  readonly version: number;
  /** Epoch milliseconds. */
  readonly updatedAt: number;
}

/** The database's entities by section and name, the settings under their own name. */
export type StoredParts = ReadonlyMap<Part, ReadonlyMap<string, StoredEntity>>;

/** What one entity is to be; undefined: it goes. */
export interface Target {
  readonly part: Part;
  readonly name: string;
  readonly value: unknown;
}

export interface Whole {
  readonly targets: Target[];
  /** Given as the configuration file has it. */
  readonly inFile: string[];
  /** Outermost fields that are no section: for the compiler, which says what is wrong with them. */
  readonly strange: Fields;
}

/**
 * A whole configuration over what is stored: each section that is given becomes what is given, sections that are not
 * given stay. What the file defines may be given as the file has it; throws `conflict` naming all that differs.
 */
export function targetsOfWhole(given: Fields, stored: StoredParts, file: unknown): Whole {
  const whole: Whole = { targets: [], inFile: [], strange: {} };
  const conflicts: Fault[] = [];
  for (const [field, value] of Object.entries(given)) {
    const section = sectionNames.find((name) => name === field);
    if (value === null || field === "$schema") continue;
    if (!isFields(value) || (section === undefined && field !== settingsName)) whole.strange[field] = value;
    else if (section === undefined) addSettings(whole, { value, stored, file }, conflicts);
    else addSection(whole, { section, value, stored, file }, conflicts);
  }
  if (conflicts.length > 0) throw inFileError(conflicts);
  return whole;
}

interface Given {
  value: Fields;
  stored: StoredParts;
  file: unknown;
}

function addSection(whole: Whole, given: Given & { section: Section }, conflicts: Fault[]): void {
  const { section, value } = given;
  const fixed = fieldsOf(fieldsOf(given.file)[section]);
  for (const [name, entity] of Object.entries(value)) {
    const path = `${section}.${name}`;
    if (!Object.hasOwn(fixed, name)) whole.targets.push({ part: section, name, value: entity });
    else if (isSame(withKept(section, entity, fixed[name]), fixed[name])) whole.inFile.push(path);
    else conflicts.push({ path, message: inFileWords });
  }
  for (const name of given.stored.get(section)?.keys() ?? []) {
    const isLeft = Object.hasOwn(value, name) || Object.hasOwn(fixed, name);
    if (!isLeft) whole.targets.push({ part: section, name, value: undefined });
  }
}

function addSettings(whole: Whole, { value, stored, file }: Given, conflicts: Fault[]): void {
  const kept = stored.get(settingsName)?.get(settingsName)?.value;
  const settled = settleSettings(value, kept, fieldsOf(file).settings, conflicts);
  whole.targets.push({ part: settingsName, name: settingsName, value: settled });
}

/**
 * Settings as they are to be stored: without what the file has its own word on, for which the stored value stays.
 * Undefined when nothing is left.
 */
export function settleSettings(given: unknown, stored: unknown, file: unknown, conflicts: Fault[]): unknown {
  const walk = (one: unknown, kept: unknown, fixed: unknown, path: string): unknown => {
    if (fixed !== undefined && !isFields(fixed)) {
      if (one !== undefined && !isSame(one, fixed)) conflicts.push({ path, message: inFileWords });
      return kept;
    }
    if (!isFields(one) && !(isFields(fixed) && one === undefined)) return one;
    const names = new Set([...Object.keys(fieldsOf(one)), ...Object.keys(fieldsOf(fixed))]);
    const members = [...names].map((name): [string, unknown] => {
      const [a, b, c] = [one, kept, fixed].map((each) => fieldsOf(each)[name]);
      return [name, walk(a, b, c, `${path}.${name}`)];
    });
    const told = members.filter(([, member]) => member !== undefined);
    return told.length === 0 ? undefined : Object.fromEntries(told);
  };
  return walk(given, stored, file, settingsName);
}

const inFileWords = "is defined in the configuration file, which wins: change it there";

export function inFileError(conflicts: readonly Fault[]): GatewayError {
  const [first] = conflicts;
  const more = conflicts.length > 1 ? ` (and ${conflicts.length - 1} more)` : "";
  return new GatewayError("conflict", `${first?.path ?? "This"} ${inFileWords}.${more}`, {
    members: { errors: conflicts.map((fault) => ({ ...fault })) },
  });
}

/** Throws `conflict` when the file defines this entity. */
export function refuseInFile(file: unknown, { part, name }: { part: Part; name: string }): void {
  if (part === settingsName || !Object.hasOwn(fieldsOf(fieldsOf(file)[part]), name)) return;
  throw inFileError([{ path: `${part}.${name}`, message: inFileWords }]);
}

const secretForm = /^[^\s:]{16,}$/;

export interface Preparing {
  /** Replaces the references that values of the database may hold. */
  resolve(text: string): string;
  faults: Fault[];
}

/** As it is stored: kept secrets in their places, a key's secrets as hashes. */
export function prepareValue({ part, name, value }: Target, stored: unknown, preparing: Preparing): unknown {
  const path = `${part}.${name}`;
  if (value === undefined || part === settingsName) return value;
  if (!name.isWellFormed()) preparing.faults.push({ path, message: "needs a name of whole characters" });
  const filled = withKept(part, value, stored);
  for (const at of keptNowhere(part, filled)) {
    const message = "says to keep a stored secret, but none is stored; give the secret itself";
    preparing.faults.push({ path: `${path}.${at}`, message });
  }
  if (part !== "keys" || !isFields(filled)) return filled;
  const hash = (secret: unknown, at: string) => hashSecret(secret, { ...preparing, path: `${path}.${at}` });
  const former = fieldsOf(stored).secret;
  const { secret = former, previous, ...rest } = filled;
  return {
    ...(secret === undefined ? {} : { secret: hash(secret, "secret") }),
    ...(previous === undefined ? {} : { previous: hashPrevious(previous, hash) }),
    ...rest,
  };
}

function hashPrevious(previous: unknown, hash: (secret: unknown, at: string) => unknown): unknown {
  if (!isFields(previous)) return previous;
  return mapFields(previous, (member, name) => (name === "secret" ? hash(member, "previous.secret") : member));
}

/** What has not the form of a secret stays, for the compiler to refuse. */
function hashSecret(secret: unknown, { resolve, faults, path }: Preparing & { path: string }): unknown {
  if (typeof secret !== "string") return secret;
  const resolved = resolve(secret);
  if (resolved.includes("${")) {
    const message = `holds a reference that is not resolved here; name it in PLEXUS_CONFIG_ENV, or give the secret itself`;
    faults.push({ path, message });
  }
  return secretForm.test(resolved) ? { hash: sha256Hex(resolved), last4: resolved.slice(-4) } : resolved;
}

/** Plain data of a configuration: compared, patched, taken apart. Nothing given is changed. */

export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** Own members only, also one that is called `__proto__`. */
export function mapFields(fields: Fields, change: (member: unknown, name: string) => unknown): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, member]) => [name, change(member, name)]));
}

/** JSON Merge Patch (RFC 7396): null takes a member out. */
export function mergePatch(value: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const merged = new Map(Object.entries(fieldsOf(value)));
  for (const [name, member] of Object.entries(patch)) {
    if (member === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), member));
  }
  return Object.fromEntries(merged);
}

/** The merge patch that makes one value of another. */
export function patchTo(before: unknown, after: unknown): unknown {
  if (!isFields(before) || !isFields(after)) return after;
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  return Object.fromEntries([
    ...Object.entries(after).map(([name, member]) => [name, patchTo(memberAt(before, [name]), member)]),
    ...gone.map((name) => [name, null]),
  ]);
}

/** Laid over each other field by field. */
export function mergeFields(under: unknown, over: unknown): unknown {
  if (!isFields(under) || !isFields(over)) return over;
  const merged = new Map(Object.entries(under));
  for (const [name, value] of Object.entries(over)) {
    merged.set(name, merged.has(name) ? mergeFields(merged.get(name), value) : value);
  }
  return Object.fromEntries(merged);
}

/** Equal as JSON, whatever the order of members, but of those members whose order means something. */
export function isSame(one: unknown, other: unknown): boolean {
  return diffFields(one, other).length === 0;
}

export interface FieldChange {
  /** Names of members from the outermost on; lists are compared whole. */
  readonly path: readonly string[];
  /** Undefined where there was or is nothing. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Objects in which the order of the members counts. */
const ordered = new Set(["protocols"]);

export function diffFields(before: unknown, after: unknown, path: readonly string[] = []): FieldChange[] {
  if (!isFields(before) || !isFields(after)) {
    return canonical(before) === canonical(after) ? [] : [{ path, before, after }];
  }
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const own = (fields: Fields, name: string) => (Object.hasOwn(fields, name) ? fields[name] : undefined);
  const changes = names.flatMap((name) => diffFields(own(before, name), own(after, name), [...path, name]));
  if (changes.length > 0 || !ordered.has(path.at(-1) ?? "")) return changes;
  const isInOrder = Object.keys(before).join("\n") === Object.keys(after).join("\n");
  return isInOrder ? [] : [{ path, before, after }];
}

function canonical(value: unknown): string {
  if (value === undefined) return "";
  const sorted = (_name: string, member: unknown) =>
    isFields(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member;
  return JSON.stringify(value, sorted);
}

/** The member at a path, undefined where there is none. */
export function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (node, name) => (isFields(node) && Object.hasOwn(node, name) ? node[name] : undefined),
    value,
  );
}

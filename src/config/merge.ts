/** The file's and the database's configuration as one. */
import type { Section } from "./schema.ts";
import type { Origin, StoredPrices } from "./snapshot.ts";

/** Both in the shape of the configuration, references resolved; keys of the database with hashes for secrets. */
export interface Sources {
  readonly file?: unknown;
  readonly database?: unknown;
  /** Version of the database's configuration. */
  readonly version?: number;
  readonly prices?: StoredPrices | null;
}

export interface RawEntity {
  readonly name: string;
  readonly origin: Origin;
  readonly value: unknown;
}

const sectionNames = ["providers", "aliases", "keys", "quotas", "mcp_servers"] as const satisfies Section[];

/** The file's entities in their order, then the database's whose names the file does not define. */
export function mergeSections(sources: Sources): Record<Section, RawEntity[]> {
  const merge = (section: Section): RawEntity[] => {
    const file = fieldsOf(fieldsOf(sources.file)[section]);
    const database = fieldsOf(fieldsOf(sources.database)[section]);
    return [
      ...Object.entries(file).map(([name, value]) => ({
        name,
        origin: "file" as const,
        value: withKept(section, value, Object.hasOwn(database, name) ? database[name] : undefined),
      })),
      ...Object.entries(database)
        .filter(([name]) => !Object.hasOwn(file, name))
        .map(([name, value]) => ({ name, origin: "database" as const, value })),
    ];
  };
  const [providers, aliases, keys, quotas, mcp_servers] = sectionNames.map(merge) as [
    RawEntity[],
    RawEntity[],
    RawEntity[],
    RawEntity[],
    RawEntity[],
  ];
  return { providers, aliases, keys, quotas, mcp_servers };
}

/** Field by field, the file first. */
export function mergeSettings(sources: Sources): unknown {
  return mergeFields(fieldsOf(sources.database).settings ?? {}, fieldsOf(sources.file).settings ?? {});
}

function mergeFields(under: unknown, over: unknown): unknown {
  if (!isFields(under) || !isFields(over)) return over;
  const merged: Record<string, unknown> = { ...under };
  for (const [name, value] of Object.entries(over)) {
    merged[name] = Object.hasOwn(under, name) ? mergeFields(under[name], value) : value;
  }
  return merged;
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return isFields(value) ? value : {};
}

/** `{ keep: … }` in `value` replaced by what `stored` holds in the same place. */
export function withKept(section: Section, value: unknown, stored: unknown): unknown {
  if (!isFields(value) || !isFields(stored)) return value;
  const merged: Record<string, unknown> = { ...value };
  const fields = section === "keys" ? ["secret"] : ["api_key"];
  for (const field of fields) {
    if (isKeep(value[field]) && stored[field] !== undefined) merged[field] = stored[field];
  }
  if (isFields(value.headers) && isFields(stored.headers)) {
    const kept = stored.headers;
    merged.headers = Object.fromEntries(
      Object.entries(value.headers).map(([name, each]) => [name, isKeep(each) ? (kept[name] ?? each) : each]),
    );
  }
  if (section === "keys" && isFields(value.previous) && isFields(stored.previous) && isKeep(value.previous.secret)) {
    merged.previous = { ...value.previous, secret: stored.previous.secret };
  }
  return merged;
}

function isKeep(value: unknown): boolean {
  return isFields(value) && "keep" in value;
}

/** The file's and the database's configuration as one. */
import { fieldsOf, mergeFields } from "./fields.ts";
import type { Section } from "./schema.ts";
import { withKept } from "./secret-places.ts";
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

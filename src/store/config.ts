/** The configuration that is kept in the database: entities in the shape of the schema, sealed, under one version. */

import { namePattern } from "../config/schema/common.ts";
import type { Section } from "../config/schema.ts";
import { type EntityKind, sections } from "../config/schema.ts";
import type { StoredPrices } from "../config/snapshot.ts";
import { GatewayError } from "../model/error.ts";
import type { Sealer } from "../secrets/seal.ts";
import { type Author, addHistory } from "./config-history.ts";
import type { Database, Sql } from "./database.ts";
import { findMeta } from "./meta.ts";
import { newestPrices } from "./newest-prices.ts";
import { type Column, int } from "./rows.ts";

const versionKey = "config_version";

export type StoredKind = EntityKind | "settings";
export interface EntityId {
  kind: StoredKind;
  /** `settings` for the settings. */
  name: string;
}

export interface StoredConfig {
  version: number;
  /** As `compile` takes it: keys hold hashes, nothing is resolved. */
  database: Record<string, unknown>;
  /** The newest price list. */
  prices: StoredPrices | null;
}

export async function loadConfig(sql: Sql, sealer: Sealer): Promise<StoredConfig> {
  const version = await loadVersion(sql);
  const rows = await sql<{ kind: string; name: string; body: string }>`SELECT kind, name, body FROM entities
    ORDER BY kind, name`;
  const byKind = new Map<string, [string, unknown][]>();
  for (const { kind, name, body } of rows) {
    const value: unknown = JSON.parse(sealer.open(placeOf({ kind, name }), body));
    const entities = byKind.get(kind) ?? [];
    entities.push([name, value]);
    byKind.set(kind, entities);
  }
  const database: Record<string, unknown> = {};
  for (const [section, { kind }] of Object.entries(sections) as [Section, { kind: EntityKind }][]) {
    database[section] = Object.fromEntries(byKind.get(kind) ?? []);
  }
  const settings = byKind.get("settings")?.[0]?.[1];
  if (settings !== undefined) database.settings = settings;
  return { version, database, prices: (await newestPrices(sql)) ?? null };
}

/** Replaces the entity, or adds it. Bump the version in the same transaction. */
export async function saveEntity(sql: Sql, sealer: Sealer, entity: EntityId & { body: unknown }): Promise<void> {
  const body = sealer.seal(placeOf(entity), JSON.stringify(entity.body));
  await sql`INSERT INTO entities (kind, name, body, version, updated_at)
    VALUES (${entity.kind}, ${entity.name}, ${body}, ${1}, ${Date.now()})
    ON CONFLICT (kind, name) DO UPDATE
    SET body = excluded.body, version = entities.version + 1, updated_at = excluded.updated_at`;
}

/** The entity as the version of the configuration that is being made has it; undefined: it goes. */
export async function writeEntity(
  sql: Sql,
  sealer: Sealer,
  entity: EntityId & { body: unknown; version: number },
): Promise<void> {
  if (entity.body === undefined) {
    await deleteEntity(sql, entity);
    return;
  }
  const body = sealer.seal(placeOf(entity), JSON.stringify(entity.body));
  await sql`INSERT INTO entities (kind, name, body, version, updated_at)
    VALUES (${entity.kind}, ${entity.name}, ${body}, ${entity.version}, ${Date.now()})
    ON CONFLICT (kind, name) DO UPDATE
    SET body = excluded.body, version = excluded.version, updated_at = excluded.updated_at`;
}

export interface EntityRow extends EntityId {
  value: unknown;
  version: number;
  /** Epoch milliseconds. */
  updatedAt: number;
}

/** Every entity, by kind and name. */
export async function loadEntities(sql: Sql, sealer: Sealer): Promise<EntityRow[]> {
  const rows = await sql<{ kind: StoredKind; name: string; body: string; version: Column; updated_at: Column }>`
    SELECT kind, name, body, version, updated_at FROM entities ORDER BY kind, name`;
  return rows.map(({ kind, name, body, ...row }) => ({
    ...{ kind, name, value: JSON.parse(sealer.open(placeOf({ kind, name }), body)) as unknown },
    ...{ version: int(row.version), updatedAt: int(row.updated_at) },
  }));
}

/** False when there was none. */
export async function deleteEntity(sql: Sql, { kind, name }: EntityId): Promise<boolean> {
  const rows = await sql`DELETE FROM entities WHERE kind = ${kind} AND name = ${name} RETURNING name`;
  return rows.length > 0;
}

export async function loadVersion(sql: Sql): Promise<number> {
  return Number((await findMeta(sql, versionKey)) ?? 0);
}

/**
 * Counts the version up and returns it. With `seen`, throws `conflict` when somebody else changed the configuration
 * since that version.
 */
export async function bumpVersion(sql: Sql, seen?: number): Promise<number> {
  const rows = await sql<{ version: Column }>`UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT)
    WHERE key = ${versionKey} RETURNING CAST(value AS BIGINT) AS version`;
  const version = int(rows[0]?.version);
  if (seen !== undefined && version !== seen + 1) {
    throw new GatewayError(
      "conflict",
      "The configuration was changed by somebody else meanwhile. Load it again and repeat the change.",
    );
  }
  return version;
}

/** Makes other changes of the configuration wait until this transaction ends, and returns the version. */
export async function lockConfig(sql: Sql): Promise<number> {
  const rows = await sql<{ version: Column }>`UPDATE meta SET value = value WHERE key = ${versionKey}
    RETURNING CAST(value AS BIGINT) AS version`;
  return int(rows[0]?.version);
}

/** Adds a key of whose secret only the hash is known. Throws `conflict` when the name is taken. */
export async function createKey(
  database: Database,
  sealer: Sealer,
  key: { name: string; hash: string; last4: string; body?: Record<string, unknown>; author: Author },
): Promise<void> {
  if (!namePattern.test(key.name)) {
    throw new GatewayError(
      "invalid-request",
      "A key's name has 1 to 128 characters, none of them a control character.",
    );
  }
  const id = { kind: "key", name: key.name } as const;
  const body = { ...key.body, secret: { hash: key.hash, last4: key.last4 } };
  await database.transaction(async (sql) => {
    const version = await bumpVersion(sql);
    const rows = await sql`INSERT INTO entities (kind, name, body, version, updated_at)
      VALUES (${id.kind}, ${id.name}, ${sealer.seal(placeOf(id), JSON.stringify(body))}, ${version}, ${Date.now()})
      ON CONFLICT (kind, name) DO NOTHING RETURNING name`;
    if (rows.length === 0) throw new GatewayError("conflict", `There is a key named "${key.name}" already.`);
    const changes = [{ ...id, before: undefined, after: body }];
    await addHistory(sql, sealer, { version, author: key.author, changes });
  });
}

export interface Watch {
  /** Looks at once. */
  look(): Promise<void>;
  stop(): void;
}

/**
 * Looks for a new version every `everyMs` and tells it once. A failed look or a failed `onChange` goes to `onError`;
 * the change is told again at the next look.
 */
export function watchConfig(
  database: Database,
  from: { version: number; everyMs: number },
  tell: { onChange: (version: number) => Promise<void> | void; onError?: (error: unknown) => void },
): Watch {
  let known = from.version;
  let looking: Promise<void> | undefined;
  const lookOnce = async () => {
    try {
      const version = await loadVersion(database.sql);
      if (version === known) return;
      await tell.onChange(version);
      known = version;
    } catch (error) {
      tell.onError?.(error);
    }
  };
  const look = (): Promise<void> => {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const timer = setInterval(() => void look(), from.everyMs);
  timer.unref();
  return { look, stop: () => clearInterval(timer) };
}

function placeOf({ kind, name }: { kind: string; name: string }) {
  return { table: "entities", column: "body", row: `${kind}/${name}` };
}

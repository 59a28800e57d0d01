/** Single values by name. */
import type { Sql } from "./database.ts";

export async function findMeta(sql: Sql, key: string): Promise<string | undefined> {
  const rows = await sql<{ value: string }>`SELECT value FROM meta WHERE key = ${key}`;
  return rows[0]?.value;
}

export async function setMeta(sql: Sql, key: string, value: string): Promise<void> {
  await sql`INSERT INTO meta (key, value) VALUES (${key}, ${value}) ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
}

export async function deleteMeta(sql: Sql, key: string): Promise<void> {
  await sql`DELETE FROM meta WHERE key = ${key}`;
}

/** The stored value, or `make()` stored; of several that start at once, all get the same. `isNew`: it is ours. */
export async function ensureMeta(
  sql: Sql,
  key: string,
  make: () => string,
): Promise<{ value: string; isNew: boolean }> {
  const stored = await findMeta(sql, key);
  if (stored !== undefined) return { value: stored, isNew: false };
  const made = make();
  const rows = await sql<{ value: string }>`INSERT INTO meta (key, value) VALUES (${key}, ${made})
    ON CONFLICT (key) DO NOTHING RETURNING value`;
  if (rows.length > 0) return { value: made, isNew: true };
  return { value: (await findMeta(sql, key)) ?? made, isNew: false };
}

/** Brings the schema up to date. Safe when several processes start at once: each migration is one guarded transaction. */
import type { Migration } from "../../migrations/index.ts";
import { type Database, raw, type Sql } from "./database.ts";
import { type Column, int } from "./rows.ts";

/** Any number that is ours alone: "plexus" in ASCII. */
const lock = 0x706c65787573;

/**
 * Runs what was not run yet and returns how many that were. Throws when a migration fails (nothing of it stays), and
 * when the database was made by a newer version.
 */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<number> {
  let ran = 0;
  for (const migration of migrations) {
    const isNew = await database.transaction(async (sql) => {
      if (database.dialect === "postgres") await sql`SELECT pg_advisory_xact_lock(${lock})`;
      await sql`CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL, at BIGINT NOT NULL)`;
      return runOnce(sql, migration, migrations.at(-1)?.version ?? 0);
    });
    if (isNew) ran++;
  }
  return ran;
}

async function runOnce(sql: Sql, migration: Migration, newest: number): Promise<boolean> {
  const rows = await sql<{ version: Column }>`SELECT version FROM schema_migrations`;
  const done = rows.map((row) => int(row.version));
  const unknown = Math.max(0, ...done);
  if (unknown > newest) {
    throw new Error(
      `the database has schema ${unknown}, this program knows ${newest} at most: start the newer version of Plexus, or restore a backup`,
    );
  }
  if (done.includes(migration.version)) return false;
  for (const statement of splitStatements(migration.text)) await sql`${raw(statement)}`;
  await sql`INSERT INTO schema_migrations (version, name, at) VALUES (${migration.version}, ${migration.name}, ${Date.now()})`;
  return true;
}

/** Splits at each `;` that ends a line; comment lines are left out. */
export function splitStatements(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("--"))
    .join("\n")
    .split(/;[ \t\r]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

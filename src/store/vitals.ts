/** How the database is: its size, how fast it answers, which steps of its schema were made. */
import type { Database, Reader } from "./database.ts";
import { type Column, int } from "./rows.ts";

export interface Vitals {
  /** Null where the database does not say. */
  bytes: number | null;
  /** Milliseconds of one question, on the way of the writes and on that of people's pages. */
  writeMs: number;
  readMs: number;
}

export async function databaseVitals(database: Database, reader: Reader): Promise<Vitals> {
  const timed = async (ask: () => Promise<unknown>) => {
    const from = performance.now();
    await ask();
    return performance.now() - from;
  };
  const writeMs = await timed(() => database.sql`SELECT value FROM meta LIMIT 1`);
  const readMs = await timed(() => reader.sql`SELECT value FROM meta LIMIT 1`);
  return { bytes: await sizeOf(database, reader), writeMs, readMs };
}

async function sizeOf({ dialect }: Database, { sql }: Reader): Promise<number | null> {
  const rows =
    dialect === "sqlite"
      ? await sql<{
          bytes: Column;
        }>`SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()`
      : await sql<{ bytes: Column }>`SELECT pg_database_size(current_database()) AS bytes`;
  return rows[0] === undefined ? null : int(rows[0].bytes);
}

export interface MadeMigration {
  version: number;
  name: string;
  /** Epoch milliseconds. */
  at: number;
}

/** In their order. */
export async function madeMigrations({ sql }: Reader): Promise<MadeMigration[]> {
  const rows = await sql<{ version: Column; name: string; at: Column }>`SELECT version, name, at FROM schema_migrations
    ORDER BY version`;
  return rows.map(({ version, name, at }) => ({ version: int(version), name, at: int(at) }));
}

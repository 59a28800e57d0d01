/** A database by its URL. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Database, Reader } from "./database.ts";
import { openPostgres } from "./postgres.ts";
import { openWorkerReader } from "./reader.ts";
import { openSqlite } from "./sqlite.ts";

/**
 * `sqlite://PATH` (relative or absolute; the folder is made), `sqlite://:memory:`, `postgres://…`. Throws with words
 * for people when the URL is none of these or the file cannot be opened.
 */
export function openDatabase(url: string): Database {
  if (isPostgres(url)) return openPostgres(url);
  const path = sqlitePath(url);
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  try {
    return openSqlite(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the database ${path} cannot be opened: ${reason}`, { cause });
  }
}

/** A second way into the same database that never delays requests; in memory it is the same connection. */
export function openReader(url: string, database: Database): Reader {
  if (isPostgres(url)) return openPostgres(url, 2);
  const path = sqlitePath(url);
  return path === ":memory:" ? { sql: database.sql, close: async () => undefined } : openWorkerReader(path);
}

function isPostgres(url: string): boolean {
  return /^postgres(ql)?:\/\//.test(url);
}

/** Throws when the URL is no SQLite URL. */
export function sqlitePath(url: string): string {
  const path = /^sqlite:\/\/(.+)$/.exec(url)?.[1];
  if (path === undefined) {
    throw new Error("DATABASE_URL must be sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE");
  }
  return path;
}

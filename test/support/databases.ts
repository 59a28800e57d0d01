/** Migrated databases for tests, on each dialect that this machine has. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrations } from "../../migrations/index.ts";
import type { Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openDatabase } from "../../src/store/open.ts";
import { sharedPostgres } from "./postgres.ts";

export const dialects = ["sqlite", "postgres"] as const;
export type Dialect = (typeof dialects)[number];

export interface Bench {
  url: string;
  database: Database;
  /** An empty folder. */
  folder: string;
}

/** Runs `work` on a new database; does nothing where there is no PostgreSQL (which was printed). */
export async function withMigrated(dialect: Dialect, work: (bench: Bench) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "plexus-test-"));
  const url =
    dialect === "sqlite" ? `sqlite://${join(folder, "plexus.db")}` : await (await sharedPostgres())?.createUrl();
  if (url === undefined) return;
  const database = openDatabase(url);
  try {
    await migrate(database, migrations);
    await work({ url, database, folder });
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

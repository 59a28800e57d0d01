// The usage rows, read beside the gateway, and what of them is not as the clients saw it.
import { Database } from "bun:sqlite";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sight, Sights } from "./load.ts";

interface Row {
  id: string;
  status: number | null;
  code: string | null;
  interrupted: number;
}

/** What is wrong with the database file as a killed process left it; empty when it opens clean. Looks at a copy. */
export function integrityFaults(folder: string): string[] {
  const copy = mkdtempSync(join(tmpdir(), "plexus-copy-"));
  try {
    for (const name of ["plexus.db", "plexus.db-wal"]) {
      const path = join(folder, "data", name);
      if (existsSync(path)) copyFileSync(path, join(copy, name));
    }
    const database = new Database(join(copy, "plexus.db"));
    const found = database.query<{ integrity_check: string }, []>("PRAGMA integrity_check").all();
    database.close();
    return found.map((row) => row.integrity_check).filter((word) => word !== "ok");
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

export function readRows(folder: string): Row[] {
  const database = new Database(join(folder, "data", "plexus.db"), { readonly: true });
  try {
    return database.query<Row, []>("SELECT id, status, code, interrupted FROM requests").all();
  } finally {
    database.close();
  }
}

/** An opened line is written this long after the request came at the latest, with room for a busy machine. */
const openedWithinMs = 500;

/** What is not as it must be after a kill at `killedAt`, one line each. */
export function compare(rows: readonly Row[], sights: Sights, killedAt: number): string[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const faults = byId.size === rows.length ? [] : [`${rows.length - byId.size} ids have more than one row`];
  for (const [id, sight] of sights) {
    const fault = faultOf(byId.get(id), sight, killedAt);
    if (fault !== undefined) faults.push(`${id} (${sight.model}, ${sight.status}): ${fault}`);
  }
  return faults;
}

function faultOf(row: Row | undefined, sight: Sight, killedAt: number): string | undefined {
  if (sight.isWhole) {
    if (!row) return "it was answered, and has no row";
    if (row.interrupted !== 0) return "it was answered, and is stored as interrupted";
    if (row.status !== sight.status) return `it was answered, and its row says ${row.status}`;
    return (row.code === null) === (sight.status === 200) ? undefined : `its row has the code ${row.code}`;
  }
  if (!row) return killedAt - sight.at > openedWithinMs ? "it was opened, and has no row" : undefined;
  if (sight.model === "endless" && row.interrupted !== 1) return "it never ended, and is not stored as interrupted";
  // The close may have been kept although the last byte did not leave any more.
  return row.interrupted === 1 || row.status === sight.status ? undefined : `its row says ${row.status}`;
}

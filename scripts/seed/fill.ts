// Puts the made-up year into a database, by the store's own functions, and sums it.
import { Days } from "../../src/metering/days.ts";
import type { RequestRecord } from "../../src/model/record.ts";
import type { Database } from "../../src/store/database.ts";
import { insertRequests } from "../../src/store/requests.ts";
import { openRollups } from "../../src/store/rollups.ts";
import { type RecordOptions, seedRecords } from "./records.ts";

const batch = 2000;

export interface FillOptions extends RecordOptions {
  database: Database;
  /** Where days begin. */
  timezone: string;
  /** Told after each batch. */
  onRows?: (written: number) => void;
  onSumming?: () => void;
}

export async function fill({ database, timezone, onRows, onSumming, ...options }: FillOptions): Promise<void> {
  let written = 0;
  let gathered: RequestRecord[] = [];
  const write = async () => {
    await database.transaction((sql) => insertRequests(sql, gathered));
    written += gathered.length;
    gathered = [];
    onRows?.(written);
  };
  for (const record of seedRecords(options)) {
    gathered.push(record);
    if (gathered.length >= batch) await write();
  }
  if (gathered.length > 0) await write();
  onSumming?.();
  await sum(database, timezone);
}

/** As the gateway does it in its own time. */
async function sum(database: Database, timezone: string): Promise<void> {
  const days = new Days(() => timezone);
  const faults: unknown[] = [];
  const rollups = openRollups({
    ...{ database, reader: database, timezone: () => timezone, dayOf: (at: number) => days.of(at) },
    onError: (error) => faults.push(error),
    together: 96,
  });
  await rollups.run();
  await rollups.close();
  if (faults.length > 0) throw faults[0];
}

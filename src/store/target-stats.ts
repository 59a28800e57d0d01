/** What was measured of targets: read once at the start, written in the background. Each node keeps its own view. */
import type { JsonObject } from "../model/json.ts";
import type { Database, Sql } from "./database.ts";
import { type Column, json, toText } from "./rows.ts";

export interface TargetStat {
  /** `provider/model`. */
  target: string;
  /** Plain data. */
  kept: object;
}

/** What is so old says nothing any more. */
const keptMs = 7 * 86_400_000;

export async function readTargetStats(sql: Sql): Promise<TargetStat[]> {
  const since = Date.now() - keptMs;
  const rows = await sql<Record<string, Column>>`SELECT target, body FROM target_stats WHERE at >= ${since}`;
  return rows.map((row) => ({ target: String(row.target), kept: json(String(row.body)) as JsonObject }));
}

/** The newest wins, whichever node it is of. */
export async function writeTargetStats(database: Database, stats: readonly TargetStat[]): Promise<void> {
  const at = Date.now();
  await database.transaction(async (sql) => {
    for (const { target, kept } of stats) {
      const body = JSON.stringify(kept);
      await sql`INSERT INTO target_stats (target, at, body) VALUES (${toText(target)}, ${at}, ${body})
        ON CONFLICT (target) DO UPDATE SET at = excluded.at, body = excluded.body`;
    }
    await sql`DELETE FROM target_stats WHERE at < ${at - keptMs}`;
  });
}

export interface KeepingOptions {
  database: Database;
  /** What has changed since it was asked last. */
  takeChanged(): TargetStat[];
  onError(error: unknown): void;
  everyMs?: number;
}

/** Writes what has changed, now and then and at the end. What fails is not tried again: newer figures come. */
export function keepTargetStats({ database, takeChanged, onError, everyMs = 30_000 }: KeepingOptions) {
  let writing = Promise.resolve();
  const write = () => {
    const changed = takeChanged();
    if (changed.length > 0) writing = writing.then(() => writeTargetStats(database, changed)).catch(onError);
    return writing;
  };
  const timer = setInterval(() => void write(), everyMs);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      await write();
    },
  };
}

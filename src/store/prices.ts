/** Price lists that were loaded, whole and under numbers that count up. */
import { bumpVersion } from "./config.ts";
import type { Database, Sql } from "./database.ts";
import { newestPrices } from "./newest-prices.ts";
import { type Column, int, toText } from "./rows.ts";

export interface PriceListRow {
  version: number;
  /** When it was loaded, epoch milliseconds. */
  at: number;
  /** The day of its prices, YYYY-MM-DD. */
  date: string;
  /** The file or URL that it is from. */
  source: string;
  /** How many models the loaded list had. */
  models: number;
}

/** Newest first. */
export async function listPrices(sql: Sql): Promise<PriceListRow[]> {
  const rows = await sql<Record<keyof PriceListRow, Column>>`SELECT version, at, date, source, models
    FROM price_lists ORDER BY version DESC LIMIT 100`;
  return rows.map((row) => ({
    version: int(row.version),
    at: int(row.at),
    date: String(row.date),
    source: String(row.source),
    models: int(row.models),
  }));
}

/**
 * Adds the list that `make` gives for the one in force. Its number is returned; the configuration's version goes up with
 * it, by which running servers know.
 */
export async function addPrices(
  database: Database,
  {
    source,
    make,
  }: { source: string; make(newest: string | undefined): { date: string; models: number; text: string } },
): Promise<number> {
  return database.transaction(async (sql) => {
    // First of all, for that takes the lock on which two that come at once wait for each other.
    await bumpVersion(sql);
    const newest = await newestPrices(sql);
    const version = (newest?.version ?? 0) + 1;
    const { date, models, text } = make(newest?.text);
    await sql`INSERT INTO price_lists (version, at, date, source, models, list)
      VALUES (${version}, ${Date.now()}, ${date}, ${toText(source)}, ${models}, ${text})`;
    return version;
  });
}

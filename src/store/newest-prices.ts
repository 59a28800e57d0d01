/** The price list in force. */
import type { StoredPrices } from "../config/snapshot.ts";
import type { Sql } from "./database.ts";
import { type Column, int } from "./rows.ts";

export async function newestPrices(sql: Sql): Promise<StoredPrices | undefined> {
  const [row] = await sql<Record<"version" | "at" | "list", Column>>`SELECT version, at, list FROM price_lists
    ORDER BY version DESC LIMIT 1`;
  return row && { version: int(row.version), at: int(row.at), text: String(row.list) };
}

/** Rows of kept answers and their inputs. Bodies are sealed when encryption is on, bound to the request's id. */
import type { StoredInput, StoredPlace, StoredResponse } from "../model/stored.ts";
import type { Sealer } from "../secrets/seal.ts";
import { type Database, type Fragment, fragment, raw, type Sql, statement, type Transaction } from "./database.ts";
import { type Column, firstIdAt, int, intOrNull, toText } from "./rows.ts";

const inputPlace = (row: string) => ({ table: "stored_inputs", column: "input", row });
const responsePlace = (row: string) => ({ table: "stored_responses", column: "response", row });

const insertInput = statement`INSERT INTO stored_inputs (id, input) VALUES (${"?"}, ${"?"}) ON CONFLICT (id) DO NOTHING`;
const insertItem = statement`INSERT INTO stored_items (item_id, id) VALUES (${"?"}, ${"?"})
  ON CONFLICT (item_id, id) DO NOTHING`;
const insertResponse = statement`INSERT INTO stored_responses
  (id, at, owner, protocol, response_id, model, target, scope, last_event, response)
  VALUES (${"?"}, ${"?"}, ${"?"}, ${"?"}, ${"?"}, ${"?"}, ${"?"}, ${"?"}, ${"?"}, ${"?"}) ON CONFLICT (id) DO NOTHING`;

/** Writing one twice changes nothing. */
export async function insertStoredInputs(
  sql: Transaction,
  sealer: Sealer,
  inputs: readonly StoredInput[],
): Promise<void> {
  if (inputs.length === 0) return;
  const rows = inputs.map(({ requestId, input }) => [requestId, sealer.seal(inputPlace(requestId), input)]);
  await sql.each(insertInput, rows);
}

/** Writing one twice changes nothing. */
export async function insertStoredResponses(
  sql: Transaction,
  sealer: Sealer,
  responses: readonly StoredResponse[],
): Promise<void> {
  if (responses.length === 0) return;
  const rows = responses.map((one) => [
    ...[one.requestId, one.at, toText(one.owner), one.protocol, toText(one.id), toText(one.model)],
    ...[toText(one.target), toText(one.scope), one.lastEvent],
    sealer.seal(responsePlace(one.requestId), one.response),
  ]);
  await sql.each(insertResponse, rows);
  const items = responses.flatMap(({ requestId, items }) => (items ?? []).map((item) => [toText(item), requestId]));
  if (items.length > 0) await sql.each(insertItem, items);
}

/** Made at `since` (epoch milliseconds) or later. Of several with one id, which some providers make, the newest. */
export async function findStoredResponse(
  sql: Sql,
  sealer: Sealer,
  { place, since }: { place: StoredPlace; since: number },
): Promise<StoredResponse | undefined> {
  return find(sql, sealer, { place, since, which: fragment`response_id = ${toText(place.id)}` });
}

/** The newest one that holds the item with the id of the place. */
export async function findHolder(
  sql: Sql,
  sealer: Sealer,
  { place, since }: { place: StoredPlace; since: number },
): Promise<StoredResponse | undefined> {
  const which = fragment`id IN (SELECT id FROM stored_items WHERE item_id = ${toText(place.id)})`;
  return find(sql, sealer, { place, since, which });
}

async function find(
  sql: Sql,
  sealer: Sealer,
  { place, since, which }: { place: StoredPlace; since: number; which: Fragment },
): Promise<StoredResponse | undefined> {
  const [row] = await sql<Record<string, Column>>`SELECT id, at, response_id, model, target, scope, last_event, response
    FROM stored_responses WHERE ${which} AND owner = ${toText(place.owner)}
    AND protocol = ${place.protocol} AND at >= ${since} ORDER BY id DESC LIMIT 1`;
  if (!row) return undefined;
  const requestId = String(row.id);
  const items = await sql<{
    item_id: string;
  }>`SELECT item_id FROM stored_items WHERE id = ${requestId} ORDER BY item_id`;
  return {
    ...{ requestId, at: int(row.at), owner: place.owner, protocol: place.protocol, id: String(row.response_id) },
    ...(items.length === 0 ? {} : { items: items.map((item) => item.item_id) }),
    ...{ model: String(row.model), target: String(row.target), scope: String(row.scope) },
    lastEvent: intOrNull(row.last_event),
    response: sealer.open(responsePlace(requestId), String(row.response)),
  };
}

export async function findStoredInput(sql: Sql, sealer: Sealer, requestId: string): Promise<string | undefined> {
  const [row] = await sql<{ input: string }>`SELECT input FROM stored_inputs WHERE id = ${requestId}`;
  return row && sealer.open(inputPlace(requestId), row.input);
}

/** The answers of a place with their inputs; returns when they were made. */
export async function deleteStoredResponse(sql: Sql, place: StoredPlace): Promise<number[]> {
  const rows = await sql<{ id: string; at: Column }>`DELETE FROM stored_responses
    WHERE response_id = ${toText(place.id)} AND owner = ${toText(place.owner)} AND protocol = ${place.protocol}
    RETURNING id, at`;
  for (const { id } of rows) {
    await deleteStoredInput(sql, id);
    await sql`DELETE FROM stored_items WHERE id = ${id}`;
  }
  return rows.map((row) => int(row.at));
}

export async function deleteStoredInput(sql: Sql, requestId: string): Promise<void> {
  await sql`DELETE FROM stored_inputs WHERE id = ${requestId}`;
}

/** At most `limit` rows of each table that arrived before a time; returns how many those were at most. */
export async function deleteExpired(
  { sql, dialect }: Database,
  { before, limit }: { before: number; limit: number },
): Promise<number> {
  const first = firstIdAt(before);
  let most = 0;
  for (const table of ["stored_responses", "stored_inputs", "stored_items"].map(raw)) {
    const rows = await sql`DELETE FROM ${table} WHERE id IN
      (SELECT id FROM ${table} WHERE id < ${first} ORDER BY id LIMIT ${limit}) RETURNING id`;
    most = Math.max(most, rows.length);
  }
  // The file shrinks with its content, a little at each step.
  if (most > 0 && dialect === "sqlite") await sql`PRAGMA incremental_vacuum(512)`;
  return most;
}

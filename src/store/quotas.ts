/** The ledger of quotas in the database, and the reservations of processes that share it. */
import type { Charge, CounterQuery, CounterState, QuotaStore, Recount, SlotSum } from "../model/quota.ts";
import {
  type Database,
  type Fragment,
  fragment,
  list,
  type Reader,
  raw,
  type Sql,
  statement,
  type Transaction,
} from "./database.ts";
import { type Column, firstIdAt, flag, int, toText } from "./rows.ts";

/** A reservation holds for so long after its process last said that it lives. */
const leaseMs = 60_000;
/** Charges stay for longer than any window and any journal. */
const retentionMs = 40 * 86_400_000;
const pruneRows = 500;
const pruneMs = 20;
/** Requests that arrived so long before a window may have ended in it. */
const longestRequestMs = 86_400_000;

const addCharge = statement`INSERT INTO quota_charges (request_id, counter, slot, amount, interrupted)
  VALUES (${"?"}, ${"?"}, ${"?"}, ${"?"}, ${"?"})`;
const dropCharges = statement`DELETE FROM quota_charges WHERE request_id = ${"?"}`;
const addToSlot = statement`INSERT INTO quota_slots (counter, slot, amount) VALUES (${"?"}, ${"?"}, ${"?"})
  ON CONFLICT (counter, slot) DO UPDATE SET amount = quota_slots.amount + excluded.amount`;
const hold = statement`INSERT INTO quota_counters (counter, touched) VALUES (${"?"}, ${"?"})
  ON CONFLICT (counter) DO UPDATE SET touched = excluded.touched`;
const dropReservations = statement`DELETE FROM quota_reservations WHERE request_id = ${"?"}`;
const addReservation = statement`INSERT INTO quota_reservations (request_id, counter, at, amount, until, ended)
  VALUES (${"?"}, ${"?"}, ${"?"}, ${"?"}, ${"?"}, 0)`;
const correct = statement`UPDATE quota_reservations SET amount = ${"?"}, ended = 1
  WHERE request_id = ${"?"} AND counter = ${"?"}`;
const renew = statement`UPDATE quota_reservations SET until = ${"?"} WHERE request_id = ${"?"}`;

export function createQuotaStore({ sql, transaction }: Database, reader: Pick<Reader, "sql">): QuotaStore {
  return {
    load: (since) => loadSlots(sql, since),
    reserve: (counters, decide) =>
      transaction(async (inside) => {
        await holdCounters(
          inside,
          counters.map(({ id }) => id),
        );
        const { reserved, decided } = decide(await readCounters(inside, counters));
        const until = Date.now() + leaseMs;
        const rows = reserved.map((one) => [one.requestId, toText(one.counter), one.at, one.amount, until]);
        await inside.each(addReservation, rows);
        return decided;
      }),
    correct: (ended) =>
      transaction(async (inside) => {
        const given = ended.flatMap(({ requestId, held }) => (held.length === 0 ? [[requestId]] : []));
        await inside.each(dropReservations, given);
        const rows = ended.flatMap(({ requestId, held }) =>
          held.map(({ counter, amount }) => [amount, requestId, toText(counter)]),
        );
        await inside.each(correct, rows);
      }),
    async keep(requestIds) {
      const now = Date.now();
      const rows = requestIds.map((id) => [now + leaseMs, id]);
      if (rows.length > 0) await transaction((inside) => inside.each(renew, rows));
      await sql`DELETE FROM quota_reservations WHERE until < ${now - leaseMs}`;
      await prune(sql, now - retentionMs);
    },
    async adjust(recounts, to) {
      const changes: SlotSum[] = [];
      for (const recount of recounts) changes.push(...(await changesOf(reader.sql, recount, to)));
      const rows = changes.map(({ counter, slot, amount }) => [toText(counter), slot, amount]);
      await transaction((inside) => inside.each(addToSlot, rows));
      return changes;
    },
  };
}

/** One process after the other, always in the same order: nobody waits for somebody who waits for him. */
async function holdCounters(sql: Transaction, counters: readonly string[]): Promise<void> {
  const now = Date.now();
  const ids = [...new Set(counters)].sort();
  await sql.each(
    hold,
    ids.map((id) => [toText(id), now]),
  );
}

type SlotRow = Record<"counter" | "slot" | "amount", Column>;

async function loadSlots(sql: Sql, since: number): Promise<SlotSum[]> {
  const rows = await sql<SlotRow>`SELECT counter, slot, amount FROM quota_slots WHERE slot >= ${since}`;
  return rows.map(sumOf);
}

function sumOf({ counter, slot, amount }: SlotRow): SlotSum {
  return { counter: String(counter), slot: int(slot), amount: int(amount) };
}

/** One statement: every round trip is waited for by all who reserve. */
async function readCounters(sql: Sql, counters: readonly CounterQuery[]): Promise<Map<string, CounterState>> {
  const state = new Map<string, CounterState>(
    counters.map(({ id }) => [id, { slots: new Map(), reserved: 0, ended: 0 }]),
  );
  if (counters.length === 0) return state;
  const inWindow = counters.map(({ id, since }) => fragment`counter = ${toText(id)} AND slot >= ${since}`);
  const held = counters.map(({ id, reservedSince }) => fragment`counter = ${toText(id)} AND at >= ${reservedSince}`);
  const rows = await sql<SlotRow & { ended: Column }>`SELECT counter, slot, amount, -1 AS ended FROM quota_slots
    WHERE ${anyOf(inWindow)}
    UNION ALL SELECT counter, 0 AS slot, CAST(sum(amount) AS BIGINT) AS amount, ended FROM quota_reservations
    WHERE until > ${Date.now()} AND (${anyOf(held)}) GROUP BY counter, ended`;
  for (const row of rows) {
    const { counter, slot, amount } = sumOf(row);
    const found = state.get(counter);
    const ended = int(row.ended);
    if (found && ended < 0) found.slots.set(slot, amount);
    else if (found) found[ended === 0 ? "reserved" : "ended"] = amount;
  }
  return state;
}

function anyOf(conditions: readonly Fragment[]): Fragment {
  return conditions.map((one) => fragment`(${one})`).reduce((all, one) => fragment`${all} OR ${one}`);
}

/** Requests that ended. Each counts once, whoever stores it and how often; a better word of it replaces the first. */
export interface Charged {
  id: string;
  charges: readonly Charge[];
  /** The process ended before the request: what it came to is not known. */
  interrupted: boolean;
}

/** Inside the transaction that stores their usage rows, and before that. Reservations end where they are counted. */
export async function insertCharges(sql: Transaction, records: readonly Charged[]): Promise<void> {
  const ids = records.map(({ id }) => id);
  const before = await storedCharges(sql, ids);
  await holdCounters(
    sql,
    [...records.flatMap(({ charges }) => charges), ...before].map(({ counter }) => counter),
  );
  const stored = Map.groupBy(await storedCharges(sql, ids), ({ requestId }) => requestId);
  const ended = await endedOnes(sql, records);
  const counting = records.filter(({ id, interrupted }) => {
    const known = stored.get(id) ?? [];
    return !ended.has(id) && (interrupted ? known.length === 0 : known.every((charge) => charge.interrupted));
  });
  const sums = new Sums();
  for (const { id } of counting) for (const charge of stored.get(id) ?? []) sums.add(charge, -1);
  for (const { charges } of counting) for (const charge of charges) sums.add(charge, 1);
  await sql.each(
    dropCharges,
    counting.filter(({ id }) => stored.has(id)).map(({ id }) => [id]),
  );
  await sql.each(
    addCharge,
    counting.flatMap(({ id, charges, interrupted }) =>
      charges.map((one) => [id, toText(one.counter), one.slot, one.amount, interrupted ? 1 : 0]),
    ),
  );
  await sql.each(addToSlot, sums.rows());
  await sql.each(
    dropReservations,
    ids.map((id) => [id]),
  );
}

interface StoredCharge extends Charge {
  requestId: string;
  interrupted: boolean;
}

async function storedCharges(sql: Sql, ids: readonly string[]): Promise<StoredCharge[]> {
  const rows = await sql<SlotRow & { request_id: string; interrupted: Column }>`SELECT request_id, counter, slot,
    amount, interrupted FROM quota_charges WHERE request_id IN (${list(ids)})`;
  return rows.map((row) => ({ ...sumOf(row), requestId: row.request_id, interrupted: flag(row.interrupted) }));
}

/** Of those that are told as interrupted, the ones whose end is known better. */
async function endedOnes(sql: Sql, records: readonly Charged[]): Promise<Set<string>> {
  const ids = records.filter(({ interrupted }) => interrupted).map(({ id }) => id);
  if (ids.length === 0) return new Set();
  const rows = await sql<{ id: string }>`SELECT id FROM requests WHERE id IN (${list(ids)}) AND interrupted = 0`;
  return new Set(rows.map(({ id }) => id));
}

/** By counter and slot: one write for each, however many requests count in it. */
class Sums {
  private readonly sums = new Map<string, SlotSum>();

  add({ counter, slot, amount }: Charge, times: 1 | -1): void {
    const place = `${slot} ${counter}`;
    const sum = this.sums.get(place) ?? { counter, slot, amount: 0 };
    sum.amount += times * amount;
    this.sums.set(place, sum);
  }

  rows(): (string | number)[][] {
    return [...this.sums.values()].map(({ counter, slot, amount }) => [toText(counter), slot, amount]);
  }
}

/**
 * What makes the slots of a counter what they should be. Rows and slots are read in one statement and always grow together:
 * what is counted meanwhile is in both or in neither.
 */
async function changesOf(sql: Sql, recount: Recount, to: "nothing" | "rows"): Promise<SlotSum[]> {
  const { counter, since } = recount;
  const slots = fragment`SELECT slot, -amount AS amount FROM quota_slots WHERE counter = ${toText(counter)} AND slot >= ${since}`;
  const both = fragment`${slots} UNION ALL ${to === "nothing" ? endedOf(recount) : rowsOf(recount)}`;
  const rows =
    await sql<SlotRow>`SELECT slot, CAST(sum(amount) AS BIGINT) AS amount FROM (${both}) AS each_slot GROUP BY slot`;
  return rows.map((row) => sumOf({ ...row, counter })).filter(({ amount }) => amount !== 0);
}

/** What ended in another process and will be counted when it stores its rows. */
function endedOf({ counter, since, slotMs }: Recount): Fragment {
  const slot = slotMs === null ? fragment`CAST(${since} AS BIGINT)` : fragment`at - at % CAST(${slotMs} AS BIGINT)`;
  return fragment`SELECT ${slot} AS slot, -amount AS amount FROM quota_reservations
    WHERE counter = ${toText(counter)} AND ended = 1 AND until > ${Date.now()}`;
}

/** Requests count when they came, tokens and money when they were known. */
function rowsOf({ unit, keys, since, slotMs }: Recount): Fragment {
  const ended = raw("(at + COALESCE(total_ms, 0))");
  const when = unit === "requests" ? raw("at") : ended;
  const slot =
    slotMs === null ? fragment`CAST(${since} AS BIGINT)` : fragment`${when} - ${when} % CAST(${slotMs} AS BIGINT)`;
  const amount = {
    requests: raw("counted"),
    tokens: raw("COALESCE(tokens_input, 0) + COALESCE(tokens_output, 0)"),
    cost: raw("COALESCE(cost_nano, 0)"),
  }[unit];
  const named = keys.length === 0 ? raw("1 = 0") : fragment`key_name IN (${list(keys.map((key) => toText(key)))})`;
  return fragment`SELECT ${slot} AS slot, ${amount} AS amount FROM requests
    WHERE id >= ${firstIdAt(since - longestRequestMs)} AND ${named} AND ${when} >= ${since}`;
}

/** In steps: between two of them others write. */
async function prune(sql: Sql, before: number): Promise<void> {
  await sql`DELETE FROM quota_slots WHERE slot < ${before}`;
  for (;;) {
    const gone = await sql`DELETE FROM quota_charges WHERE request_id IN
      (SELECT request_id FROM quota_charges WHERE request_id < ${firstIdAt(before)} ORDER BY request_id LIMIT ${pruneRows})
      RETURNING counter`;
    if (gone.length < pruneRows) return;
    await Bun.sleep(pruneMs);
  }
}

// What of the ledger of quotas does not agree with the usage rows. Its processes have ended.
import type { Database } from "../../src/store/database.ts";

interface Expected {
  /** Ids of requests that were answered by an upstream, as their clients saw. */
  answered: ReadonlySet<string>;
  /** Names of the keys that share their quotas. */
  shared: readonly string[];
}

type Row = Record<string, string | number | null>;

/** One line each; empty when every request counts once. */
export async function ledgerFaults({ sql }: Database, { answered, shared }: Expected): Promise<string[]> {
  const slots = sums(
    await sql<Row>`SELECT counter, CAST(sum(amount) AS BIGINT) AS amount FROM quota_slots GROUP BY counter`,
  );
  const charges = sums(
    await sql<Row>`SELECT counter, CAST(sum(amount) AS BIGINT) AS amount FROM quota_charges GROUP BY counter`,
  );
  const rows =
    await sql<Row>`SELECT id, key_name, counted, interrupted, tokens_input, tokens_output, cost_nano FROM requests`;
  const wanted = new Map<string, number>();
  for (const row of rows) {
    if (row.key_name === null) continue;
    const isShared = shared.includes(String(row.key_name));
    const amounts = {
      requests: Number(row.counted),
      tokens: Number(row.tokens_input ?? 0) + Number(row.tokens_output ?? 0),
      cost: Number(row.cost_nano ?? 0),
    };
    for (const [unit, amount] of Object.entries(amounts)) {
      const counter = `${isShared ? "shared-" : ""}${unit} ${unit} monthly - ${isShared ? "*" : `=${row.key_name}`}`;
      if (amount > 0) wanted.set(counter, (wanted.get(counter) ?? 0) + amount);
    }
  }
  const faults: string[] = [];
  for (const counter of new Set([...wanted.keys(), ...slots.keys(), ...charges.keys()])) {
    const told = [wanted, slots, charges].map((sum) => sum.get(counter) ?? 0);
    if (new Set(told).size > 1) faults.push(`${counter}: rows ${told[0]}, ledger ${told[1]}, charges ${told[2]}`);
  }
  const known = new Map(rows.map((row) => [String(row.id), Number(row.counted)]));
  for (const id of answered)
    if (known.get(id) !== 1) faults.push(`${id} was answered, and is counted ${known.get(id)} times`);
  const left = await sql<Row>`SELECT request_id FROM quota_reservations WHERE until > ${Date.now() + 60_000}`;
  if (left.length > 0) faults.push(`${left.length} reservations are left for ever`);
  if (wanted.size < 6) faults.push(`only ${[...wanted.keys()].join(", ")} counted anything`);
  return faults;
}

function sums(rows: readonly Row[]): Map<string, number> {
  return new Map(rows.map(({ counter, amount }) => [String(counter), Number(amount)]));
}

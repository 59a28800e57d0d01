/** Prices usage rows anew: those whose price was unknown when they were written, or all. In steps, oldest first. */
import type { TokenCounts } from "../model/record.ts";
import type { Tariff } from "../model/tariff.ts";
import { usageOf } from "../model/usage-parts.ts";
import { type Database, fragment, none, type Reader, type SqlValue, statement } from "./database.ts";
import { partsColumn, type RequestRow, tokensOf } from "./requests.ts";
import { markStale } from "./rollups.ts";
import { firstIdAt, int, intOrNull } from "./rows.ts";

export interface RecomputeOptions {
  /** All rows, or those of which no price is known. */
  rows: "unknown" | "all";
  /** Epoch milliseconds; the end is not included. */
  since?: number;
  until?: number;
}

/** Rows so far. */
export interface Recomputed {
  looked: number;
  /** Of them, those that have a price now. */
  priced: number;
}

export interface RecomputeDeps {
  /** Reads go where they hold up no request. */
  reader: Pick<Reader, "sql">;
  database: Pick<Database, "transaction">;
  /** Of a `provider/model`. */
  priceOf(target: string): Tariff | undefined;
  /** Told after each step. */
  onStep?(so: Recomputed): void;
}

const step = 250;
/** Between two steps others write. */
const pauseMs = 5;
const update = statement`UPDATE requests SET cost_nano = ${"?"}, cost_computed_nano = ${"?"}, price_version = ${"?"}
  WHERE id = ${"?"}`;

/** A row whose price is not known now stays as it is. What a provider reported stays the cost. */
export async function recomputeCosts(deps: RecomputeDeps, options: RecomputeOptions): Promise<Recomputed> {
  const so: Recomputed = { looked: 0, priced: 0 };
  const which = options.rows === "all" ? none : fragment`AND cost_computed_nano IS NULL`;
  const until = options.until === undefined ? none : fragment`AND id < ${firstIdAt(options.until)}`;
  let after = firstIdAt(options.since ?? 0);
  for (;;) {
    const rows = await deps.reader.sql<RequestRow>`SELECT id, at, target, tokens_input, tokens_output, tokens_reasoning,
      tokens_cache_read, tokens_cache_write, tokens_estimated, cost_reported_nano, usage_parts FROM requests
      WHERE id > ${after} ${until} ${which} AND tokens_input IS NOT NULL AND target IS NOT NULL
      ORDER BY id LIMIT ${step}`;
    const priced = rows.flatMap((row) => pricedRow(row, deps) ?? []);
    if (priced.length > 0) {
      await deps.database.transaction(async (sql) => {
        await sql.each(update, priced);
        await markStale(
          sql,
          rows.map(({ at }) => int(at)),
        );
      });
    }
    so.looked += rows.length;
    so.priced += priced.length;
    deps.onStep?.({ ...so });
    if (rows.length < step) return so;
    after = String(rows.at(-1)?.id);
    await Bun.sleep(pauseMs);
  }
}

/** The values of the update. */
function pricedRow(row: RequestRow, { priceOf }: RecomputeDeps): SqlValue[][] | undefined {
  const tokens: TokenCounts | null = tokensOf(row);
  const price = priceOf(String(row.target));
  const computed = tokens && price?.costOf(usageOf(tokens, partsColumn(row)), int(row.at));
  if (!price || computed === null || computed === undefined) return undefined;
  return [[intOrNull(row.cost_reported_nano) ?? computed, computed, price.version, String(row.id)]];
}

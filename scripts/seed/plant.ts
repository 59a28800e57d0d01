// Opens the database that is meant, refuses one that is in use, and leaves it ready for a start.
import { resolve } from "node:path";
import { openStore } from "../../src/app.ts";
import { loadSnapshot } from "../../src/cli/configuration.ts";
import { openEditor } from "../../src/cli/editing.ts";
import { readOptions } from "../../src/cli/options.ts";
import { createLiveConfig } from "../../src/config/live.ts";
import type { Snapshot } from "../../src/config/snapshot.ts";
import { createLog } from "../../src/kit/log.ts";
import { loadConfig } from "../../src/store/config.ts";
import { openQuotas, type Store } from "../../src/wiring/openings.ts";
import { fill } from "./fill.ts";
import { type ConfigOptions, seedConfig } from "./world.ts";

export interface PlantOptions extends ConfigOptions {
  rows: number;
  seed: number;
  /** Epoch milliseconds. */
  until: number;
  /** Add to what is there. */
  force: boolean;
  /** Folder of a SQLite database. */
  data?: string | undefined;
  database?: string | undefined;
  environment: Record<string, string | undefined>;
  say(line: string): void;
  progress(done: number, all: number, perSecond: number): void;
}

/** Rejects with words for people when the database has requests and nothing says that it may. */
export async function plant(options: PlantOptions): Promise<void> {
  const { rows, seed, until, force, data, say, progress } = options;
  const chosen = data === undefined ? {} : { DATA_DIR: resolve(data), DATABASE_URL: undefined };
  const environment = { ...options.environment, ...chosen };
  const read = readOptions(environment);
  const databaseUrl = options.database ?? read.databaseUrl;
  const places = { ...read, databaseUrl };
  const store = await openStore(places);
  try {
    const isUsed = (await store.database.sql`SELECT id FROM requests LIMIT 1`).length > 0;
    if (isUsed && !force) {
      throw new Error(
        `${databaseUrl.replace(/\/\/[^@/]*@/, "//…@")} has requests already. Name an empty one with --data or --database, or add to it with --force.`,
      );
    }
    const snapshot = await configured(store, { ...options, places, environment });
    const began = performance.now();
    const onRows = (done: number) => progress(done, rows, (1000 * done) / (performance.now() - began));
    const onSumming = () => say("Summing usage …");
    await fill({
      ...{ database: store.database, timezone: snapshot.settings.timezone },
      rows,
      seed,
      until,
      onRows,
      onSumming,
    });
    await countQuotas(store, snapshot);
    if (store.database.dialect === "postgres") await store.database.sql`VACUUM ANALYZE`;
    say(`Done in ${Math.round((performance.now() - began) / 1000)} s. Start Plexus on it: ${startLine(options)}`);
    say("The first start prints ADMIN_KEY, with which you sign in at /console.");
  } finally {
    await store.database.close();
  }
}

function startLine({ data, database }: PlantOptions): string {
  if (database !== undefined) return "DATABASE_URL=(the same) npm start";
  return data === undefined ? "npm start" : `DATA_DIR=${data} npm start`;
}

interface Configuring extends ConfigOptions {
  places: ReturnType<typeof readOptions>;
  environment: PlantOptions["environment"];
  say: PlantOptions["say"];
}

/** The configuration that is in the database; the one that fits the rows where there is none. */
async function configured(store: Store, { places, environment, say, ...options }: Configuring): Promise<Snapshot> {
  const { database, sealer } = store;
  const isEmpty = (await database.sql`SELECT name FROM entities LIMIT 1`).length === 0;
  if (isEmpty) {
    const editor = openEditor({ store, options: places, environment });
    await editor.apply(seedConfig(options), { actor: "cli", origin: "seed" });
    say("Wrote a demo configuration: providers that nobody can reach, aliases, keys and quotas.");
  } else say("The configuration that is there stays.");
  const stored = await loadConfig(database.sql, sealer);
  return loadSnapshot({ environment, only: places.configNames, stored });
}

/** What the rows say of the quotas that are configured. */
async function countQuotas(store: Store, snapshot: Snapshot): Promise<void> {
  const log = createLog({ level: "error", format: "text", redact: (text) => text, write: () => undefined });
  const parts = { config: createLiveConfig(snapshot), log, store, reader: store.database };
  const ledger = await openQuotas(parts);
  for (const quota of snapshot.quotas.values()) await ledger.recount(snapshot, quota, { to: "rows" });
  await ledger.close();
}

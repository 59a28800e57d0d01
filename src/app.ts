/** The composition root: opens what lives long, hands it to the rooms, and closes it in order. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { migrations } from "../migrations/index.ts";
import { version } from "../package.json";
import { buildJsonSchema } from "./config/json-schema.ts";
import { createAuthenticate } from "./config/keys.ts";
import { createLiveConfig, type LiveConfig } from "./config/live.ts";
import type { Snapshot } from "./config/snapshot.ts";
import { type Console, createConsole } from "./console/index.ts";
import { Backgrounds } from "./gateway/background.ts";
import { Describer } from "./gateway/describe.ts";
import type { Gateway } from "./gateway/gateway.ts";
import { priceOfTarget } from "./gateway/prices.ts";
import { Refusals } from "./gateway/refusals.ts";
import { requestLog } from "./gateway/request-log.ts";
import { createRoutingMemory } from "./gateway/routing.ts";
import { createSlots } from "./gateway/slots.ts";
import type { AdminDeps } from "./http/admin.ts";
import type { CooldownDeps } from "./http/cooldowns.ts";
import type { PricesDeps } from "./http/prices.ts";
import type { QuotaDeps } from "./http/quotas.ts";
import { createServer } from "./http/server.ts";
import { type Ballast, createBallast } from "./kit/ballast.ts";
import { sha256Hex } from "./kit/hash.ts";
import type { Log } from "./kit/log.ts";
import { createScratch } from "./kit/scratch.ts";
import { createSweep } from "./kit/sweep.ts";
import { Calibration } from "./metering/calibration.ts";
import { joinLists, readList, writeList } from "./metering/price-list.ts";
import { readPriceList } from "./metering/price-source.ts";
import { createPriceOf, listsInForce } from "./metering/pricing.ts";
import { Ledger } from "./metering/quotas/ledger.ts";
import type { JsonObject } from "./model/json.ts";
import { compactingWires, countWires, embeddingWires, protocols } from "./protocols/index.ts";
import { fetchTransport } from "./providers/call.ts";
import { createDemoTransport, demoScheme } from "./providers/demo/transport.ts";
import { createTargetFacts } from "./providers/facts.ts";
import { Cooldowns } from "./routing/cooldowns/cooldowns.ts";
import { clearCooldowns, forgetGone, listCooldowns } from "./routing/cooldowns/upkeep.ts";
import type { KeptStanding } from "./routing/standing.ts";
import type { Sealer } from "./secrets/seal.ts";
import { openSecrets } from "./store/canary.ts";
import { type OpenCooldownStore, openCooldownStore } from "./store/cooldowns.ts";
import type { Database, Reader } from "./store/database.ts";
import { openDescriptionStore } from "./store/descriptions.ts";
import { openTurnStore } from "./store/kept-turns.ts";
import { ensureMeta } from "./store/meta.ts";
import { migrate } from "./store/migrate.ts";
import { openDatabase, openReader } from "./store/open.ts";
import { addPrices, listPrices } from "./store/prices.ts";
import { createQuotaStore } from "./store/quotas.ts";
import { createRecomputeJob } from "./store/recompute-job.ts";
import { countRequests, findRequest, recentRequests, requestToJson } from "./store/requests.ts";
import { openResponseStore } from "./store/stored-responses.ts";
import { keepTargetStats, readTargetStats } from "./store/target-stats.ts";
import { startWriter, type Writer } from "./store/writer.ts";

export interface Store {
  database: Database;
  sealer: Sealer;
}

/** Where everything is, as the process was told. */
export interface Places {
  host: string;
  port: number;
  dataDir: string;
  databaseUrl: string;
  encryptionKey?: string;
}

/** Opens the database, brings it up to date and checks the encryption key. Rejects with words for the operator. */
export async function openStore(options: Omit<Places, "host" | "port">): Promise<Store> {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const database = openDatabase(options.databaseUrl);
  try {
    await migrate(database, migrations);
    return { database, sealer: await openSecrets(database, options.encryptionKey) };
  } catch (error) {
    await database.close().catch(() => undefined);
    throw error;
  }
}

export interface AppOptions {
  options: Places;
  store: Store;
  snapshot: Snapshot;
  /** SHA-256 (hex) of the admin key. */
  adminHash: string;
  log: Log;
}

export interface App {
  url: string;
  readonly ballast: Ballast;
  /** Puts a new configuration in force for the next request. */
  swap(snapshot: Snapshot): void;
  /** No new requests; running ones finish within the time, then everything is closed. */
  close(graceMs: number): Promise<void>;
}

export async function startApp({ options, store, snapshot, adminHash, log }: AppOptions): Promise<App> {
  const config = createLiveConfig(snapshot);
  const sweep = createSweep();
  const writer = await startWriter({
    database: store.database,
    dir: join(options.dataDir, "journal"),
    onError: (error) => log.error("usage rows could not be stored yet; they are safe in the journal", { error }),
  });
  const reader = openReader(options.databaseUrl, store.database);
  const kept = { ...keepFor({ config, log, store, reader }), quotas: await openQuotas({ log, store, reader }) };
  const running = { count: 0 };
  const { cooldowns, ...cooling } = await openCooldowns({ config, log, store, reader });
  const { close: closeRouting, ...routed } = await openRouting({ config, log, store, reader });
  const gateway: Gateway = {
    config,
    protocols,
    embeddingWires,
    countWires,
    authenticate: createAuthenticate(),
    ...routed,
    transport: openTransport(),
    observers: [writer, counter(running), requestLog(log)],
    log,
    sweep,
    cooldowns,
    ...kept,
    ...ofThisProcess(),
    sealKey: await sealKey(store),
    random: Math.random,
  };
  let isDraining = false;
  const isAdmin = (key: string) => sha256Hex(key) === adminHash;
  const server = createServer({
    gateway,
    config,
    log,
    configSchema: buildJsonSchema(),
    isAdmin,
    console: openConsole({ config, log, store, isAdmin, reader }),
    isDraining: () => isDraining,
    isReady: async () => void (await store.database.sql`SELECT value FROM meta LIMIT 1`),
    ...{ ...requestReads(reader, writer), ...cooling.reads, ...openPrices({ config, log, store, reader }, gateway) },
  });
  server.listen({ hostname: options.host, port: options.port });
  const stores = [cooling, { close: closeRouting }, writer, ...Object.values(kept), reader, store.database];
  return {
    ballast: createBallast(),
    url: snapshot.settings.publicUrl ?? `http://${urlHost(options.host)}:${server.server?.port ?? options.port}`,
    swap: (next) => config.swap(next),
    async close(graceMs) {
      isDraining = true;
      const stopped = server.server?.stop(false);
      await idle(running, graceMs);
      await Promise.race([stopped, Bun.sleep(250)]);
      await server.server?.stop(true);
      sweep.stop();
      await closeStore(stores);
    },
  };
}

interface Parts {
  config: LiveConfig;
  log: Log;
  store: Store;
  reader: Reader;
}

/** What begins anew with each process. */
function ofThisProcess(): Pick<
  Gateway,
  "scratch" | "slots" | "backgrounds" | "calibration" | "describer" | "refusals"
> {
  return {
    scratch: createScratch(),
    slots: createSlots(),
    backgrounds: new Backgrounds(),
    describer: new Describer(),
    refusals: new Refusals(),
    calibration: new Calibration(),
  };
}

/** What is kept of answers: those that their client may read again, the seals of all, and what images show. */
function keepFor({ config, log, store, reader }: Parts) {
  return {
    descriptions: openDescriptionStore({
      ...store,
      reader,
      retentionMs: () => config.current().settings.vision.cacheMs,
      onError: (error) => log.error("descriptions of images could not be kept or read", { error }),
    }),
    stored: openResponseStore({
      ...store,
      reader,
      retentionMs: () => config.current().settings.responses.retentionMs,
      onError: (error) => log.error("answers could not be kept, or not yet", { error }),
    }),
    turns: openTurnStore({
      ...store,
      reader,
      retentionMs: () => config.current().settings.seals.retentionMs,
      onError: (error) => log.error("seals of answers could not be kept, or not yet", { error }),
    }),
  };
}

/** What the management API shows of requests. */
function requestReads({ sql }: Reader, writer: Writer): Omit<AdminDeps & QuotaDeps, "configSchema" | "gateway"> {
  return {
    flushUsage: () => writer.flush(),
    listRequests: async (page) => {
      const { data, next } = await recentRequests(sql, page);
      return { data: data.map(requestToJson), next };
    },
    findRequest: async (id) => {
      const found = await findRequest(sql, id);
      return found && requestToJson(found);
    },
  };
}

/** The network, or for its addresses the provider inside this process. */
function openTransport(): Gateway["transport"] {
  const demo = createDemoTransport({ protocols, embeddingWires, countWires, compactingWires });
  return (url) => (url.startsWith(demoScheme) ? demo : fetchTransport);
}

/** What routing remembers, begun with what a former process had measured. */
async function openRouting({ config, log, store: { database } }: Parts) {
  const targetFacts = createTargetFacts(createPriceOf(() => config.current().prices));
  const routing = createRoutingMemory(targetFacts);
  const onError = (error: unknown) => log.warn("what was measured of targets could not be kept or read", { error });
  const { standings } = routing;
  for (const { target, kept } of await readTargetStats(database.sql)) {
    // Nothing but what takeChanged gave is ever written there.
    standings.restore(target, kept as KeptStanding);
  }
  return {
    targetFacts,
    routing,
    ...keepTargetStats({ database, takeChanged: () => standings.takeChanged(), onError }),
  };
}

const hourMs = 3_600_000;

/** The cooldowns of all nodes, as this one knows them, and what the management API does with them. */
async function openCooldowns({ config, log, store: { database } }: Parts) {
  const now = () => performance.timeOrigin + performance.now();
  const store: OpenCooldownStore = openCooldownStore(database, now);
  const settings = () => config.current().settings.cooldown;
  const onError = (error: unknown) => log.warn("cooldowns could not be shared, or not yet", { error });
  const onClamped = (told: { target: string; statedMs: number; believedMs: number }) =>
    log.warn("a provider wants to be left alone for longer than is believed", told);
  const cooldowns = new Cooldowns({ store, settings, now, onError, onClamped });
  await cooldowns.shared.open();
  const tidy = () => forgetGone(cooldowns, config.current());
  tidy();
  const unlisten = config.listen(tidy);
  const sweeper = setInterval(() => {
    tidy();
    store.sweep().catch(onError);
  }, hourMs);
  sweeper.unref();
  const reads: CooldownDeps = {
    listCooldowns: () => listCooldowns(cooldowns, settings()),
    clearCooldowns: async (filter) => {
      const cleared = clearCooldowns(cooldowns, filter);
      await cooldowns.shared.flush();
      return cleared;
    },
    cooldownHistory: (page) => store.history(page),
  };
  const close = async () => {
    unlisten();
    clearInterval(sweeper);
    await cooldowns.shared.close();
  };
  return { cooldowns, reads, close };
}

/** PostgreSQL may have other nodes, and nobody knows: there the database decides. */
async function openQuotas({ log, store: { database }, reader }: Omit<Parts, "config">): Promise<Ledger> {
  const quotas = new Ledger({
    store: createQuotaStore(database, reader),
    isShared: database.dialect === "postgres",
    onWarn: ({ quota, key, level }) => log.warn("a quota is nearly or wholly used up", { quota, key, level }),
    onError: (error) => log.error("quotas could not be kept up to date, or not yet", { error }),
  });
  await quotas.open();
  return quotas;
}

/** Which prices hold, and what changes them. */
function openPrices({ config, store: { database }, reader }: Parts, { targetFacts }: Gateway): PricesDeps {
  const priceOf = (target: string) => priceOfTarget(config.current(), targetFacts, target);
  const job = createRecomputeJob({ reader, database, priceOf });
  return {
    prices: {
      list: async () => ({
        in_force: listsInForce(config.current().prices),
        lists: (await listPrices(reader.sql)).map((row) => ({ ...row, at: new Date(row.at).toISOString() })),
      }),
      find(target) {
        const price = priceOf(target);
        return price ? { version: price.version, terms: price.terms as JsonObject } : null;
      },
      add: async (text, source) => ({ ...(await loadPriceList(database, text, source)) }),
      recompute: (ask) => job.start(ask),
      job: job.state,
    },
  };
}

/** Lays a list of prices over those that were loaded before. Throws `invalid-request` when it is none. */
export async function loadPriceList(database: Database, text: string, source: string) {
  const list = readPriceList(text, new Date().toISOString().slice(0, 10));
  const { date, entries } = list;
  const version = await addPrices(database, {
    source,
    make(newest) {
      const whole = newest === undefined ? list : joinLists(list, readList(newest));
      return { date, models: entries.length, text: writeList(whole) };
    },
  });
  return { version: `update-${version}`, date, models: entries.length };
}

interface ConsoleParts extends Parts {
  isAdmin(key: string): boolean;
}

function openConsole({ config, log, store: { database, sealer }, isAdmin, reader }: ConsoleParts): Console {
  return createConsole({
    config,
    log,
    isAdmin,
    facts: { version, startedAt: Date.now(), database: database.dialect, isEncrypted: sealer.enabled },
    protocols: protocols.map(({ name }) => name),
    listRequests: (page) => recentRequests(reader.sql, page),
    findRequest: (id) => findRequest(reader.sql, id),
    countRequests: (since) => countRequests(reader.sql, since),
  });
}

function counter(running: { count: number }) {
  return {
    opened: () => {
      running.count++;
    },
    closed: () => {
      running.count--;
    },
  };
}

async function idle(running: { count: number }, graceMs: number): Promise<void> {
  const until = performance.now() + graceMs;
  while (running.count > 0 && performance.now() < until) await Bun.sleep(20);
}

async function closeStore(parts: { close(): Promise<void> }[]): Promise<void> {
  for (const part of parts) await part.close();
}

/** The key of the envelopes in which seals travel: made on the first start, the same on every node. */
async function sealKey({ database, sealer }: Store): Promise<Buffer> {
  const name = "seal_key";
  const place = { table: "meta", column: "value", row: name };
  const fresh = () => sealer.seal(place, Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64"));
  const { value } = await ensureMeta(database.sql, name, fresh);
  return Buffer.from(sealer.open(place, value), "base64");
}

function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

/** The composition root: opens what lives long, hands it to the rooms, and closes it in order. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { migrations } from "../migrations/index.ts";
import { buildJsonSchema } from "./config/json-schema.ts";
import { createAuthenticate } from "./config/keys.ts";
import { createLiveConfig } from "./config/live.ts";
import type { Fault, Snapshot } from "./config/snapshot.ts";
import { Backgrounds } from "./gateway/background.ts";
import { Describer } from "./gateway/describe.ts";
import type { Gateway } from "./gateway/gateway.ts";
import { Refusals } from "./gateway/refusals.ts";
import { createRequestEvents, requestEventObserver } from "./gateway/request-events.ts";
import { requestLog } from "./gateway/request-log.ts";
import { Running } from "./gateway/running.ts";
import { createSlots } from "./gateway/slots.ts";
import { createServer } from "./http/server.ts";
import { type Ballast, createBallast } from "./kit/ballast.ts";
import { sha256Hex } from "./kit/hash.ts";
import type { Log } from "./kit/log.ts";
import { createScratch } from "./kit/scratch.ts";
import { createSweep } from "./kit/sweep.ts";
import { tidyAfterWork } from "./kit/tidying.ts";
import { Calibration } from "./metering/calibration.ts";
import { countWires, embeddingWires, protocols } from "./protocols/index.ts";
import { type Logins, noLogins } from "./providers/logins.ts";
import { openSecrets } from "./store/canary.ts";
import type { ConfigEditor } from "./store/config-editor.ts";
import type { Reader } from "./store/database.ts";
import { ensureMeta } from "./store/meta.ts";
import { migrate } from "./store/migrate.ts";
import { openDatabase, openReader } from "./store/open.ts";
import { startWriter } from "./store/writer.ts";
import {
  keepFor,
  openActLog,
  openConsole,
  openCooldowns,
  openPrices,
  openQuotas,
  openRouting,
  openTransport,
  openUsage,
  type Parts,
  requestReads,
  type Store,
} from "./wiring/openings.ts";
import { openOperations } from "./wiring/operations.ts";
import { openSupply } from "./wiring/supply.ts";
import { openTrials } from "./wiring/trials.ts";

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
  /** The way into the database for people's pages; one of its own unless given. */
  reader?: Reader;
  configEditor: ConfigEditor;
  /** Nobody's unless given. */
  logins?: Logins;
  log: Log;
}

export interface App {
  url: string;
  readonly ballast: Ballast;
  /** Puts a new configuration in force for the next request. */
  swap(snapshot: Snapshot): void;
  /** Says what is wrong with one that could not be put in force. */
  refuse(faults: readonly Fault[]): void;
  /** Of the configuration that is in force. */
  configVersion(): number;
  /** No new requests; running ones finish within the time, then everything is closed. */
  close(graceMs: number): Promise<void>;
}

export async function startApp({
  options,
  store,
  snapshot,
  adminHash,
  configEditor,
  log,
  logins = noLogins,
  reader: given,
}: AppOptions): Promise<App> {
  const config = createLiveConfig(snapshot);
  const reader = given ?? openReader(options.databaseUrl, store.database);
  const parts: Parts = { config, log, store, reader };
  const { gateway, writer, requestEvents, cooling, ...opened } = await openGateway({ ...parts, logins }, options);
  const acts = openActLog(parts);
  const usage = openUsage(parts);
  const priced = openPrices(parts, gateway);
  const operations = openOperations({ ...store, ...priced, gateway, reader, writer, requestEvents });
  let isDraining = false;
  const runTrial = openTrials(gateway, configEditor);
  const isAdmin = (key: string) => sha256Hex(key) === adminHash;
  const supply = openSupply({ gateway, writer, runTrial, environment: process.env });
  const shared = { isAdmin, requestEvents, acts };
  const shown = { ...parts, ...shared, supply, editor: configEditor, usage, gateway, operations, cooling };
  const server = createServer({
    ...{ ...shared, gateway, config, log, configEditor, runTrial },
    configSchema: buildJsonSchema(),
    console: openConsole(shown),
    isDraining: () => isDraining,
    isReady: async () => void (await store.database.sql`SELECT value FROM meta LIMIT 1`),
    ...{ ...usage, ...requestReads(reader, writer), ...cooling, ...priced },
  });
  server.listen({ hostname: options.host, port: options.port });
  const stopTidying = tidyAfterWork(() => gateway.running.changes);
  return {
    ballast: createBallast(),
    url: snapshot.settings.publicUrl ?? `http://${urlHost(options.host)}:${server.server?.port ?? options.port}`,
    swap: config.swap,
    refuse: config.refuse,
    configVersion: () => config.current().version,
    async close(graceMs) {
      isDraining = true;
      const stopped = server.server?.stop(false);
      await idle(gateway.running, graceMs);
      await Promise.race([stopped, Bun.sleep(250)]);
      await server.server?.stop(true);
      gateway.sweep.stop();
      stopTidying();
      await closeStore([acts, usage.rollups, ...opened.closing, reader, store.database]);
    },
  };
}

/** The gateway, and what lives beside it: where rows go, who hears of requests. */
async function openGateway(parts: Parts & { logins: Logins }, { dataDir }: Places) {
  const { config, log, store, logins } = parts;
  const running = new Running();
  const writer = await startWriter({
    database: store.database,
    dir: join(dataDir, "journal"),
    whoRuns: () => running.newest(),
    onError: (error) => log.error("usage rows could not be stored yet; they are safe in the journal", { error }),
  });
  const kept = { ...keepFor(parts), quotas: await openQuotas(parts) };
  const requestEvents = createRequestEvents();
  const { cooldowns, reads, ...cooling } = await openCooldowns(parts);
  const { close, ...routed } = await openRouting(parts);
  const gateway: Gateway = {
    ...{ config, protocols, embeddingWires, countWires, log, sweep: createSweep(), cooldowns },
    authenticate: createAuthenticate(),
    ...routed,
    transport: openTransport(),
    observers: [writer, requestLog(log), requestEventObserver(requestEvents)],
    ...kept,
    ...ofThisProcess(),
    running,
    logins,
    sealKey: await sealKey(store),
    random: Math.random,
  };
  const closing = [cooling, { close }, writer, ...Object.values(kept)];
  return { gateway, writer, requestEvents, cooling: reads, closing };
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

async function idle(running: Pick<Running, "count">, graceMs: number): Promise<void> {
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

/** The parts that live long, each opened with what it needs. */
import { version } from "../../package.json";
import type { LiveConfig } from "../config/live.ts";
import { type Console, createConsole } from "../console/index.ts";
import { viewsOf } from "../console/list-choices.ts";
import type { NewsSource } from "../console/live.ts";
import type { Operations } from "../console/operations.ts";
import type { Supply } from "../console/providers/supply.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { priceOfTarget } from "../gateway/prices.ts";
import type { RequestEvents } from "../gateway/request-events.ts";
import { createRoutingMemory } from "../gateway/routing.ts";
import type { AdminDeps } from "../http/admin.ts";
import type { CooldownDeps } from "../http/cooldowns.ts";
import type { PricesDeps } from "../http/prices.ts";
import type { QuotaDeps } from "../http/quotas.ts";
import type { UsageDeps } from "../http/usage.ts";
import type { Log } from "../kit/log.ts";
import { Days } from "../metering/days.ts";
import { joinLists, readList, writeList } from "../metering/price-list.ts";
import { readPriceList } from "../metering/price-source.ts";
import { createPriceOf, listsInForce } from "../metering/pricing.ts";
import { Ledger } from "../metering/quotas/ledger.ts";
import type { JsonObject } from "../model/json.ts";
import type { RequestRecord } from "../model/record.ts";
import { compactingWires, countWires, embeddingWires, protocols } from "../protocols/index.ts";
import { fetchTransport } from "../providers/call.ts";
import { createDemoTransport, demoScheme } from "../providers/demo/transport.ts";
import { createTargetFacts } from "../providers/facts.ts";
import { withFreshConnections } from "../providers/stale.ts";
import { Cooldowns } from "../routing/cooldowns/cooldowns.ts";
import { clearCooldowns, forgetGone, listCooldowns } from "../routing/cooldowns/upkeep.ts";
import type { KeptStanding } from "../routing/standing.ts";
import type { Sealer } from "../secrets/seal.ts";
import { type Acts, openActs } from "../store/acts.ts";
import type { ConfigEditor } from "../store/config-editor.ts";
import { type OpenCooldownStore, openCooldownStore } from "../store/cooldowns.ts";
import type { Database, Reader } from "../store/database.ts";
import { openDescriptionStore } from "../store/descriptions.ts";
import { openTurnStore } from "../store/kept-turns.ts";
import { findMeta, setMeta } from "../store/meta.ts";
import { addPrices, listPrices } from "../store/prices.ts";
import { createQuotaStore } from "../store/quotas.ts";
import { createRecomputeJob } from "../store/recompute-job.ts";
import { requestCauses } from "../store/request-causes.ts";
import { requestNeighbours } from "../store/request-neighbours.ts";
import { findRequest, recentRequests, requestsMadeFor, requestToJson } from "../store/requests.ts";
import { openRollups } from "../store/rollups.ts";
import { openResponseStore } from "../store/stored-responses.ts";
import { keepTargetStats, readTargetStats } from "../store/target-stats.ts";
import type { Writer } from "../store/writer.ts";
import { holderReads } from "./holder-reads.ts";
import { openPlayground } from "./playground.ts";

export interface Store {
  database: Database;
  sealer: Sealer;
}

export interface Parts {
  config: LiveConfig;
  log: Log;
  store: Store;
  reader: Reader;
}

/** What is kept of answers: those that their client may read again, the seals of all, and what images show. */
export function keepFor({ config, log, store, reader }: Parts) {
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

/** What people do beside the configuration, for the audit. */
export function openActLog({ log, store: { database }, reader }: Parts): Acts {
  const onError = (error: unknown) => log.error("what people did could not be kept for the audit", { error });
  return openActs({ database, reader, onError });
}

/** What the management API shows of requests. */
export function requestReads({ sql }: Reader, writer: Writer): Omit<AdminDeps & QuotaDeps, "configSchema" | "gateway"> {
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

/** Sums of usage, by the clocks of the reporting timezone. */
export function openUsage({ config, log, store: { database }, reader }: Parts): UsageDeps {
  const timezone = () => config.current().settings.timezone;
  const days = new Days(timezone);
  const dayOf = (at: number) => days.of(at);
  const onError = (error: unknown) => log.error("usage could not be summed, or not yet", { error });
  return { timezone, dayOf, rollups: openRollups({ database, reader, timezone, dayOf, onError }) };
}

/** The network, or for its addresses the provider inside this process. */
export function openTransport(): Gateway["transport"] {
  const demo = createDemoTransport({ protocols, embeddingWires, countWires, compactingWires });
  const network = withFreshConnections(fetchTransport);
  return (url) => (url.startsWith(demoScheme) ? demo : network);
}

/** What routing remembers, begun with what a former process had measured. */
export async function openRouting({ config, log, store: { database } }: Parts) {
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
export async function openCooldowns({ config, log, store: { database } }: Parts) {
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
  const reads = {
    listCooldowns: () => listCooldowns(cooldowns, settings()),
    clearCooldowns: async (filter) => {
      const cleared = clearCooldowns(cooldowns, filter);
      await cooldowns.shared.flush();
      return cleared;
    },
    cooldownHistory: (page) => store.history(page),
  } satisfies CooldownDeps;
  const close = async () => {
    unlisten();
    clearInterval(sweeper);
    await cooldowns.shared.close();
  };
  return { cooldowns, reads, close };
}

/** PostgreSQL may have other nodes, and nobody knows: there the database decides. */
export async function openQuotas({ log, store: { database }, reader }: Omit<Parts, "config">): Promise<Ledger> {
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
export function openPrices({ config, store: { database }, reader }: Parts, { targetFacts }: Gateway): PricesDeps {
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

const setupSkipped = "setup_skipped";
const savedViews = "console_views";

interface ConsoleParts extends Parts {
  editor: ConfigEditor;
  isAdmin(key: string): boolean;
  usage: UsageDeps;
  gateway: Gateway;
  operations: Operations;
  supply: Supply;
  cooling: Awaited<ReturnType<typeof openCooldowns>>["reads"];
  requestEvents: RequestEvents;
  acts: Acts;
}

export function openConsole(parts: ConsoleParts): Console {
  const { config, editor, log, store, isAdmin, reader, usage, gateway, operations, supply, cooling, acts } = parts;
  const { database, sealer } = store;
  const { quotas, refusals } = gateway;
  const news = newsOf(parts);
  return createConsole({
    config,
    editor,
    acts,
    log,
    isAdmin,
    facts: { version, startedAt: Date.now(), database: database.dialect, isEncrypted: sealer.enabled },
    protocols: protocols.map(({ name }) => name),
    listRequests: (filter) => recentRequests(reader.sql, filter),
    causesOf: (filter) => requestCauses({ sql: reader.sql, dialect: database.dialect }, filter),
    neighboursOf: (filter, id) => requestNeighbours(reader.sql, filter, id),
    requestsMadeFor: (request) => requestsMadeFor(reader.sql, request),
    findRequest: (id) => findRequest(reader.sql, id),
    news,
    usage,
    operations,
    supply,
    setup: {
      isSkipped: async () => (await findMeta(reader.sql, setupSkipped)) !== undefined,
      skip: () => setMeta(database.sql, setupSkipped, "yes"),
    },
    views: {
      list: async () => viewsOf(await findMeta(reader.sql, savedViews)),
      keep: (views) => setMeta(database.sql, savedViews, JSON.stringify(views)),
    },
    refusals: () => refusals.list(),
    quotas: async () => {
      const snapshot = config.current();
      const all = [...snapshot.quotas.values()];
      await quotas.refresh(snapshot, all);
      const keys = [...snapshot.keys.values()];
      return all.map((quota) => ({
        ...{ ...quota, limit: quota.unit === "cost" ? quota.limit * 1e9 : quota.limit },
        keys: keys.filter((key) => key.quotas.includes(quota.name)).map(({ name }) => name),
        counters: quotas.standingsOf(snapshot, quota),
      }));
    },
    own: holderReads({ gateway, editor, reader, rollups: usage.rollups, news }),
    playground: openPlayground(gateway),
    badges: () => {
      const snapshot = config.current();
      const standings = [...snapshot.quotas.values()].flatMap((quota) => quotas.standingsOf(snapshot, quota));
      return {
        cooldowns: cooling.listCooldowns().filter(({ state }) => state === "cooled").length,
        keys: standings.filter(({ level }) => level !== "ok").length,
      };
    },
    cooldowns: { list: cooling.listCooldowns, history: cooling.cooldownHistory, clear: cooling.clearCooldowns },
  });
}

/** Requests as they close here and, where several processes share the database, that others have closed some. */
function newsOf({ requestEvents, reader, store }: ConsoleParts): NewsSource {
  const here = {
    listening: () => requestEvents.listening,
    listen: (tell: (record: RequestRecord) => void) =>
      requestEvents.listen(({ item }) => {
        if (item.record) tell(item.record);
      }),
  };
  const newestId = async () => (await recentRequests(reader.sql, { limit: 1 })).data[0]?.id ?? null;
  return store.database.dialect === "postgres" ? { ...here, newestId } : here;
}

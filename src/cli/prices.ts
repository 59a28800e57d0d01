/** `plexus prices`: which hold, loading newer ones, and pricing usage rows again. */
import { readFileSync } from "node:fs";
import { openStore } from "../app.ts";
import { priceOfTarget } from "../gateway/prices.ts";
import { createPriceOf, listsInForce } from "../metering/pricing.ts";
import type { Tariff } from "../model/tariff.ts";
import { createTargetFacts } from "../providers/facts.ts";
import { costsRecomputed, pricesLoaded } from "../store/act-words.ts";
import { loadConfig } from "../store/config.ts";
import type { Database } from "../store/database.ts";
import { listPrices } from "../store/prices.ts";
import { recomputeCosts } from "../store/recompute.ts";
import { loadPriceList, type Store } from "../wiring/openings.ts";
import { type Command, type Io, parseArguments, UsageError } from "./command.ts";
import { loadSnapshot } from "./configuration.ts";
import { tellAct } from "./editing.ts";
import { readOptions } from "./options.ts";

const mostBytes = 64 * 1024 * 1024;
const fetchMs = 60_000;

export const pricesCommand: Command = {
  name: "prices",
  summary: "show prices, load newer ones, price usage again",
  usage:
    "list | show PROVIDER/MODEL | update FILE|URL | recompute [--rows unknown|all] [--since TIME] [--until TIME] [--config FILE]",
  async run(args, io) {
    const { values, rest } = parseArguments(args, ["config", "rows", "since", "until"]);
    const [action = "", argument] = rest;
    const wanted: Record<string, number> = { list: 1, show: 2, update: 2, recompute: 1 };
    if (rest.length !== wanted[action]) throw new UsageError("Say what to do: list, show, update or recompute.");
    // Before anything is opened: a mistake leaves no trace.
    const ask = recomputeAsk(values);
    const text = action === "update" ? await read(argument ?? "") : "";
    const options = readOptions(io.environment, values);
    const store = await openStore(options);
    try {
      const { database } = store;
      const stored = await loadConfig(database.sql, store.sealer);
      const sources = { path: options.configPath, environment: io.environment, only: options.configNames, stored };
      if (action === "list") return await list(database, io, listsInForce(stored.prices));
      if (action === "update") return await update(store, io, { text, source: argument ?? "" });
      const snapshot = loadSnapshot(sources);
      const factsOf = createTargetFacts(createPriceOf(() => stored.prices));
      const priceOf = (target: string) => priceOfTarget(snapshot, factsOf, target);
      if (action === "show") return show(io, argument ?? "", priceOf(argument ?? ""));
      await tellAct(store, io, costsRecomputed(ask.rows));
      const { looked, priced } = await recomputeCosts({ reader: database, database, priceOf }, ask);
      io.out(`${priced} of ${looked} rows have a price now.\n`);
      return 0;
    } finally {
      await store.database.close();
    }
  },
};

async function list(database: Database, io: Io, inForce: string[]): Promise<number> {
  io.out(`In force: ${inForce.join(", then ")}\n`);
  for (const { version, date, models, at, source } of await listPrices(database.sql)) {
    io.out(`update-${version}  prices of ${date}, ${models} models, loaded ${new Date(at).toISOString()}  ${source}\n`);
  }
  return 0;
}

async function update(store: Store, io: Io, { text, source }: { text: string; source: string }): Promise<number> {
  const { version, date, models } = await loadPriceList(store.database, text, bare(source));
  await tellAct(store, io, pricesLoaded({ version, models }));
  io.out(`${version}: prices of ${date} for ${models} models.\n`);
  return 0;
}

function show(io: Io, target: string, price: Tariff | undefined): number {
  if (!price) {
    io.error(`No price is known for ${target}. Set price in the model's facts, or load a list that has it.\n`);
    return 1;
  }
  io.out(`${price.version}\n${JSON.stringify(price.terms, null, 2)}\n`);
  return 0;
}

function recomputeAsk({ rows = "unknown", since, until }: Record<string, string>) {
  if (rows !== "unknown" && rows !== "all") throw new UsageError("--rows is unknown or all.");
  const [from, to] = [timeOf("since", since), timeOf("until", until)];
  return { rows, ...(from === undefined ? {} : { since: from }), ...(to === undefined ? {} : { until: to }) } as const;
}

function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isFinite(time)) return time;
  throw new UsageError(`--${name} wants a time such as 2026-11-22 or 2026-11-22T08:00:00Z.`);
}

/** The text of a file or of what an address answers. */
async function read(source: string): Promise<string> {
  if (!/^https?:\/\//.test(source)) return readFileSync(source, "utf8");
  const response = await fetch(source, { signal: AbortSignal.timeout(fetchMs) });
  if (!response.ok) throw new Error(`${bare(source)} answered with ${response.status}.`);
  const bytes = await response.arrayBuffer();
  if (bytes.byteLength > mostBytes) throw new Error(`${bare(source)} answered with more than 64 MB.`);
  return new TextDecoder().decode(bytes);
}

/** Without what may be a secret. */
function bare(source: string): string {
  if (!URL.canParse(source)) return source;
  const { protocol, host, pathname } = new URL(source);
  return protocol === "http:" || protocol === "https:" ? `${protocol}//${host}${pathname}` : source;
}

// Kills gateways under load, and holds the ledger of quotas against the usage rows and what the clients saw.
import { openDatabase } from "../../src/store/open.ts";
import { newFolder, type Plexus, removeFolder, startPlexus } from "../../test/support/plexus.ts";
import { type RawUpstream, startRawUpstream } from "../../test/support/raw-upstream.ts";
import { teach } from "../crash/load.ts";
import { ledgerFaults } from "./ledger.ts";

export interface KillsOptions {
  /** Kills go on until so many requests were let in or refused. */
  requests: number;
  /** PostgreSQL, for two processes; SQLite and one process when absent. */
  databaseUrl?: string;
  say(line: string): void;
}

export interface KillsResult {
  sent: number;
  kills: number;
  /** What was not as it must be. */
  faults: string[];
}

const clients = 8;
const keys = ["alone", "first", "second"];
const models = ["whole", "stream", "stream", "fail", "endless", "unknown"];

export async function kills({ requests, databaseUrl, say }: KillsOptions): Promise<KillsResult> {
  const upstream = await startRawUpstream();
  teach(upstream);
  const config = configOf(upstream);
  const folders = Array.from({ length: databaseUrl === undefined ? 1 : 2 }, newFolder);
  const environment: Record<string, string> = databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl };
  const start = (folder: string) => startPlexus({ folder, config, environment });
  const answered = new Set<string>();
  const result: KillsResult = { sent: 0, kills: 0, faults: [] };
  const running: Plexus[] = [];
  try {
    for (const folder of folders) running.push(await start(folder));
    while (result.sent < requests) {
      const load = startLoad(running, { answered, onSent: () => result.sent++ });
      await Bun.sleep(50 + Math.random() * 700);
      const place = result.kills % running.length;
      await running[place]?.stop({ signal: "SIGKILL", keep: true });
      await load.stop();
      result.kills++;
      running[place] = await start(folders[place] ?? "");
      say(`kill ${result.kills}: ${result.sent} requests sent, ${answered.size} answered`);
    }
    for (const plexus of running.splice(0)) await plexus.stop({ keep: true });
    const database = openDatabase(databaseUrl ?? `sqlite://${folders[0]}/data/plexus.db`);
    result.faults = await ledgerFaults(database, { answered, shared: ["first", "second"] });
    await database.close();
  } finally {
    for (const plexus of running) await plexus.stop({ signal: "SIGKILL", keep: true });
    upstream.stop();
    for (const folder of folders) removeFolder(folder);
  }
  return result;
}

function configOf(upstream: RawUpstream) {
  const many = { window: "monthly", limit: 1e12 };
  const names = ["requests", "tokens", "cost"];
  const quotas = names.flatMap((unit) => [
    [unit, { unit, ...many }],
    [`shared-${unit}`, { unit, ...many, shared: true }],
  ]);
  const price = { input: 3.3, output: 7.7 };
  const listed = Object.fromEntries(models.map((model) => [model, { price }]));
  return {
    providers: {
      up: {
        protocols: { chat: `${upstream.url}/v1` },
        api_key: "up-of-the-kills-0123456789",
        cooldown: false,
        models: listed,
      },
    },
    quotas: Object.fromEntries(quotas),
    keys: Object.fromEntries(
      keys.map((name) => {
        const own = names.map((unit) => (name === "alone" ? unit : `shared-${unit}`));
        return [name, { secret: secretOf(name), quotas: own }];
      }),
    ),
  };
}

function secretOf(name: string): string {
  return `sk-of-the-kills-${name}-0123456789`;
}

interface Watch {
  answered: Set<string>;
  onSent(): void;
}

/** Clients of random keys and models; some leave before the end. */
function startLoad(running: readonly Plexus[], watch: Watch) {
  const urls = running.map(({ url }) => url);
  const leaving = new AbortController();
  const busy = async (at: number) => {
    while (!leaving.signal.aborted) await ask(urls[at % urls.length] ?? "", watch, leaving.signal);
  };
  const all = Promise.all(Array.from({ length: clients }, (_, at) => busy(at)));
  return {
    async stop() {
      leaving.abort();
      await all;
    },
  };
}

async function ask(url: string, { answered, onSent }: Watch, over: AbortSignal): Promise<void> {
  const model = pick(models);
  const stream = model === "stream" || model === "endless";
  const patience = AbortSignal.timeout(Math.random() < 0.2 ? Math.random() * 30 : 400);
  const messages = [{ role: "user", content: "word ".repeat(Math.random() * 50) }];
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${secretOf(pick(keys))}` },
      body: JSON.stringify({ model: model === "unknown" ? "nothing" : `up/${model}`, stream, messages }),
      signal: AbortSignal.any([patience, over]),
    });
    onSent();
    const text = await response.text();
    const isWhole = stream && response.ok ? text.includes("[DONE]") : text.endsWith("}");
    if (isWhole && model !== "unknown") answered.add(response.headers.get("x-request-id") ?? "");
  } catch {
    // The client left, or the gateway was killed.
    await Bun.sleep(2);
  }
}

function pick<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T;
}

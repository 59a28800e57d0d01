// `npm run console:bars [-- --rows N] [--sqlite URL] [--postgres URL] [--only sqlite|postgres]`: what the console promises
// of itself over a full database. Databases are made and filled, unless their URLs are given. 1 when a promise is broken.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { startPostgres } from "../test/support/postgres.ts";
import { browse } from "./console/browsing.ts";
import { type FoundPage, signIn, surveyPages } from "./console/pages.ts";
import { openStage, type Stage } from "./console/stage.ts";
import { variantsOf } from "./console/variants.ts";
import { type Weight, weigh } from "./console/weigh.ts";

const most = { cpu: 20, held: 5, size: 100, raised: 0.15 };

const text = { type: "string" } as const;
const options = { rows: text, sqlite: text, postgres: text, only: text };
const { rows = "1000000", only, ...given } = parseArgs({ options }).values;
const head = `${"page".padEnd(38)}${"cpu".padStart(7)}${"held".padStart(7)}${"KB".padStart(6)}   dearest address`;
let missed = 0;

if (only !== "postgres") await judge("SQLite", given.sqlite);
if (only !== "sqlite") await judgePostgres();
console.log(missed === 0 ? "All bars are held." : `${missed} bars are missed.`);
process.exit(missed === 0 ? 0 : 1);

async function judgePostgres(): Promise<void> {
  if (given.postgres !== undefined) return judge("PostgreSQL", given.postgres);
  const server = await startPostgres();
  if (!server) return;
  try {
    await judge("PostgreSQL", await server.createUrl(), Number(rows));
  } finally {
    await server.halt();
  }
}

/** `fill`: how many rows go into the database first. */
async function judge(name: string, databaseUrl: string | undefined, fill?: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "plexus-probe-"));
  const probePath = join(folder, "port");
  const environment = {
    BUN_OPTIONS: `--preload ${join(import.meta.dir, "console/probe.ts")}`,
    PLEXUS_PROBE: probePath,
    // What the binary would set, and start itself once more for.
    ...{ BUN_CONFIG_MAX_HTTP_REQUESTS: "65535", BUN_GC_TIMER_DISABLE: "1" },
  };
  const say = (line: string) => console.error(`${name}: ${line}`);
  const toFill = fill ?? (databaseUrl === undefined ? Number(rows) : 0);
  const stage = await openStage({ rows: toFill, databaseUrl, environment, say });
  try {
    const { url, adminKey, pid } = stage.plexus;
    const visitors = [await signIn(url, adminKey, "admin"), await signIn(url, stage.clientKey, "holder")];
    for (let count = 0; count < 20; count++) await stage.send();
    await Bun.sleep(600);
    const { pages, unseen } = await surveyPages(url, visitors);
    const probe = `http://127.0.0.1:${readFileSync(probePath, "utf8")}`;
    const others = () => backends(databaseUrl);
    console.log(`\n${name}, CPU in milliseconds, the dearest of each page's addresses\n${head}`);
    for (const page of pages) await judgePage(page, { url, pid, probe, others });
    for (const pattern of unseen) console.log(`no page links to ${pattern}`);
    await judgeBrowsing(stage, pages);
  } finally {
    await stage.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function judgePage(page: FoundPage, server: Parameters<typeof weigh>[0]): Promise<void> {
  const { cookie } = page.visitor;
  const weights: [string, Weight][] = [];
  for (const path of await variantsOf(server.url, page)) weights.push([path, await weigh(server, path, cookie)]);
  const top = (of: (weight: Weight) => number) => Math.max(...weights.map(([, weight]) => of(weight)));
  const [dearest] = [...weights].sort(([, one], [, other]) => other.cpu - one.cpu);
  const figures = { cpu: top(({ cpu }) => cpu), held: top(({ held }) => held), size: top(({ size }) => size) };
  const line = `${page.pattern.padEnd(38)}${figures.cpu.toFixed(1).padStart(7)}${figures.held.toFixed(1).padStart(7)}`;
  const own = page.path === dearest?.[0] ? "" : dearest?.[0].slice(page.path.length);
  console.log(`${line}${figures.size.toFixed(0).padStart(6)}   ${own}`);
  for (const [path, weight] of weights) {
    const over = (["cpu", "held", "size"] as const).filter((name) => weight[name] > most[name]);
    if (over.length === 0) continue;
    missed++;
    const words = over.map((name) => `${name} ${weight[name].toFixed(1)} (at most ${most[name]})`).join(", ");
    const database = weight.database > 0.1 ? `, of it ${weight.database.toFixed(1)} in the database` : "";
    console.log(`  missed: ${path}: ${words}${database}`);
  }
}

async function judgeBrowsing(stage: Stage, pages: readonly FoundPage[]): Promise<void> {
  const { pairs, raised } = await browse(stage, pages);
  const words = pairs.map(([alone, browsed]) => `${alone.toFixed(3)} -> ${browsed.toFixed(3)}`).join(", ");
  const isMissed = raised >= most.raised;
  if (isMissed) missed++;
  console.log(`CPU of a request at 200 a second, without and with one who browses: ${words}`);
  console.log(`browsing adds ${(100 * raised).toFixed(1)} % (less than 15 %)${isMissed ? ": missed" : ""}`);
}

/** The processes of PostgreSQL that work for the gateway; SQLite works inside it. */
async function backends(databaseUrl: string | undefined): Promise<number[]> {
  if (databaseUrl === undefined || !databaseUrl.startsWith("postgres")) return [];
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  const found = await sql<{ pid: number }[]>`SELECT pid FROM pg_stat_activity
    WHERE application_name = 'plexus' AND datname = current_database()`;
  await sql.end();
  return found.map(({ pid }) => pid);
}

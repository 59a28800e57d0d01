// `npm run seed -- --rows N [--database URL | --data DIR] [--seed N] [--until TIME] [--force]`: a made-up year of traffic,
// for looking at the console and for measuring it. The same options make the same rows.
import { parseArgs } from "node:util";
import { plant } from "./seed/plant.ts";

const usage = `Usage: npm run seed -- --rows N [options]
  --rows N         how many requests, 1 to 100000000
  --data DIR       folder of a SQLite database (default: DATA_DIR, else ./data)
  --database URL   sqlite://PATH or postgres://… (default: DATABASE_URL, else the data folder's)
  --seed N         which made-up year (default 1)
  --until TIME     when the year ends, RFC 3339 (default: now)
  --force          add to a database that has requests already`;

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function asked() {
  try {
    const names = ["rows", "data", "database", "seed", "until"] as const;
    const text = Object.fromEntries(names.map((name) => [name, { type: "string" }])) as Record<
      (typeof names)[number],
      { type: "string" }
    >;
    return parseArgs({ options: { ...text, force: { type: "boolean" }, help: { type: "boolean" } } }).values;
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

const { rows: rowsText, data, database, seed: seedText = "1", until: untilText, force = false, help } = asked();
if (help) {
  console.log(usage);
  process.exit(0);
}
const rows = Number(rowsText);
const seed = Number(seedText);
const until = untilText === undefined ? Date.now() : Date.parse(untilText);
if (!Number.isInteger(rows) || rows < 1 || rows > 100_000_000) fail(`--rows must be a whole number.\n${usage}`);
if (!Number.isInteger(seed)) fail(`--seed must be a whole number.\n${usage}`);
if (Number.isNaN(until)) fail(`--until must be a time like 2026-11-22T12:00:00Z.\n${usage}`);
if (data !== undefined && database !== undefined) fail(`Say --data or --database, not both.\n${usage}`);

const say = (line: string) => console.log(line);
try {
  await plant({ rows, seed, until, force, data, database, environment: process.env, say, progress });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

/** On a terminal one line that changes, else a line for each tenth. */
function progress(done: number, all: number, perSecond: number): void {
  const line = `${done.toLocaleString("en")} of ${all.toLocaleString("en")} rows, ${Math.round(perSecond).toLocaleString("en")} a second`;
  if (process.stderr.isTTY) process.stderr.write(`\r${line}${done === all ? "\n" : ""}`);
  else if (Math.floor((10 * done) / all) > Math.floor((10 * (done - 2000)) / all)) console.error(line);
}

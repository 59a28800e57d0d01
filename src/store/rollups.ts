/**
 * Sums of usage rows, kept as time goes by. Writing rows marks their quarter of an hour as stale; a job sums quarters that
 * are over, then days. What is stale is summed from the rows when somebody asks: totals are always those of the rows.
 */
import { nextTurn } from "../kit/turn.ts";
import type { UsageSum } from "../model/usage-sum.ts";
import { addSum, quarterMs } from "../model/usage-sum.ts";
import {
  type Database,
  fragment,
  none,
  raw,
  type Sql,
  type SqlValue,
  statement,
  type Transaction,
} from "./database.ts";
import { type PresentQuery, PresentSums } from "./present-sums.ts";
import {
  addSpan,
  type Dimension,
  dimensionNames,
  type Only,
  quarterOf,
  type Span,
  type SumField,
  type Summed,
  sumColumns,
  sumRows,
  sumTable,
  type Table,
} from "./rollup-sums.ts";
import { type Column, int, toText } from "./rows.ts";

export interface RollupOptions {
  database: Database;
  /** For reading, off the request thread. */
  reader: { sql: Sql };
  /** The reporting timezone, and its day in which a time lies. */
  timezone(): string;
  dayOf(at: number): { start: number; end: number };
  now?: () => number;
  onError?: (error: unknown) => void;
  everyMs?: number;
  /** Quarters that are summed at once: more are faster, and hold others up for longer. */
  together?: number;
}

export interface UsageQuery extends Span {
  kind: Dimension;
  /** One sum for each of these, by the clocks of the reporting timezone; without, one for all. */
  bucket?: "quarter" | "hour" | "day";
  /** Without the classes of times to the first token, which cost more than all the rest. */
  isPlain?: boolean;
  only?: Only | undefined;
  /** Only these sums are told, others may be 0; all unless said. */
  fields?: readonly SumField[] | undefined;
}

export interface Rollups {
  query(query: UsageQuery): Promise<Summed[]>;
  /** Sums what is stale and over. */
  run(): Promise<void>;
  close(): Promise<void>;
}

/** A row may be written a moment after its quarter is over. */
const settleMs = 5_000;
const stepRuns = 32;
const zoneKey = "rollup_timezone";
const hourMs = 3_600_000;
const manySums = 200;
/** A range up to now ends a moment before it is asked for. */
const presentMs = 1_000;

/** In the transaction that writes or changes rows of these times. */
export async function markStale(sql: Transaction, times: readonly number[]): Promise<void> {
  const quarters = [...new Set(times.map(quarterOf))];
  await sql.each(
    mark,
    quarters.map((bucket) => ["q", bucket]),
  );
}

const mark = statement`INSERT INTO rollup_stale (span, bucket, mark) VALUES (${"?"}, ${"?"}, 1)
  ON CONFLICT (span, bucket) DO UPDATE SET mark = rollup_stale.mark + 1`;

const settle = statement`DELETE FROM rollup_stale WHERE span = ${"?"} AND bucket = ${"?"} AND mark = ${"?"}`;

export function openRollups(options: RollupOptions): Rollups {
  return new Job(options);
}

class Job implements Rollups {
  private readonly options: Required<RollupOptions>;
  private readonly timer: Timer;
  private running: Promise<void> | undefined;
  private isClosed = false;
  private readonly present: PresentSums;

  constructor(options: RollupOptions) {
    this.present = new PresentSums(options.reader.sql);
    this.options = { now: Date.now, onError: () => undefined, everyMs: 60_000, together: 1, ...options };
    this.timer = setInterval(() => void this.run(), this.options.everyMs);
    this.timer.unref();
  }

  run(): Promise<void> {
    this.running ??= this.work()
      .catch((error) => {
        if (!this.isClosed) this.options.onError(error);
      })
      .finally(() => {
        this.running = undefined;
      });
    return this.running;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    await this.running;
  }

  private async work(): Promise<void> {
    await this.followTimezone();
    const over = quarterOf(this.options.now() - settleMs);
    while (!this.isClosed) {
      const step = stepRuns * this.options.together;
      const stale = await this.stale("q", { from: 0, to: over }, step);
      for (const run of runsOf(stale, this.options.together)) await this.sumQuarters(run);
      if (stale.length < step) break;
      await Bun.sleep(5);
    }
    const today = this.options.dayOf(this.options.now() - settleMs).start;
    for (const one of await this.stale("d", { from: 0, to: today })) {
      if (this.isClosed) return;
      await this.sumDay(one);
    }
  }

  /** Days are those of the timezone that is set: after a change all of them are summed anew, from the quarters. */
  private async followTimezone(): Promise<void> {
    const timezone = this.options.timezone();
    if ((await this.summedTimezone()) === timezone) return;
    const { database, reader, dayOf } = this.options;
    const rows = await reader.sql<{
      bucket: Column;
    }>`SELECT DISTINCT bucket FROM rollups WHERE span = ${"q"} AND kind = ${"all"}`;
    const days = new Set(rows.map(({ bucket }) => dayOf(int(bucket)).start));
    await database.transaction(async (sql) => {
      await sql`DELETE FROM rollups WHERE span = ${"d"}`;
      await sql`DELETE FROM rollup_stale WHERE span = ${"d"}`;
      await sql.each(
        mark,
        [...days].map((day) => ["d", day]),
      );
      await sql`INSERT INTO meta (key, value) VALUES (${zoneKey}, ${timezone})
        ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
    });
  }

  private async summedTimezone(): Promise<string | undefined> {
    const [row] = await this.options.reader.sql<{ value: string }>`SELECT value FROM meta WHERE key = ${zoneKey}`;
    return row?.value;
  }

  private async stale(span: "q" | "d", { from, to }: Span, most?: number): Promise<Stale[]> {
    const limit = most === undefined ? none : fragment`LIMIT ${most}`;
    const rows = await this.options.database.sql<Record<string, Column>>`SELECT bucket, mark FROM rollup_stale
      WHERE span = ${span} AND bucket >= ${from} AND bucket < ${to} ORDER BY bucket ${limit}`;
    return rows.map(({ bucket, mark }) => ({ bucket: int(bucket), mark: int(mark) }));
  }

  private async sumQuarters({ from, to, stale }: Run): Promise<void> {
    const { reader, database, dayOf } = this.options;
    const found = new Map<number, Map<Dimension, Summed[]>>(stale.map(({ bucket }) => [bucket, new Map()]));
    for (const kind of dimensionNames) {
      for (const one of await sumRows(reader.sql, kind, { from, to })) {
        const sums = found.get(one.bucket);
        const list = sums?.get(kind);
        if (list) list.push(one);
        else sums?.set(kind, [one]);
      }
    }
    await database.transaction(async (sql) => {
      for (const [bucket, sums] of found) await replace(sql, { span: "q", bucket }, sums);
      // Rows that were written meanwhile leave them stale.
      await sql.each(
        settle,
        stale.map(({ bucket, mark: seen }) => ["q", bucket, seen]),
      );
      const days = new Set(stale.map(({ bucket }) => dayOf(bucket).start));
      await sql.each(
        mark,
        [...days].map((day) => ["d", day]),
      );
    });
  }

  private async sumDay({ bucket, mark: seen }: Stale): Promise<void> {
    const { reader, database, dayOf } = this.options;
    const { start, end } = dayOf(bucket);
    if ((await this.stale("q", { from: start, to: end })).length > 0) return;
    const sums = new Map<Dimension, Summed[]>();
    for (const kind of dimensionNames) {
      const quarters = await sumTable(reader.sql, {
        ...{ spans: [{ span: "q", from: start, to: end }], kind, places: "one", isPlain: false },
      });
      sums.set(
        kind,
        folded(quarters, () => start),
      );
    }
    await database.transaction(async (sql) => {
      await replace(sql, { span: "d", bucket: start }, sums);
      await sql`DELETE FROM rollup_stale WHERE span = ${"d"} AND bucket = ${bucket} AND mark = ${seen}`;
    });
  }

  async query({ kind, from, to, bucket, isPlain = false, only, fields }: UsageQuery): Promise<Summed[]> {
    const { reader, dayOf } = this.options;
    const found: Summed[] = [];
    const tables: Table[] = [];
    for (const { span, mark, ...range } of await this.pieces({ from, to }, bucket === "quarter" || bucket === "hour")) {
      if (span === "rows") found.push(...(await this.ofRows({ kind, mark, ...range, only })));
      else if (bucket === "hour") for (const part of this.hourly(range)) addSpan(tables, { span, ...part });
      else addSpan(tables, { span, ...range, places: bucket === undefined ? "one" : "each" });
    }
    for (const table of tables) found.push(...(await sumTable(reader.sql, { ...table, kind, isPlain, fields, only })));
    const sums = folded(found, bucket === undefined ? () => from : startOf(bucket, dayOf));
    // What is made of many sums takes a turn of its own: others wait for neither any longer than they must.
    if (sums.length > manySums) await nextTurn();
    return sums;
  }

  /** The present is asked for by everybody, a piece of the past by one. */
  private ofRows({ kind, mark, ...range }: PresentQuery): Promise<Summed[]> {
    const isPresent = range.to > this.options.now() - presentMs;
    if (!isPresent) return sumRows(this.options.reader.sql, kind, range);
    return this.present.query({ kind, mark, ...range, to: quarterOf(range.to) + quarterMs });
  }

  /** Hours begin when days do, and days need not begin at whole hours. */
  private hourly({ from, to }: Span): (Span & { places: number })[] {
    const parts: (Span & { places: number })[] = [];
    for (let at = from; at < to; ) {
      const { start, end } = this.options.dayOf(at);
      const places = start % hourMs;
      const until = Math.min(end, to);
      const last = parts.at(-1);
      if (last?.places === places) last.to = until;
      else parts.push({ from: at, to: until, places });
      at = until;
    }
    return parts;
  }

  /** The range as days and quarters that are summed, and the rest as rows; neighbours of one kind are one piece. */
  private async pieces({ from, to }: Span, isFine: boolean): Promise<Piece[]> {
    const { dayOf, now } = this.options;
    const { hasDays, quarters, days, mark } = await this.unsummed({ from, to });
    const staleIn = (start: number, end: number) =>
      days.has(start) || [...quarters].some((one) => one >= start && one < end);
    const pieces: Piece[] = [];
    const until = Math.min(to, quarterOf(now()) + quarterMs);
    const over = Math.min(until, now() - settleMs);
    for (let at = from; at < until; ) {
      const day = isFine || !hasDays ? undefined : dayOf(at);
      if (day && at === day.start && day.end <= over && !staleIn(day.start, day.end)) {
        add(pieces, { span: "d", from: at, to: day.end, mark });
        at = day.end;
        continue;
      }
      const end = Math.min(quarterOf(at) + quarterMs, until);
      const isQuarter = end - at === quarterMs && !quarters.has(at);
      add(pieces, { span: isQuarter ? "q" : "rows", from: at, to: end, mark });
      at = end;
    }
    return pieces;
  }

  /** What is stale of a range; `hasDays`: the days that are summed are those of the present timezone. */
  private async unsummed({ from, to }: Span) {
    const { database, dayOf, timezone } = this.options;
    const rows = await database.sql<Record<string, Column>>`SELECT span, bucket, mark, '' AS zone FROM rollup_stale
      WHERE span IN ('q', 'd') AND bucket >= ${dayOf(from).start} AND bucket < ${to}
      UNION ALL SELECT 'zone', 0, 0, value FROM meta WHERE key = ${zoneKey}`;
    const first = quarterOf(from);
    const quarters = rows.filter(({ span, bucket }) => span === "q" && int(bucket) >= first);
    return {
      hasDays: rows.some(({ span, zone }) => span === "zone" && zone === timezone()),
      quarters: new Set(quarters.map(({ bucket }) => int(bucket))),
      days: new Set(rows.filter(({ span }) => span === "d").map(({ bucket }) => int(bucket))),
      mark: quarters.reduce((sum, one) => sum + int(one.mark), 0),
    };
  }
}

/** Where the bucket begins in which a time lies. Sums that lie side by side are mostly of one day. */
function startOf(bucket: "quarter" | "hour" | "day", dayOf: RollupOptions["dayOf"]): (at: number) => number {
  if (bucket === "quarter") return (at) => at;
  let day = { start: 0, end: 0 };
  return (at) => {
    if (at < day.start || at >= day.end) day = dayOf(at);
    return bucket === "day" ? day.start : day.start + Math.floor((at - day.start) / hourMs) * hourMs;
  };
}

interface Stale {
  bucket: number;
  mark: number;
}

/** Stale quarters that lie near each other. */
interface Run extends Span {
  stale: Stale[];
}

function runsOf(stale: readonly Stale[], most: number): Run[] {
  const runs: Run[] = [];
  for (const one of stale) {
    const last = runs.at(-1);
    const to = one.bucket + quarterMs;
    if (last && to <= last.from + most * quarterMs) {
      last.stale.push(one);
      last.to = to;
    } else runs.push({ from: one.bucket, to, stale: [one] });
  }
  return runs;
}

interface Piece extends Span {
  span: "d" | "q" | "rows";
  /** Another one when rows of the range were written in the meantime. */
  mark: number;
}

function add(pieces: Piece[], piece: Piece): void {
  const last = pieces.at(-1);
  if (last?.span === piece.span && last.to === piece.from) last.to = piece.to;
  else pieces.push(piece);
}

/** One sum for each place and value. The sums are those that were given: nobody else has them. */
function folded(sums: readonly Summed[], bucketOf: (at: number) => number): Summed[] {
  const found = new Map<string, Summed>();
  for (const one of sums) {
    const bucket = bucketOf(one.bucket);
    // Texts of rows hold no NUL.
    const key = `${bucket}\0${one.value}\0${one.other}`;
    const known = found.get(key);
    if (known) addSum(known.sum, one.sum);
    else found.set(key, { ...one, bucket });
  }
  return [...found.values()].sort((one, two) => one.bucket - two.bucket || (one.value < two.value ? -1 : 1));
}

const columnNames = Object.values(sumColumns);
const sumNames = Object.keys(sumColumns) as (keyof typeof sumColumns)[];
const insert = template([
  `INSERT INTO rollups (span, kind, bucket, value, other, ${columnNames.join(", ")}, sketch) VALUES (`,
  ...Array.from({ length: columnNames.length + 5 }, () => ", "),
  `) ON CONFLICT (span, kind, bucket, value, other) DO UPDATE SET ${[...columnNames, "sketch"]
    .map((name) => `${name} = excluded.${name}`)
    .join(", ")}`,
]);

function template(parts: string[]): TemplateStringsArray {
  return Object.assign(parts, { raw: parts });
}

async function replace(
  sql: Transaction,
  { span, bucket }: { span: "q" | "d"; bucket: number },
  sums: ReadonlyMap<Dimension, readonly Summed[]>,
): Promise<void> {
  await sql`DELETE FROM rollups WHERE span = ${span} AND bucket = ${bucket} AND kind IN ${raw(kindList)}`;
  const rows: SqlValue[][] = [];
  for (const [kind, list] of sums) {
    for (const { value, other, sum } of list)
      rows.push([span, kind, bucket, toText(value), toText(other), ...valuesOf(sum)]);
  }
  await sql.each(insert, rows);
}

const kindList = `(${dimensionNames.map((name) => `'${name}'`).join(", ")})`;

function valuesOf(sum: UsageSum): SqlValue[] {
  return [...sumNames.map((name) => sum[name]), JSON.stringify(sum.sketch)];
}

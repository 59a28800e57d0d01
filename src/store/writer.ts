/**
 * Brings closed requests from memory into the database in batches, with the journal as its safety. The request path
 * only appends a line and pushes to an array.
 */
import { uuidv7 } from "../kit/id.ts";
import type { OpenedRecord, RequestRecord } from "../model/record.ts";
import type { Database } from "./database.ts";
import { type Journal, openJournal, type Segment, type WhoRuns } from "./journal.ts";
import { readSegment, replayJournals } from "./replay.ts";
import { insertRequests } from "./requests.ts";

export interface Writer {
  /** When a request arrives, which is among those that run from now on. Never throws. */
  opened(): void;
  /** When it was let in under quotas. Never throws. */
  admitted(record: OpenedRecord): void;
  /** Before the last byte of the answer leaves. Never throws; idempotent by the record's id in the database. */
  closed(record: RequestRecord): void;
  /** Resolves when everything closed so far is in the database; rejects after `timeoutMs`. */
  flush(timeoutMs?: number): Promise<void>;
  /** Flushes and ends. What could not be stored in time stays in the journal for the next start. */
  close(timeoutMs?: number): Promise<void>;
  /** Closed records that are not stored yet, those that only the journal holds included. */
  waiting(): number;
}

export interface WriterOptions {
  database: Database;
  /** Folder of the journals. */
  dir: string;
  whoRuns: WhoRuns;
  /** Told of failures of the disk and the database; the writer goes on by itself. */
  onError?: (error: unknown) => void;
  /** How long rows are gathered. */
  everyMs?: number;
  /** Records that may wait in memory; more wait in the journal only. */
  memory?: number;
}

const batchSize = 512;
const firstBackoff = 250;
const longestBackoff = 10_000;
const housekeepingEvery = 20_000;

interface Item {
  record: RequestRecord;
  /** Undefined when the disk refused the line: then only memory has it. */
  segment: Segment | undefined;
}

/** Replays the journals of dead processes first; rejects when the database does. */
export async function startWriter(options: WriterOptions): Promise<Writer> {
  await replayJournals(options.dir, options.database);
  return new BatchWriter(options, openJournal(options.dir, options.whoRuns));
}

class BatchWriter implements Writer {
  private readonly options: Required<WriterOptions>;
  private readonly journal: Journal;
  private readonly queue: Item[] = [];
  /** Closed records that are in the journal only, by their segment. */
  private readonly spilled = new Map<Segment, number>();
  private running: Promise<void> | undefined;
  private timer: Timer | undefined;
  private backoff = 0;
  private isClosed = false;
  private readonly housekeeping: Timer;

  constructor(options: WriterOptions, journal: Journal) {
    this.options = { onError: () => undefined, everyMs: 250, memory: 20_000, ...options };
    this.journal = journal;
    this.housekeeping = setInterval(() => void this.keepHouse(), housekeepingEvery);
    this.housekeeping.unref();
  }

  opened(): void {
    this.guarded(() => this.journal.opened());
  }

  admitted(record: OpenedRecord): void {
    this.guarded(() => this.journal.admitted(record));
  }

  closed(record: RequestRecord): void {
    const segment = this.guarded(() => this.journal.closed(record));
    if (segment && this.queue.length >= this.options.memory) {
      this.spilled.set(segment, (this.spilled.get(segment) ?? 0) + 1);
    } else {
      this.queue.push({ record, segment });
    }
    if (this.queue.length >= batchSize && this.backoff === 0) this.wake(0);
    else this.wake(this.options.everyMs);
  }

  waiting(): number {
    let count = this.queue.length;
    for (const spilled of this.spilled.values()) count += spilled;
    return count;
  }

  async flush(timeoutMs = 30_000): Promise<void> {
    const until = Date.now() + timeoutMs;
    while (this.waiting() > 0) {
      const left = until - Date.now();
      if (left <= 0) throw new Error(`${this.waiting()} usage rows are not in the database after ${timeoutMs} ms`);
      this.wake(0);
      const pause = this.backoff > 0 ? Bun.sleep(Math.min(this.backoff, left)) : this.running;
      await Promise.race([pause, Bun.sleep(left)]);
    }
  }

  async close(timeoutMs = 10_000): Promise<void> {
    if (this.isClosed) return;
    let clean = true;
    try {
      await this.flush(timeoutMs);
    } catch (error) {
      clean = false;
      this.options.onError(error);
    }
    this.isClosed = true;
    clearTimeout(this.timer);
    clearInterval(this.housekeeping);
    this.guarded(() => this.journal.close(clean));
  }

  /** Sees to it that the queue is worked off, in `delay` ms or when the present pause is over. */
  private wake(delay: number): void {
    if (this.isClosed || this.running) return;
    if (delay > 0) {
      this.timer ??= setTimeout(() => this.wake(0), Math.max(delay, this.backoff));
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running = this.work().finally(() => {
      this.running = undefined;
      if (this.waiting() > 0) this.wake(this.options.everyMs);
    });
  }

  /** Stores batch after batch until nothing waits or something fails. */
  private async work(): Promise<void> {
    try {
      while (this.queue.length > 0) await this.storeBatch(this.queue.slice(0, batchSize));
      for (const [segment, count] of [...this.spilled]) await this.storeSpilled(segment, count);
      this.backoff = 0;
    } catch (error) {
      this.backoff = Math.min(longestBackoff, Math.max(firstBackoff, this.backoff * 2));
      this.options.onError(error);
    }
    this.guarded(() => this.journal.tidy(this.waiting() === 0));
  }

  private async storeBatch(batch: Item[]): Promise<void> {
    const records = batch.map((item) => item.record);
    try {
      await this.options.database.transaction((sql) => insertRequests(sql, records));
    } catch (error) {
      await this.storeSingly(records, error);
    }
    this.queue.splice(0, batch.length);
    for (const { segment } of batch) if (segment) this.journal.stored(segment, 1);
  }

  /** A row that the database refuses must not hold up all others. Rejects with `reason` when the database is down. */
  private async storeSingly(records: RequestRecord[], reason: unknown): Promise<void> {
    const { sql } = this.options.database;
    const answers = () =>
      sql`SELECT id FROM requests WHERE id = ${uuidv7()}`.then(
        () => true,
        () => false,
      );
    for (const record of records) {
      if (!(await answers())) throw reason;
      try {
        await this.options.database.transaction((sql) => insertRequests(sql, [record]));
      } catch (error) {
        if (!(await answers())) throw reason;
        this.options.onError(new Error(`the usage row ${record.id} was refused by the database`, { cause: error }));
      }
    }
  }

  private async storeSpilled(segment: Segment, count: number): Promise<void> {
    await readSegment(segment.path, async (lines) => {
      const records = lines.flatMap((line) => ("closed" in line ? [line.closed] : []));
      if (records.length > 0) await this.options.database.transaction((sql) => insertRequests(sql, records));
    });
    this.journal.stored(segment, count);
    const left = (this.spilled.get(segment) ?? 0) - count;
    if (left > 0) this.spilled.set(segment, left);
    else this.spilled.delete(segment);
  }

  /** A sister process that died is replayed by whoever lives. */
  private async keepHouse(): Promise<void> {
    this.guarded(() => this.journal.beat());
    try {
      await replayJournals(this.options.dir, this.options.database);
    } catch (error) {
      this.options.onError(error);
    }
  }

  private guarded<Result>(work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      this.options.onError(error);
      return undefined;
    }
  }
}

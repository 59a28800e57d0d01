/**
 * Brings kept answers from memory into the database in small batches, finds them in both, and takes them out when their
 * time is over. An answer that ended less than a batch's time before the process was killed is not kept.
 */
import type { ResponseStore, StoredInput, StoredPlace, StoredResponse } from "../model/stored.ts";
import type { Sealer } from "../secrets/seal.ts";
import type { Database, Sql, Transaction } from "./database.ts";
import { Pruner } from "./pruning.ts";
import * as rows from "./stored-rows.ts";

export interface ResponseStoreOptions {
  database: Database;
  /** For reading, off the request thread. */
  reader: { sql: Sql };
  sealer: Sealer;
  /** How long answers are kept. */
  retentionMs(): number;
  /** Told once of each outage, and of each answer that the database refuses. */
  onError?: (error: unknown) => void;
  /** How long answers are gathered. */
  everyMs?: number;
  /** Characters of bodies that may wait in memory. */
  room?: number;
  /** How often the old ones are looked for. */
  sweepMs?: number;
}

export interface OpenResponseStore extends ResponseStore {
  /** Takes out what is too old, in small steps. */
  sweep(): Promise<void>;
  /** Resolves when everything is in the database; rejects after `timeoutMs`. */
  flush(timeoutMs?: number): Promise<void>;
  /** Flushes and ends; what could not be written in time is lost. */
  close(timeoutMs?: number): Promise<void>;
}

type Item = { input: StoredInput } | { response: StoredResponse } | { forget: string };

/** A batch ends with the item that reaches one of these. */
const batchItems = 256;
const batchCharacters = 1024 * 1024;
const firstBackoff = 250;
const longestBackoff = 10_000;
const sweepStep = 50;

export function openResponseStore(options: ResponseStoreOptions): OpenResponseStore {
  return new BackgroundStore(options);
}

class BackgroundStore implements OpenResponseStore {
  private readonly options: Required<ResponseStoreOptions>;
  private readonly waiting: Item[] = [];
  private size = 0;
  private running: Promise<void> | undefined;
  private timer: Timer | undefined;
  private backoff = 0;
  private wasRefused = false;
  private isClosed = false;
  private readonly pruner: Pruner;

  constructor(options: ResponseStoreOptions) {
    const usual = { onError: () => undefined, everyMs: 100, room: 64 * 1024 * 1024, sweepMs: 3_600_000 };
    this.options = { ...usual, ...options };
    const { database, onError, sweepMs } = this.options;
    const remove = (limit: number) => rows.deleteExpired(database, { before: this.since(), limit });
    this.pruner = new Pruner({ remove, step: sweepStep, everyMs: sweepMs, onError });
  }

  keepInput(input: StoredInput): boolean {
    return this.add({ input });
  }

  keepResponse(response: StoredResponse): boolean {
    return this.add({ response });
  }

  forgetInput(requestId: string): void {
    this.add({ forget: requestId });
  }

  async find(place: StoredPlace): Promise<StoredResponse | undefined> {
    const since = this.since();
    const waiting = this.responses(place).at(-1);
    if (waiting) return waiting.at >= since ? waiting : undefined;
    return rows.findStoredResponse(this.options.reader.sql, this.options.sealer, { place, since });
  }

  async findHolder(place: StoredPlace): Promise<StoredResponse | undefined> {
    const since = this.since();
    const waiting = this.waiting.findLast((item) => "response" in item && holds(item.response, place));
    if (waiting && "response" in waiting && waiting.response.at >= since) return waiting.response;
    return rows.findHolder(this.options.reader.sql, this.options.sealer, { place, since });
  }

  async findInput(requestId: string): Promise<string | undefined> {
    for (const item of this.waiting) {
      if ("input" in item && item.input.requestId === requestId) return item.input.input;
    }
    return rows.findStoredInput(this.options.reader.sql, this.options.sealer, requestId);
  }

  async remove(place: StoredPlace): Promise<boolean> {
    // What is being written is in the database then.
    while (this.running) await this.running;
    const found = this.responses(place);
    const ids = new Set(found.map(({ requestId }) => requestId));
    this.take((item) => ids.has(idOf(item)));
    const times = await this.options.database.transaction(async (sql) => {
      for (const id of ids) await rows.deleteStoredInput(sql, id);
      return rows.deleteStoredResponse(sql, place);
    });
    const since = this.since();
    return [...found.map(({ at }) => at), ...times].some((at) => at >= since);
  }

  async flush(timeoutMs = 30_000): Promise<void> {
    const until = Date.now() + timeoutMs;
    while (this.waiting.length > 0) {
      const left = until - Date.now();
      if (left <= 0) throw new Error(`${this.waiting.length} kept answers are not written after ${timeoutMs} ms`);
      this.wake(0);
      await Promise.race([this.running, Bun.sleep(left)]);
      if (this.backoff > 0) await Bun.sleep(Math.min(this.backoff, left));
    }
  }

  async close(timeoutMs = 10_000): Promise<void> {
    if (this.isClosed) return;
    await this.flush(timeoutMs).catch((error) => this.options.onError(error));
    this.isClosed = true;
    clearTimeout(this.timer);
    await this.running;
    await this.pruner.close();
  }

  sweep(): Promise<void> {
    return this.pruner.run();
  }

  private since(): number {
    return Date.now() - this.options.retentionMs();
  }

  private responses({ owner, protocol, id }: StoredPlace): StoredResponse[] {
    return this.waiting.flatMap((item) => {
      if (!("response" in item)) return [];
      const { response } = item;
      return response.id === id && response.owner === owner && response.protocol === protocol ? [response] : [];
    });
  }

  private add(item: Item): boolean {
    const size = sizeOf(item);
    if (size > 0 && this.size + size > this.options.room) {
      if (!this.wasRefused) this.options.onError(new Error("too many answers wait to be written: some are not kept"));
      this.wasRefused = true;
      return false;
    }
    this.size += size;
    this.waiting.push(item);
    this.wake(this.options.everyMs);
    return true;
  }

  /** Takes items out of the queue. */
  private take(isTaken: (item: Item, at: number) => boolean): void {
    const left = this.waiting.filter((item, at) => !isTaken(item, at));
    this.waiting.splice(0, this.waiting.length, ...left);
    this.size = left.reduce((sum, item) => sum + sizeOf(item), 0);
  }

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
      if (this.waiting.length > 0) this.wake(this.options.everyMs);
    });
  }

  private async work(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        const batch = this.batch();
        await this.write(batch);
        this.take((_item, at) => at < batch.length);
        // SQLite writes in this thread: others have their turn between two batches.
        await Bun.sleep(0);
      }
      this.backoff = 0;
      this.wasRefused = false;
    } catch (error) {
      if (this.backoff === 0) this.options.onError(error);
      this.backoff = Math.min(longestBackoff, Math.max(firstBackoff, this.backoff * 2));
    }
  }

  private batch(): Item[] {
    let size = 0;
    const end = this.waiting.findIndex((item, at) => {
      size += sizeOf(item);
      return at + 1 === batchItems || size >= batchCharacters;
    });
    return this.waiting.slice(0, end < 0 ? this.waiting.length : end + 1);
  }

  private async write(batch: Item[]): Promise<void> {
    const { database } = this.options;
    try {
      await database.transaction((sql) => this.insert(sql, batch));
    } catch (error) {
      await this.writeSingly(batch, error);
    }
  }

  /** An answer that the database refuses must not hold up all others. Rejects with `reason` when the database is down. */
  private async writeSingly(batch: Item[], reason: unknown): Promise<void> {
    const { database } = this.options;
    for (const item of batch) {
      try {
        await database.transaction((sql) => this.insert(sql, [item]));
      } catch (cause) {
        const answers = await database.sql`SELECT id FROM stored_inputs WHERE id = ${""}`.catch(() => undefined);
        if (!answers) throw reason;
        this.options.onError(new Error(`the answer to ${idOf(item)} was refused by the database`, { cause }));
      }
    }
  }

  private async insert(sql: Transaction, items: readonly Item[]): Promise<void> {
    const { sealer } = this.options;
    const inputs = items.flatMap((item) => ("input" in item ? [item.input] : []));
    const responses = items.flatMap((item) => ("response" in item ? [item.response] : []));
    await rows.insertStoredInputs(sql, sealer, inputs);
    await rows.insertStoredResponses(sql, sealer, responses);
    for (const item of items) if ("forget" in item) await rows.deleteStoredInput(sql, item.forget);
  }
}

function holds({ items, owner, protocol }: StoredResponse, place: StoredPlace): boolean {
  return items?.includes(place.id) === true && owner === place.owner && protocol === place.protocol;
}

function idOf(item: Item): string {
  if ("input" in item) return item.input.requestId;
  return "response" in item ? item.response.requestId : item.forget;
}

function sizeOf(item: Item): number {
  if ("input" in item) return item.input.input.length;
  return "response" in item ? item.response.response.length : 0;
}

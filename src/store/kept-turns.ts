/**
 * Brings the seals of turns from memory into the database in small batches, and finds them in both. What was used last
 * stays in memory. A turn that ended less than a batch's time before the process was killed is not kept.
 */
import type { KeptPart, KeptTurn, TurnStore } from "../model/kept-turn.ts";
import type { Sealer } from "../secrets/seal.ts";
import { type Database, fragment, list, none, type Sql, statement } from "./database.ts";
import { Pruner, removeBefore } from "./pruning.ts";
import { type Column, int, toText } from "./rows.ts";

export interface TurnStoreOptions {
  database: Database;
  /** For reading, off the request thread. */
  reader: { sql: Sql };
  sealer: Sealer;
  /** How long turns are kept. */
  retentionMs(): number;
  /** Told once of each outage. */
  onError?: (error: unknown) => void;
  /** How long turns are gathered. */
  everyMs?: number;
  /** Characters of turns that memory holds. */
  room?: number;
  /** How often the old ones are looked for. */
  sweepMs?: number;
}

export interface OpenTurnStore extends TurnStore {
  /** Takes out what is too old, in small steps. */
  sweep(): Promise<void>;
  /** Writes what waits and ends. */
  close(): Promise<void>;
}

type Asked = Parameters<TurnStore["load"]>[0];

interface Known {
  turn: KeptTurn | null;
  size: number;
  /** Another process may have written since: what was absent is asked for again. */
  until: number;
}

const absentMs = 10_000;
const batchTurns = 128;
const mostWaiting = 10_000;
const sweepStep = 100;
const longestBackoff = 10_000;
/** Longer ones are not worth their place. */
const mostCharacters = 1024 * 1024;

export function openTurnStore(options: TurnStoreOptions): OpenTurnStore {
  return new BackgroundTurns(options);
}

class BackgroundTurns implements OpenTurnStore {
  private readonly options: Required<TurnStoreOptions>;
  /** By key, what was used last at the end. */
  private readonly known = new Map<string, Known>();
  private size = 0;
  private readonly waiting = new Map<string, { turn: KeptTurn; parts: string }>();
  /** Of an owner and a scope: until when nothing is known to be kept; Infinity when something is. */
  private readonly accounts = new Map<string, { isThere: boolean; until: number }>();
  /** Owners of which it is being asked whether anything is kept. */
  private readonly asking = new Set<string>();
  private timer: Timer | undefined;
  private running: Promise<void> | undefined;
  private backoff = 0;
  private isClosed = false;
  private readonly pruner: Pruner;

  constructor(options: TurnStoreOptions) {
    const usual = { onError: () => undefined, everyMs: 100, room: 16 * 1024 * 1024, sweepMs: 3_600_000 };
    this.options = { ...usual, ...options };
    const { database, onError, sweepMs } = this.options;
    const remove = (limit: number) => removeBefore(database, "kept_turns", { before: this.since(), limit });
    this.pruner = new Pruner({ remove, step: sweepStep, everyMs: sweepMs, onError });
  }

  keep(turn: KeptTurn): void {
    const parts = JSON.stringify(turn.parts);
    if (this.isClosed || parts.length > mostCharacters || this.options.retentionMs() <= 0) return;
    this.remember(turn.key, turn, parts.length);
    const isThere = { isThere: true, until: Number.POSITIVE_INFINITY };
    this.accounts.set(account(turn), isThere).set(account({ owner: turn.owner }), isThere);
    if (this.waiting.size >= mostWaiting) return;
    this.waiting.set(turn.key, { turn, parts });
    this.wake(this.options.everyMs);
  }

  recall(key: string): KeptTurn | null | undefined {
    const waiting = this.waiting.get(key)?.turn;
    if (waiting) return waiting;
    const known = this.known.get(key);
    if (!known) return undefined;
    this.known.delete(key);
    if (known.until < Date.now() || (known.turn && known.turn.at < this.since())) {
      this.size -= known.size;
      return undefined;
    }
    this.known.set(key, known);
    return known.turn;
  }

  /** Asks the database aside, now and then, when it is not known: another process may have written. */
  mayHave(owner: string): boolean {
    const known = this.accounts.get(account({ owner }));
    if (known?.isThere) return true;
    if (known && known.until > Date.now()) return false;
    if (this.asking.has(owner)) return true;
    this.asking.add(owner);
    this.hasAny({ owner, keys: [] })
      .catch((error) => this.options.onError(error))
      .finally(() => this.asking.delete(owner));
    return true;
  }

  load(asked: Asked): Promise<void> | undefined {
    const known = this.accounts.get(account(asked));
    if (known && !known.isThere && known.until > Date.now()) return undefined;
    return this.loadFrom(asked, known?.isThere === true);
  }

  private async loadFrom(asked: Asked, isThere: boolean) {
    const { owner, keys } = asked;
    const { sql } = this.options.reader;
    if (!isThere && !(await this.hasAny(asked))) return;
    const rows = await sql<Record<string, Column>>`SELECT id, at, owner, scope, origin, parts FROM kept_turns
      WHERE id IN (${list([...keys])}) AND owner = ${toText(owner)} AND at >= ${this.since()}`;
    const found = new Map(rows.map((row) => [String(row.id), row]));
    for (const key of keys) {
      const row = found.get(key);
      const parts = row && this.options.sealer.open(place(key), String(row.parts));
      const turn = row && parts !== undefined ? { key, ...turnOf(row), parts: JSON.parse(parts) as KeptPart[] } : null;
      if (!this.waiting.has(key)) this.remember(key, turn, parts?.length ?? 0);
    }
  }

  private async hasAny({ owner, scope }: Asked): Promise<boolean> {
    const { sql } = this.options.reader;
    const made = scope === undefined ? none : fragment`AND scope = ${toText(scope)}`;
    const found = await sql`SELECT id FROM kept_turns WHERE owner = ${toText(owner)} ${made} LIMIT 1`;
    const isThere = found.length > 0;
    const name = account({ owner, ...(scope === undefined ? {} : { scope }) });
    // Something may have been kept while the database was asked.
    if (!isThere && this.accounts.get(name)?.isThere) return true;
    this.accounts.set(name, { isThere, until: isThere ? Number.POSITIVE_INFINITY : Date.now() + absentMs });
    return isThere;
  }

  private remember(key: string, turn: KeptTurn | null, length: number): void {
    const size = length + 200;
    this.size += size - (this.known.get(key)?.size ?? 0);
    this.known.delete(key);
    this.known.set(key, { turn, size, until: turn ? Number.POSITIVE_INFINITY : Date.now() + absentMs });
    for (const [oldest, { size: freed }] of this.known) {
      if (this.size <= this.options.room) break;
      this.known.delete(oldest);
      this.size -= freed;
    }
  }

  private since(): number {
    return Date.now() - this.options.retentionMs();
  }

  private wake(delay: number): void {
    if (this.running) return;
    this.timer ??= setTimeout(
      () => {
        this.timer = undefined;
        this.running = this.write().finally(() => {
          this.running = undefined;
          if (this.waiting.size > 0 && !this.isClosed) this.wake(this.options.everyMs);
        });
      },
      Math.max(delay, this.backoff),
    );
  }

  private async write(): Promise<void> {
    const { database, sealer } = this.options;
    const batch = [...this.waiting.values()].slice(0, batchTurns);
    const rows = batch.map(({ turn, parts }) => [
      ...[turn.key, turn.at, toText(turn.owner), toText(turn.scope), turn.origin],
      sealer.seal(place(turn.key), parts),
    ]);
    try {
      await database.transaction((sql) => sql.each(insertTurn, rows));
      for (const one of batch) if (this.waiting.get(one.turn.key) === one) this.waiting.delete(one.turn.key);
      this.backoff = 0;
    } catch (error) {
      if (this.backoff === 0) this.options.onError(error);
      this.backoff = Math.min(longestBackoff, Math.max(250, this.backoff * 2));
    }
  }

  sweep(): Promise<void> {
    return this.pruner.run();
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    await this.pruner.close();
    clearTimeout(this.timer);
    await this.running;
    this.isClosed = true;
    for (let tries = 0; this.waiting.size > 0 && tries < 3; tries++) await this.write();
    clearTimeout(this.timer);
  }
}

const insertTurn = statement`INSERT INTO kept_turns (id, at, owner, scope, origin, parts)
  VALUES (${"?"}, ${"?"}, ${"?"}, ${"?"}, ${"?"}, ${"?"})
  ON CONFLICT (id) DO UPDATE SET at = excluded.at, scope = excluded.scope, origin = excluded.origin, parts = excluded.parts`;

function place(row: string) {
  return { table: "kept_turns", column: "parts", row };
}

/** Without a scope, all of an owner's accounts. */
function account({ owner, scope = "" }: { owner: string; scope?: string }): string {
  return `${owner}\0${scope}`;
}

function turnOf(row: Record<string, Column>): Omit<KeptTurn, "key" | "parts"> {
  const { at, owner, scope, origin } = row;
  return { at: int(at), owner: String(owner), scope: String(scope), origin: String(origin) };
}

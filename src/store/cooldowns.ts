/**
 * Cooldowns in the database. Each change runs alone among all nodes (counting the version up holds its row until the
 * end) and is worked out on what is stored then. Times are the database's: nodes' clocks need not agree.
 */
import { uuidv7 } from "../kit/id.ts";
import {
  type CooldownChange,
  type CooldownEvent,
  type CooldownKey,
  type CooldownScope,
  type CooldownState,
  type CooldownStore,
  sameKey,
} from "../model/cooldown.ts";
import { type ErrorCode, errorTable } from "../model/error.ts";
import { type Database, fragment, none, raw, type Sql } from "./database.ts";
import { type Column, flag, int, intOrNull, toText } from "./rows.ts";

const day = 86_400_000;
/** Nothing is cooled for longer: a later end is from a clock that was wrong. */
const longestMs = 32 * day + day;
const historyMs = 7 * day;
const versionKey = "cooldowns_version";

export interface OpenCooldownStore extends CooldownStore {
  /** Newest first; `after` is the `next` of the page before. */
  history(page: { limit: number; after?: string }): Promise<{ data: CooldownEvent[]; next: string | null }>;
  /** Takes out history that is older than a week. */
  sweep(): Promise<void>;
}

/** `now`: the clock that the states are told in, epoch milliseconds. */
export function openCooldownStore(database: Database, now: () => number): OpenCooldownStore {
  return new Cooldowns(database, now);
}

interface Row {
  scope: string;
  provider: string;
  account: string;
  model: string;
  failures: Column;
  since: Column;
  stepped_at: Column;
  until_at: Column;
  open_at: Column;
  source: string;
  is_far: Column;
  probe_owner: string | null;
  probe_until: Column;
  reason: string;
  message: string;
  request_id: string;
  window_name: string | null;
}

type EventRow = Pick<
  Row,
  "scope" | "provider" | "account" | "model" | "failures" | "reason" | "message" | "request_id" | "until_at"
> & { id: string; at: Column; kind: string };

class Cooldowns implements OpenCooldownStore {
  private readonly database: Database;
  private readonly now: () => number;
  /** Add it to our time to have the database's. */
  private offset = 0;

  constructor(database: Database, now: () => number) {
    this.database = database;
    this.now = now;
  }

  async read(seen: number | undefined): Promise<{ version: number; states: CooldownState[] } | undefined> {
    const { sql } = this.database;
    const version = await this.look(sql);
    if (version === seen) return undefined;
    const rows = await sql<Row>`SELECT * FROM cooldowns ORDER BY scope, provider, account, model`;
    const latest = this.now() + longestMs;
    const states = rows.map((row) => this.stateOf(row)).filter(({ until }) => until <= latest);
    return { version, states };
  }

  async change(change: CooldownChange): Promise<CooldownState | undefined> {
    const { key } = change;
    return this.database.transaction(async (sql) => {
      await sql`UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE key = ${versionKey}`;
      await this.look(sql);
      const rows = await sql<Row>`SELECT * FROM cooldowns WHERE ${whereKey(key)}`;
      const before = rows[0] && this.stateOf(rows[0]);
      const after = change.apply(before);
      if (after === before) return after;
      if (!after) await sql`DELETE FROM cooldowns WHERE ${whereKey(key)}`;
      else await this.save(sql, after);
      const event = eventOf(change, before, after);
      if (event) await this.tell(sql, event);
      return after;
    });
  }

  async history({ limit, after }: { limit: number; after?: string }) {
    const older = after === undefined ? none : fragment`WHERE id < ${after}`;
    const rows = await this.database.sql<EventRow>`SELECT * FROM cooldown_events ${older}
      ORDER BY id DESC LIMIT ${limit + 1}`;
    const data = rows.slice(0, limit).map(storedEvent);
    return { data, next: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
  }

  async sweep(): Promise<void> {
    await this.database.sql`DELETE FROM cooldown_events WHERE at < ${Date.now() - historyMs}`;
  }

  /** The version, and by the way how far the database's clock is from ours. */
  private async look(sql: Sql): Promise<number> {
    const asked = this.now();
    const clock =
      this.database.dialect === "postgres"
        ? raw("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")
        : fragment`${Math.round(Date.now())}`;
    const rows = await sql<{ value: string; clock: Column }>`SELECT value, ${clock} AS clock
      FROM meta WHERE key = ${versionKey}`;
    const [row] = rows;
    if (row) this.offset = int(row.clock) - (asked + this.now()) / 2;
    return Number(row?.value ?? 0);
  }

  private async save(sql: Sql, state: CooldownState): Promise<void> {
    const { key, probe } = state;
    const stored = (at: number) => Math.round(at + this.offset);
    await sql`DELETE FROM cooldowns WHERE ${whereKey(key)}`;
    await sql`INSERT INTO cooldowns (scope, provider, account, model, failures, since, stepped_at, until_at, open_at,
        source, is_far, probe_owner, probe_until, reason, message, request_id, window_name)
      VALUES (${key.scope}, ${key.provider}, ${toText(key.account)}, ${toText(key.model)}, ${state.failures},
        ${stored(state.since)}, ${stored(state.steppedAt)}, ${stored(state.until)}, ${stored(state.openAt)},
        ${state.source}, ${state.isFar ? 1 : 0}, ${probe?.owner ?? null}, ${probe ? stored(probe.until) : null},
        ${state.reason}, ${toText(state.message)}, ${toText(state.requestId)}, ${state.window})`;
  }

  private async tell(sql: Sql, event: CooldownEvent): Promise<void> {
    const { key } = event;
    await sql`INSERT INTO cooldown_events (id, at, kind, scope, provider, account, model, failures, reason, message,
        request_id, until_at)
      VALUES (${event.id}, ${event.at}, ${event.kind}, ${key.scope}, ${key.provider}, ${toText(key.account)},
        ${toText(key.model)}, ${event.failures}, ${event.reason}, ${toText(event.message)}, ${toText(event.requestId)},
        ${Math.round(event.until + this.offset)})`;
  }

  private stateOf(row: Row): CooldownState {
    const ours = (at: Column) => int(at) - this.offset;
    const probeUntil = intOrNull(row.probe_until);
    const isProbed = row.probe_owner !== null && probeUntil !== null;
    return {
      key: keyOf(row),
      failures: int(row.failures),
      since: ours(row.since),
      steppedAt: ours(row.stepped_at),
      until: ours(row.until_at),
      openAt: ours(row.open_at),
      source: row.source === "stated" ? "stated" : "schedule",
      isFar: flag(row.is_far),
      probe: isProbed ? { owner: row.probe_owner ?? "", until: ours(probeUntil) } : null,
      reason: reasonOf(row.reason),
      message: row.message,
      requestId: row.request_id,
      window: row.window_name,
    };
  }
}

function whereKey({ scope, provider, account, model }: CooldownKey) {
  return fragment`scope = ${scope} AND provider = ${provider} AND account = ${toText(account)} AND model = ${toText(model)}`;
}

function keyOf({
  scope,
  provider,
  account,
  model,
}: Pick<Row, "scope" | "provider" | "account" | "model">): CooldownKey {
  return { scope: scopeOf(scope), provider, account, model };
}

function scopeOf(word: string): CooldownScope {
  return word === "provider" || word === "account" ? word : "model";
}

/** A newer version may know codes that this one does not. */
function reasonOf(word: string): ErrorCode {
  return Object.hasOwn(errorTable, word) ? (word as ErrorCode) : "upstream-failed";
}

/** What the history says of a change, if it says anything. */
function eventOf(
  { ends }: CooldownChange,
  before: CooldownState | undefined,
  after: CooldownState | undefined,
): CooldownEvent | undefined {
  const state = after ?? before;
  if (!state || (after && before && after.steppedAt === before.steppedAt && sameKey(after.key, before.key)))
    return undefined;
  const { key, failures, reason, message, requestId, until } = state;
  const kind = after ? "cooled" : ends;
  return { id: uuidv7(), at: Date.now(), kind, key, failures, reason, message, requestId, until };
}

function storedEvent(row: EventRow): CooldownEvent {
  const { id, kind, message, request_id: requestId } = row;
  const known = kind === "cooled" || kind === "recovered" || kind === "cleared" ? kind : "forgotten";
  return {
    ...{ id, kind: known, key: keyOf(row), message, requestId },
    ...{ at: int(row.at), failures: int(row.failures), reason: reasonOf(row.reason), until: int(row.until_at) },
  };
}

/** What people did beside the configuration, and when: signing in, clearing cooldowns, resetting quotas. */
import type { Section } from "../config/schema.ts";
import { sha256Hex } from "../kit/hash.ts";
import { uuidv7 } from "../kit/id.ts";
import type { Author } from "./config-history.ts";
import { type Database, fragment, list as listOf, none, type Sql } from "./database.ts";
import { Pruner, removeBefore } from "./pruning.ts";
import { type Column, int, toText } from "./rows.ts";

export const signIns = ["signed in", "sign-in failed", "signed out", "session ended"] as const;
export const operations = [
  "cooldowns cleared",
  "quota reset",
  "quota recomputed",
  "refusals forgotten",
  "prices loaded",
  "costs recomputed",
  "requests exported",
] as const;
export type ActKind = (typeof signIns)[number] | (typeof operations)[number];

/** Never with a secret: names and numbers only. */
export interface Act {
  readonly kind: ActKind;
  readonly author: Author;
  /** The entity that it concerns, where it is one. */
  readonly section?: Section;
  readonly name?: string;
  /** In words. */
  readonly detail?: string;
}

export interface StoredAct extends Act {
  readonly id: string;
  /** Epoch milliseconds: of the first and the last time. */
  readonly at: number;
  readonly lastAt: number;
  readonly times: number;
}

export interface ActPage {
  limit: number;
  /** The place of the last one that was seen: `at.id`. */
  after?: string;
  kinds?: readonly ActKind[];
  section?: Section;
  name?: string;
}

export interface Acts {
  /** Resolves when it is written, or when it could not be, which was told. */
  add(act: Act): Promise<void>;
  /** Newest first. */
  list(page: ActPage): Promise<StoredAct[]>;
  close(): Promise<void>;
}

export interface ActsOptions {
  database: Database;
  /** For reading, off the request thread. */
  reader: { sql: Sql };
  onError(error: unknown): void;
  now?: () => number;
}

const quarterMs = 900_000;
/** Addresses that get rows of their own within a quarter of an hour; all others share one. */
const mostOrigins = 50;
const elsewhere = "other addresses";
const keptMs = 400 * 86_400_000;
/** Of each kind, so that a flood of one pushes nothing else out. */
const mostOfKind = 5000;
const longestText = 300;

export function openActs(options: ActsOptions): Acts {
  const { database, reader, onError, now = Date.now } = options;
  const originOf = boundedOrigins();
  const remove = (limit: number) => prune(database, now() - keptMs, limit);
  const pruner = new Pruner({ remove, step: 100, everyMs: 3_600_000, onError });
  return {
    async add(act) {
      const at = now();
      try {
        const origin = isCounted(act.kind) ? originOf(act, Math.floor(at / quarterMs)) : act.author.origin;
        await write(database.sql, { ...act, author: { ...act.author, origin } }, at);
      } catch (error) {
        onError(error);
      }
    },
    list: (page) => read(reader.sql, page),
    close: () => pruner.close(),
  };
}

export function placeOf({ at, id }: StoredAct): string {
  return `${at}.${id}`;
}

/** What is done again and again, and says nothing new by that. */
function isCounted(kind: ActKind): boolean {
  return kind === "requests exported" || signIns.some((one) => one === kind);
}

/** Who only guesses can come from any number of addresses. */
function boundedOrigins(): (act: Act, quarter: number) => string {
  let current = 0;
  const seen = new Map<ActKind, Set<string>>();
  return ({ kind, author: { origin } }, quarter) => {
    if (quarter !== current) seen.clear();
    current = quarter;
    const origins = seen.get(kind) ?? new Set();
    seen.set(kind, origins);
    if (origins.size >= mostOrigins && !origins.has(origin)) return elsewhere;
    origins.add(origin);
    return origin;
  };
}

async function write(sql: Sql, act: Act, at: number): Promise<void> {
  const { kind, author, section = null } = act;
  const text = (value: string | undefined) => (value === undefined ? null : toText(value.slice(0, longestText)));
  const [origin, name, detail] = [text(author.origin), text(act.name), text(act.detail)];
  const parts = [
    Math.floor(at / quarterMs),
    kind,
    author.actor,
    origin,
    section,
    name,
    ...(detail === null ? [] : [detail]),
  ];
  const id = isCounted(kind) ? sha256Hex(JSON.stringify(parts)).slice(0, 32) : uuidv7();
  await sql`INSERT INTO acts (id, at, last_at, times, kind, actor, origin, section, name, detail)
    VALUES (${id}, ${at}, ${at}, 1, ${kind}, ${author.actor}, ${origin}, ${section}, ${name}, ${detail})
    ON CONFLICT (id) DO UPDATE SET times = acts.times + 1, last_at = excluded.last_at`;
}

interface Row {
  id: string;
  at: Column;
  last_at: Column;
  times: Column;
  kind: ActKind;
  actor: Author["actor"];
  origin: string;
  section: Section | null;
  name: string | null;
  detail: string | null;
}

async function read(sql: Sql, { limit, after, kinds, section, name }: ActPage): Promise<StoredAct[]> {
  const [, at, id = ""] = /^(\d{1,15})\.([\w-]{1,40})$/.exec(after ?? "") ?? [];
  const behind = at === undefined ? none : fragment`AND (at < ${Number(at)} OR (at = ${Number(at)} AND id < ${id}))`;
  const ofKind = kinds === undefined ? none : fragment`AND kind IN (${listOf(kinds)})`;
  const ofSection = section === undefined ? none : fragment`AND section = ${section}`;
  const ofName = name === undefined ? none : fragment`AND name = ${toText(name)}`;
  const rows = await sql<Row>`SELECT id, at, last_at, times, kind, actor, origin, section, name, detail FROM acts
    WHERE 1 = 1 ${behind} ${ofKind} ${ofSection} ${ofName} ORDER BY at DESC, id DESC LIMIT ${limit}`;
  return rows.map(actOf);
}

function actOf({ id, at, last_at, times, kind, actor, origin, section, name, detail }: Row): StoredAct {
  return {
    ...{ id, at: int(at), lastAt: int(last_at), times: int(times), kind, author: { actor, origin } },
    ...(section === null ? {} : { section }),
    ...(name === null ? {} : { name }),
    ...(detail === null ? {} : { detail }),
  };
}

async function prune(database: Database, before: number, limit: number): Promise<number> {
  const removed = await removeBefore(database, "acts", { before, limit });
  let more = 0;
  for (const kind of [...signIns, ...operations]) {
    const rows = await database.sql`DELETE FROM acts WHERE id IN
      (SELECT id FROM acts WHERE kind = ${kind} ORDER BY at DESC LIMIT ${limit} OFFSET ${mostOfKind}) RETURNING id`;
    more = Math.max(more, rows.length);
  }
  return Math.max(removed, more);
}

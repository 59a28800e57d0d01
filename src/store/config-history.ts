/** Who changed what of the configuration, and when: written with each change, in its transaction. */
import type { EntityKind } from "../config/schema.ts";
import type { Sealer } from "../secrets/seal.ts";
import { fragment, none, type Sql } from "./database.ts";
import { type Column, int, toText } from "./rows.ts";

/** Who made a change. */
export interface Author {
  readonly actor: "api" | "console" | "cli" | "start";
  /** The address it came from, or the operating system's user. */
  readonly origin: string;
}

export interface HistoryEntry {
  /** The version that the change made, and its place in it: `12.0`. */
  readonly id: string;
  readonly version: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly author: Author;
  readonly note: string | null;
  readonly kind: EntityKind | "settings";
  readonly name: string;
  /** As stored; undefined where there was or is nothing. */
  readonly before: unknown;
  readonly after: unknown;
}

export interface Written {
  version: number;
  author: Author;
  note?: string;
  changes: readonly Pick<HistoryEntry, "kind" | "name" | "before" | "after">[];
}

/** Versions of which the history is kept. */
const keptVersions = 5000;

export async function addHistory(sql: Sql, sealer: Sealer, written: Written): Promise<void> {
  const { version, author, note = null, changes } = written;
  for (const [place, { kind, name, before, after }] of changes.entries()) {
    const id = `${version}.${place}`;
    const seal = (column: "before_body" | "after_body", value: unknown) =>
      value === undefined ? null : sealer.seal({ table: "config_history", column, row: id }, JSON.stringify(value));
    await sql`INSERT INTO config_history
      (id, version, place, at, actor, origin, note, kind, name, before_body, after_body)
      VALUES (${id}, ${version}, ${place}, ${Date.now()}, ${author.actor}, ${toText(author.origin)}, ${note}, ${kind},
      ${name}, ${seal("before_body", before)}, ${seal("after_body", after)})`;
  }
  await sql`DELETE FROM config_history WHERE version <= ${version - keptVersions}`;
}

export interface HistoryPage {
  limit: number;
  /** The id of the last entry that was seen. */
  after?: string;
  kind?: HistoryEntry["kind"];
  name?: string;
}

interface Row {
  id: string;
  version: Column;
  at: Column;
  actor: Author["actor"];
  origin: string;
  note: string | null;
  kind: HistoryEntry["kind"];
  name: string;
  before_body: string | null;
  after_body: string | null;
}

/** Newest first, and of one version in the order in which it was made. */
export async function readHistory(sql: Sql, sealer: Sealer, page: HistoryPage): Promise<HistoryEntry[]> {
  const [version, place] = placeIn(page.after);
  const behind = page.after
    ? fragment`AND (version < ${version} OR (version = ${version} AND place > ${place}))`
    : none;
  const ofKind = page.kind === undefined ? none : fragment`AND kind = ${page.kind}`;
  const ofName = page.name === undefined ? none : fragment`AND name = ${toText(page.name)}`;
  const rows = await sql<Row>`SELECT id, version, at, actor, origin, note, kind, name, before_body, after_body
    FROM config_history WHERE 1 = 1 ${behind} ${ofKind} ${ofName}
    ORDER BY version DESC, place ASC LIMIT ${page.limit}`;
  return rows.map((row) => entryOf(sealer, row));
}

/** The entry of that id, or all of a version. */
export async function findHistory(sql: Sql, sealer: Sealer, id: string): Promise<HistoryEntry[]> {
  if (!/^\d{1,15}(\.\d{1,9})?$/.test(id)) return [];
  const [version] = placeIn(id);
  const only = id.includes(".") ? fragment`AND id = ${id}` : none;
  const rows = await sql<Row>`SELECT id, version, at, actor, origin, note, kind, name, before_body, after_body
    FROM config_history WHERE version = ${version} ${only} ORDER BY place`;
  return rows.map((row) => entryOf(sealer, row));
}

/** The version of the newest change of an entity. */
export async function newestChange(sql: Sql, { kind, name }: Pick<HistoryEntry, "kind" | "name">): Promise<number> {
  const rows = await sql<{ version: Column }>`SELECT version FROM config_history WHERE kind = ${kind} AND name = ${name}
    ORDER BY version DESC LIMIT 1`;
  return rows[0] === undefined ? 0 : int(rows[0].version);
}

function placeIn(id = ""): [number, number] {
  const [version = 0, place = -1] = id.split(".").map(Number);
  const whole = (value: number, other: number) => (Number.isSafeInteger(value) ? value : other);
  return [whole(version, 0), whole(place, -1)];
}

function entryOf(sealer: Sealer, row: Row): HistoryEntry {
  const { id, kind, name, note, actor, origin } = row;
  const open = (column: "before_body" | "after_body"): unknown => {
    const sealed = row[column];
    return sealed === null ? undefined : JSON.parse(sealer.open({ table: "config_history", column, row: id }, sealed));
  };
  return {
    ...{ id, version: int(row.version), at: int(row.at), author: { actor, origin }, note, kind, name },
    before: open("before_body"),
    after: open("after_body"),
  };
}

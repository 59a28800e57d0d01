/** Brings what dead processes left in their journals into the database. Doing it twice changes nothing. */
import { createReadStream, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { OpenedRecord, RequestRecord } from "../model/record.ts";
import type { Database } from "./database.ts";
import type { JournalLine } from "./journal.ts";
import { ownerLives } from "./journal-owner.ts";
import { insertRequests, interruptedRecord } from "./requests.ts";

export interface Replayed {
  closed: number;
  interrupted: number;
  /** Lines that could not be read, the torn last one of a process that was killed included. */
  unreadable: number;
}

const batchSize = 128;

/**
 * Replays the folders below `dir` whose processes are gone, and removes each when all of it is stored. Rejects when
 * the database does; the journals then stay.
 */
export async function replayJournals(dir: string, database: Database): Promise<Replayed> {
  const total: Replayed = { closed: 0, interrupted: 0, unreadable: 0 };
  if (!existsSync(dir)) return total;
  for (const name of readdirSync(dir).sort()) {
    const folder = join(dir, name);
    if (!/^\d+-/.test(name) || ownerLives(folder)) continue;
    await replayFolder(folder, database, total);
    rmSync(folder, { recursive: true, force: true });
  }
  return total;
}

async function replayFolder(folder: string, database: Database, total: Replayed): Promise<void> {
  const running = new Map<string, OpenedRecord>();
  const done = new Set<string>();
  for (const path of segmentsOf(folder)) {
    await readSegment(path, async (lines, unreadable) => {
      total.unreadable += unreadable;
      const closed: RequestRecord[] = [];
      for (const line of lines) {
        if ("closed" in line) {
          closed.push(line.closed);
          done.add(line.closed.id);
          running.delete(line.closed.id);
        } else if (!done.has(line.opened.id)) {
          running.set(line.opened.id, line.opened);
        }
      }
      await store(database, closed);
      total.closed += closed.length;
    });
  }
  const interrupted = [...running.values()].map(interruptedRecord);
  for (let from = 0; from < interrupted.length; from += batchSize) {
    await store(database, interrupted.slice(from, from + batchSize));
  }
  total.interrupted += interrupted.length;
}

function segmentsOf(folder: string): string[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const number = /^journal-(\d+)\.log$/.exec(name)?.[1];
      return number === undefined ? [] : [{ path: join(folder, name), number: Number(number) }];
    })
    .sort((a, b) => a.number - b.number)
    .map(({ path }) => path);
}

async function store(database: Database, records: RequestRecord[]): Promise<void> {
  if (records.length > 0) await database.transaction((sql) => insertRequests(sql, records));
}

/** The lines of a file in batches; each batch is taken before more is read. */
export async function readSegment(
  path: string,
  take: (lines: JournalLine[], unreadable: number) => Promise<void>,
): Promise<void> {
  let lines: JournalLine[] = [];
  let unreadable = 0;
  for await (const text of createInterface({
    input: createReadStream(path, "utf8"),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    if (text === "") continue;
    const line = readLine(text);
    if (line) lines.push(line);
    else unreadable++;
    if (lines.length < batchSize) continue;
    await take(lines, unreadable);
    lines = [];
    unreadable = 0;
  }
  await take(lines, unreadable);
}

function readLine(text: string): JournalLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<{ opened: OpenedRecord; closed: RequestRecord }> | null;
    if (line?.closed?.id) return { closed: line.closed };
    return line?.opened?.id ? { opened: line.opened } : undefined;
  } catch {
    return undefined;
  }
}

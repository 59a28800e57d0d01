/**
 * The append-only journal: an `opened` and a `closed` line for each request, written plainly and at once, so that an
 * answered request survives `kill -9`. Each process has a folder of its own; replay.ts reads what dead ones left.
 */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { uuidv7 } from "../kit/id.ts";
import type { OpenedRecord, RequestRecord } from "../model/record.ts";
import { writeOwner } from "./journal-owner.ts";

/** One file. It may go when nothing in it is needed: all its closed records stored, its running ones carried on. */
export interface Segment {
  readonly path: string;
  readonly number: number;
  size: number;
  /** Closed records that are not in the database yet. */
  unstored: number;
}

export type JournalLine = { opened: OpenedRecord } | { closed: RequestRecord };

export interface Journal {
  /** Written within 25 ms, or not at all when the request has closed by then. */
  opened(record: OpenedRecord): void;
  /** The same request with more known of it. */
  admitted(record: OpenedRecord): void;
  /** Throws when the disk refuses. Say `stored` of the segment once the record is in the database. */
  closed(record: RequestRecord): Segment;
  /** So many closed records of the segment are in the database. */
  stored(segment: Segment, count: number): void;
  /** A new segment when the present one has grown; drops segments that are not needed. */
  tidy(idle: boolean): void;
  /** Says that this process is alive, for others that share the folder. */
  beat(): void;
  /** Ends the writing; `clean` removes the folder, when everything is stored. */
  close(clean: boolean): void;
}

const openedWithinMs = 25;
const largeSegment = 8 * 1024 * 1024;
/** With nothing waiting, a segment of this size is replaced: a replay then has little to read. */
const idleSegment = 256 * 1024;

/** `dir` is the folder of all journals of an installation; it is made when missing. */
export function openJournal(dir: string): Journal {
  const folder = join(dir, `${process.pid}-${uuidv7()}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeOwner(folder);
  return new FileJournal(folder);
}

class FileJournal implements Journal {
  private readonly folder: string;
  private readonly segments: Segment[] = [];
  private readonly running = new Map<string, OpenedRecord>();
  /** Those of them without a line yet: most requests close before, and then need one line only. */
  private readonly unwritten = new Map<string, OpenedRecord>();
  private timer: Timer | undefined;
  private file = -1;
  private isTorn = false;

  constructor(folder: string) {
    this.folder = folder;
    this.rotate();
  }

  opened(record: OpenedRecord): void {
    this.running.set(record.id, record);
    this.unwritten.set(record.id, record);
    this.timer ??= setTimeout(() => this.writeOpened(), openedWithinMs);
  }

  /** A later line of a request takes the place of an earlier one. */
  admitted(record: OpenedRecord): void {
    this.opened(record);
  }

  private writeOpened(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.unwritten.size === 0) return;
    const lines = linesOf(this.unwritten);
    this.unwritten.clear();
    try {
      this.append(lines);
    } catch {
      // The closed line says all that this one would have said, and its writer is told when the disk refuses.
    }
  }

  closed(record: RequestRecord): Segment {
    const segment = this.present();
    this.running.delete(record.id);
    this.unwritten.delete(record.id);
    this.append(`${JSON.stringify({ closed: record } satisfies JournalLine)}\n`);
    segment.unstored++;
    return segment;
  }

  stored(segment: Segment, count: number): void {
    segment.unstored -= count;
  }

  tidy(idle: boolean): void {
    const { size } = this.present();
    if (size > largeSegment || (idle && size > idleSegment)) this.rotate();
    const present = this.present();
    for (const segment of [...this.segments]) {
      if (segment === present || segment.unstored > 0) continue;
      this.segments.splice(this.segments.indexOf(segment), 1);
      rmSync(segment.path, { force: true });
    }
  }

  beat(): void {
    writeOwner(this.folder);
  }

  close(clean: boolean): void {
    this.writeOpened();
    closeSync(this.file);
    this.file = -1;
    if (clean) rmSync(this.folder, { recursive: true, force: true });
  }

  private present(): Segment {
    const segment = this.segments.at(-1);
    if (!segment || this.file < 0) throw new Error("the journal is closed");
    return segment;
  }

  /** Running requests are carried on before the old segment may be dropped. */
  private rotate(): void {
    const number = (this.segments.at(-1)?.number ?? 0) + 1;
    const path = join(this.folder, `journal-${number}.log`);
    const next = openSync(path, "a", 0o600);
    if (this.file >= 0) closeSync(this.file);
    this.file = next;
    this.isTorn = false;
    this.segments.push({ path, number, size: 0, unstored: 0 });
    if (this.running.size > 0) this.append(linesOf(this.running));
    this.unwritten.clear();
  }

  /** A line that was cut by a full disk is ended first, so that it cannot spoil the next one. */
  private append(text: string): void {
    const whole = this.isTorn ? `\n${text}` : text;
    const segment = this.present();
    this.isTorn = true;
    const length = Buffer.byteLength(whole);
    let written = writeSync(this.file, whole);
    // The rare short write goes on by bytes.
    for (const bytes = written < length ? Buffer.from(whole) : undefined; bytes && written < length; ) {
      written += writeSync(this.file, bytes, written, length - written);
    }
    segment.size += length;
    this.isTorn = false;
  }
}

function linesOf(records: ReadonlyMap<string, OpenedRecord>): string {
  return [...records.values()].map((opened) => `${JSON.stringify({ opened } satisfies JournalLine)}\n`).join("");
}

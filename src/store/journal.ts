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
  /** One begins to run: it is written within 25 ms, or not at all when it has closed by then. */
  opened(): void;
  /** More is known of one that runs. */
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

/** The requests that run, the newest first. */
export type WhoRuns = () => Iterable<OpenedRecord>;

/** `dir` is the folder of all journals of an installation; it is made when missing. */
export function openJournal(dir: string, whoRuns: WhoRuns): Journal {
  const folder = join(dir, `${process.pid}-${uuidv7()}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeOwner(folder);
  return new FileJournal(folder, whoRuns);
}

class FileJournal implements Journal {
  private readonly folder: string;
  private readonly segments: Segment[] = [];
  private readonly whoRuns: WhoRuns;
  /** Those that run and have a line: most requests close before, and then need one line only. */
  private readonly written = new Set<string>();
  /** Of which more is known than their line says. */
  private readonly better = new Map<string, OpenedRecord>();
  private timer: Timer | undefined;
  private file = -1;
  private isTorn = false;

  constructor(folder: string, whoRuns: WhoRuns) {
    this.folder = folder;
    this.whoRuns = whoRuns;
    this.rotate();
  }

  opened(): void {
    this.timer ??= setTimeout(() => this.writeOpened(), openedWithinMs);
  }

  /** A later line of a request takes the place of an earlier one. */
  admitted(record: OpenedRecord): void {
    if (!this.written.has(record.id)) return;
    this.better.set(record.id, record);
    this.opened();
  }

  private writeOpened(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const news = [...this.unwritten(), ...this.better.values()];
    this.better.clear();
    if (news.length === 0) return;
    try {
      this.append(this.linesOf(news));
    } catch {
      // The closed line says all that this one would have said, and its writer is told when the disk refuses.
    }
  }

  /** The newest, down to the first that has a line: those before it were written with it, or before. */
  private unwritten(): OpenedRecord[] {
    const found: OpenedRecord[] = [];
    for (const record of this.whoRuns()) {
      if (this.written.has(record.id)) break;
      found.push(record);
    }
    return found.reverse();
  }

  private linesOf(records: OpenedRecord[]): string {
    for (const { id } of records) this.written.add(id);
    return records.map((opened) => `${JSON.stringify({ opened } satisfies JournalLine)}\n`).join("");
  }

  closed(record: RequestRecord): Segment {
    const segment = this.present();
    if (this.written.delete(record.id)) this.better.delete(record.id);
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
    const running = [...this.whoRuns()].reverse();
    if (running.length > 0) this.append(this.linesOf(running));
    this.better.clear();
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

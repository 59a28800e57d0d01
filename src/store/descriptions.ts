/** Descriptions of images: in memory what was used last, in the database all until their time is over. */
import type { DescriptionStore } from "../model/description.ts";
import type { Sealer } from "../secrets/seal.ts";
import type { Database, Sql } from "./database.ts";
import { Pruner, removeBefore } from "./pruning.ts";
import type { Column } from "./rows.ts";
import { toText } from "./rows.ts";

export interface DescriptionStoreOptions {
  database: Database;
  /** For reading, off the request thread. */
  reader: { sql: Sql };
  sealer: Sealer;
  /** How long they are kept. */
  retentionMs(): number;
  onError?: (error: unknown) => void;
  /** Characters that memory holds. */
  room?: number;
  /** How often the old ones are looked for. */
  sweepMs?: number;
}

export interface OpenDescriptionStore extends DescriptionStore {
  /** Takes out what is too old, in small steps. */
  sweep(): Promise<void>;
  /** Waits for what is being written, and ends. */
  close(): Promise<void>;
}

const sweepStep = 100;
const mostCharacters = 64 * 1024;

interface Known {
  text: string;
  at: number;
}

export function openDescriptionStore(options: DescriptionStoreOptions): OpenDescriptionStore {
  return new Descriptions(options);
}

class Descriptions implements OpenDescriptionStore {
  private readonly options: Required<DescriptionStoreOptions>;
  /** By key, what was used last at the end. */
  private readonly known = new Map<string, Known>();
  private size = 0;
  private readonly writing = new Set<Promise<void>>();
  private isClosed = false;
  private readonly pruner: Pruner;

  constructor(options: DescriptionStoreOptions) {
    this.options = { onError: () => undefined, room: 4 * 1024 * 1024, sweepMs: 3_600_000, ...options };
    const { database, onError, sweepMs } = this.options;
    const remove = (limit: number) => removeBefore(database, "image_descriptions", { before: this.since(), limit });
    this.pruner = new Pruner({ remove, step: sweepStep, everyMs: sweepMs, onError });
  }

  recall(key: string): string | undefined {
    const known = this.known.get(key);
    if (!known) return undefined;
    this.known.delete(key);
    if (known.at < this.since()) {
      this.size -= known.text.length;
      return undefined;
    }
    this.known.set(key, known);
    return known.text;
  }

  async find(key: string): Promise<string | undefined> {
    if (this.options.retentionMs() <= 0) return undefined;
    try {
      const { sql } = this.options.reader;
      const [row] = await sql<Record<string, Column>>`SELECT at, text FROM image_descriptions
        WHERE id = ${key} AND at >= ${this.since()}`;
      const text = row && this.options.sealer.open(place(key), String(row.text));
      if (text !== undefined) this.remember(key, { text, at: Number(row?.at) });
      return text;
    } catch (error) {
      this.options.onError(error);
      return undefined;
    }
  }

  keep(key: string, text: string): void {
    if (this.isClosed || text.length > mostCharacters || this.options.retentionMs() <= 0) return;
    const at = Date.now();
    this.remember(key, { text, at });
    const written = this.write(key, { text, at })
      .catch((error) => this.options.onError(error))
      .finally(() => this.writing.delete(written));
    this.writing.add(written);
  }

  private async write(key: string, { text, at }: Known): Promise<void> {
    const { database, sealer } = this.options;
    const sealed = sealer.seal(place(key), toText(text));
    await database.sql`INSERT INTO image_descriptions (id, at, text) VALUES (${key}, ${at}, ${sealed})
      ON CONFLICT (id) DO UPDATE SET at = excluded.at, text = excluded.text`;
  }

  private remember(key: string, known: Known): void {
    this.size += known.text.length - (this.known.get(key)?.text.length ?? 0);
    this.known.delete(key);
    this.known.set(key, known);
    for (const [oldest, { text }] of this.known) {
      if (this.size <= this.options.room) break;
      this.known.delete(oldest);
      this.size -= text.length;
    }
  }

  private since(): number {
    return Date.now() - this.options.retentionMs();
  }

  sweep(): Promise<void> {
    return this.pruner.run();
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    await this.pruner.close();
    await Promise.all(this.writing);
    this.isClosed = true;
  }
}

function place(row: string) {
  return { table: "image_descriptions", column: "text", row };
}

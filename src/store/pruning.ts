/** Takes what is too old out of a table, at the start and now and then, a few rows at a step so that others can write. */
import { type Database, raw } from "./database.ts";

export interface PrunerOptions {
  /** Takes out at most so many rows; how many that were. */
  remove(limit: number): Promise<number>;
  /** Rows of one step. */
  step: number;
  everyMs: number;
  onError(error: unknown): void;
}

const pauseMs = 25;

export class Pruner {
  private readonly options: PrunerOptions;
  private readonly timer: Timer;
  private running: Promise<void> | undefined;
  private isClosed = false;

  constructor(options: PrunerOptions) {
    this.options = options;
    this.timer = setInterval(() => void this.run(), options.everyMs);
    this.timer.unref();
    void this.run();
  }

  /** Resolves when nothing old is left, or when something failed, which was told. */
  run(): Promise<void> {
    this.running ??= this.work().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async work(): Promise<void> {
    const { remove, step, onError } = this.options;
    try {
      while (!this.isClosed) {
        if ((await remove(step)) < step) return;
        await Bun.sleep(pauseMs);
      }
    } catch (error) {
      if (!this.isClosed) onError(error);
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    await this.running;
  }
}

/** Of a table with `id` and `at`: rows from before a time, the oldest first. `table` is a name of our own. */
export async function removeBefore(
  { sql }: Pick<Database, "sql">,
  table: string,
  { before, limit }: { before: number; limit: number },
): Promise<number> {
  const name = raw(table);
  const rows = await sql`DELETE FROM ${name} WHERE id IN
    (SELECT id FROM ${name} WHERE at < ${before} ORDER BY at LIMIT ${limit}) RETURNING id`;
  return rows.length;
}

/**
 * The bytes of one upstream answer as they come: reads with a limit on silence, and says in our own errors how it
 * broke. Whoever stops reading slows the upstream.
 */
import type { Sweep, Watch } from "../kit/sweep.ts";
import { GatewayError } from "../model/error.ts";
import { transportError } from "../providers/call.ts";

export interface FeedOptions {
  sweep: Sweep;
  controller: AbortController;
  /** Milliseconds of upstream silence after which it is given up. */
  idleMs: number;
}

/** What is used of a reader; the runtime's and the platform's types of it differ. */
interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  cancel(reason: unknown): Promise<void>;
}

export class Feed {
  private readonly reader: Reader;
  private readonly options: FeedOptions;
  private readonly watch: Watch;
  private done = false;
  private idleMs: number;

  constructor(body: ReadableStream<Uint8Array>, options: FeedOptions) {
    this.reader = body.getReader() as unknown as Reader;
    this.options = options;
    this.idleMs = options.idleMs;
    this.watch = {
      due: Number.POSITIVE_INFINITY,
      fire: () => {
        const seconds = Math.round(options.idleMs / 1000);
        options.controller.abort(new GatewayError("upstream-timeout", `The provider sent nothing for ${seconds} s.`));
      },
    };
    options.sweep.add(this.watch);
  }

  /**
   * Calls `took` with the next bytes (undefined at the end) or `broke` with what went wrong; resolves with what they
   * return. One promise for each read: this runs for every piece of every stream.
   */
  read<T>(took: (bytes: Uint8Array | undefined) => T | Promise<T>, broke: (error: GatewayError) => T): Promise<T> {
    if (this.done) return Promise.resolve(took(undefined));
    this.watch.due = this.options.sweep.now() + this.idleMs;
    return this.reader.read().then(
      (part) => {
        this.watch.due = Number.POSITIVE_INFINITY;
        if (part.done) this.finish();
        return took(part.done ? undefined : part.value);
      },
      (error: unknown) => {
        this.finish();
        return broke(transportError(error, this.options.controller.signal));
      },
    );
  }

  /** The next bytes, or undefined at the end. Rejects with a GatewayError. */
  next(): Promise<Uint8Array | undefined> {
    return this.read(
      (bytes) => bytes,
      (error) => {
        throw error;
      },
    );
  }

  private finish(): void {
    this.done = true;
    this.options.sweep.remove(this.watch);
  }

  /** The answer is complete: from now on this much silence is its end. */
  linger(milliseconds: number): void {
    this.idleMs = Math.min(this.idleMs, milliseconds);
  }

  /** Reads what is left of a complete answer, so that the connection can serve again. */
  drain(): void {
    if (this.done) return;
    this.next().then(
      (bytes) => (bytes === undefined ? undefined : this.drain()),
      () => undefined,
    );
  }

  /** Gives up the answer: the upstream's connection is closed at once. */
  cancel(reason: GatewayError): void {
    if (this.done) return;
    this.finish();
    this.options.controller.abort(reason);
    this.reader.cancel(reason).catch(() => undefined);
  }
}

/**
 * The bytes of one upstream answer as they come: reads with a limit on silence, and says in our own errors how it
 * broke. Whoever stops reading slows the upstream.
 */
import { type Sweep, Watch } from "../kit/sweep.ts";
import { GatewayError } from "../model/error.ts";
import { transportError } from "../providers/call.ts";

/** How slow an upstream may be. */
export interface Pace {
  minBytesPerSecond: number;
  /** Over how long it is measured, and how long not at first. */
  windowMs: number;
  graceMs: number;
}

export interface FeedOptions {
  sweep: Sweep;
  controller: AbortController;
  /** Milliseconds of upstream silence after which it is given up. */
  idleMs: number;
  pace?: Pace | undefined;
}

export interface Part {
  done: boolean;
  value?: Uint8Array | undefined;
}

/** Why an upstream is given up whose answer is complete without the rest. */
export function enough(): GatewayError {
  return new GatewayError("cancelled", "The answer ended at a stop sequence: no more of it was wanted.");
}

/** What is used of a reader; the runtime's and the platform's types of it differ. */
interface Reader {
  read(): Promise<Part>;
  cancel(reason: unknown): Promise<void>;
}

export class Feed {
  private readonly reader: Reader;
  private readonly options: FeedOptions;
  private readonly sweep: Sweep;
  private readonly watch: Watch;
  private done = false;
  private idleMs: number;
  /** A read is under way, since then by the sweep's clock. */
  private isAsked = false;
  private askedAt = 0;
  private bytes = 0;
  /** Bytes at the beginning of the window that is being measured. */
  private measured = 0;
  private readonly pacer: Watch | undefined;

  constructor(body: ReadableStream<Uint8Array>, options: FeedOptions) {
    this.reader = body.getReader() as unknown as Reader;
    this.options = options;
    this.sweep = options.sweep;
    this.idleMs = options.idleMs;
    this.watch = new Watch(() => this.look());
    this.sweep.set(this.watch, this.idleMs);
    const { pace } = options;
    if (!pace) return;
    this.pacer = new Watch(() => this.measure(pace));
    this.sweep.set(this.pacer, pace.graceMs + pace.windowMs);
  }

  /** Too slow over a whole window in which it was waited for: a client that does not take more is not its fault. */
  private measure({ minBytesPerSecond, windowMs }: Pace): void {
    const came = this.bytes - this.measured;
    this.measured = this.bytes;
    if (!this.pacer || this.done) return;
    if (!this.isAsked || came >= (minBytesPerSecond * windowMs) / 1000) {
      this.sweep.set(this.pacer, windowMs);
      return;
    }
    const words = `The provider sent less than ${minBytesPerSecond} bytes a second for ${Math.round(windowMs / 1000)} s.`;
    this.options.controller.abort(new GatewayError("upstream-timeout", words));
  }

  /** Milliseconds that the upstream lets somebody wait; undefined while nobody asks it for more. */
  get silence(): number | undefined {
    return this.isAsked ? this.sweep.now() - this.askedAt : undefined;
  }

  /** Looked at when silence may have been too long: reads themselves move no deadline. */
  private look(): void {
    const left = this.idleMs - (this.silence ?? 0);
    if (left > 0) {
      this.sweep.set(this.watch, left);
      return;
    }
    const seconds = Math.round(this.options.idleMs / 1000);
    this.options.controller.abort(new GatewayError("upstream-timeout", `The provider sent nothing for ${seconds} s.`));
  }

  /**
   * Begins a read. Hand what it resolves with to `received`, what it rejects with to `broken`: split like this, each
   * piece of each stream costs one promise.
   */
  begin(): Promise<Part> {
    if (this.done) return Promise.resolve({ done: true });
    this.isAsked = true;
    this.askedAt = this.sweep.now();
    return this.reader.read();
  }

  /** The bytes that a read gave, or undefined at the end. */
  received(part: Part): Uint8Array | undefined {
    this.isAsked = false;
    if (!part.done) {
      if (part.value) this.bytes += part.value.byteLength;
      return part.value;
    }
    this.finish();
    return undefined;
  }

  broken(error: unknown): GatewayError {
    this.finish();
    return transportError(error, this.options.controller.signal);
  }

  /** The next bytes, or undefined at the end. Rejects with a GatewayError. */
  async next(): Promise<Uint8Array | undefined> {
    try {
      return this.received(await this.begin());
    } catch (error) {
      throw this.broken(error);
    }
  }

  private finish(): void {
    this.done = true;
    this.isAsked = false;
    this.sweep.remove(this.watch);
    if (this.pacer) this.sweep.remove(this.pacer);
  }

  /** The answer is complete: from now on this much silence is its end. */
  linger(milliseconds: number): void {
    this.idleMs = Math.min(this.idleMs, milliseconds);
    if (this.pacer) this.sweep.remove(this.pacer);
    if (!this.done) this.sweep.set(this.watch, this.idleMs);
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

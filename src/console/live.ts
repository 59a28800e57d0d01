/**
 * The news of a page, as server-sent events: how many requests have closed that it would show. Only numbers are told and
 * added up while a browser is slow, so nothing grows; the page then fetches its rows.
 */
import { GatewayError } from "../model/error.ts";
import type { RequestRecord } from "../model/record.ts";
import type { Visit } from "./route.ts";
import { type Sessions, sessionId } from "./session.ts";

/** News is told this long after it happened: its rows are in the database then. */
const delayMs = 400;
const heartbeatMs = 15_000;
/** Requests of other nodes are seen in the database. */
const elsewhereMs = 5000;
const mostStreams = 64;
/** How often a page is told to look at a request that runs. */
const growthMs = 1000;

/** Where news comes from. */
export interface NewsSource {
  /** How many listen already, of all pages. */
  listening(): number;
  /** Tells of each request that closes. Returns the function that ends it. */
  listen(tell: (record: RequestRecord) => void): () => void;
  /** The newest request of all processes, where others write to the database, too; null before the first. */
  newestId?(): Promise<string | null>;
}

export interface Watching {
  news: NewsSource;
  sessions: Pick<Sessions, "knows">;
  fits(record: RequestRecord): boolean;
  /** Does what the page shows grow by itself? */
  grows?: (() => boolean) | undefined;
}

/**
 * Events `open` once, then `news` with `{"closed": n, "all": n}`: requests that the page would show, and all of them. It ends
 * with the session. Throws `overloaded`.
 */
export function newsStream(visit: Visit, { news, sessions, fits, grows }: Watching): Response {
  if (news.listening() >= mostStreams) {
    throw new GatewayError("overloaded", `There are ${mostStreams} open pages already.`, { retryAfterMs: heartbeatMs });
  }
  const id = sessionId(visit.request, visit.origin) ?? "";
  const stream = new News({ source: news, fits, grows, isStillIn: () => sessions.knows(id) });
  return new Response(stream.body(), {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
      "x-request-id": visit.requestId,
    },
  });
}

class News {
  private closed = 0;
  private all = 0;
  private newest: string | null | undefined;
  private timer: Timer | undefined;
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  private readonly encoder = new TextEncoder();
  private readonly ends: (() => void)[] = [];

  constructor(private readonly of: Pick<Watching, "fits" | "grows"> & { source: NewsSource; isStillIn(): boolean }) {}

  body(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: (controller) => {
        this.controller = controller;
        this.tell("event: open\ndata: {}\n\n");
        const { source, fits, grows } = this.of;
        this.ends.push(
          source.listen((record) => {
            this.add(fits(record));
          }),
        );
        this.every(heartbeatMs, () => this.beat());
        if (source.newestId) this.every(elsewhereMs, () => this.lookElsewhere());
        if (grows) this.every(growthMs, () => grows() && this.add(true));
      },
      cancel: () => this.end(),
    });
  }

  private every(milliseconds: number, work: () => void): void {
    const timer = setInterval(work, milliseconds);
    timer.unref();
    this.ends.push(() => clearInterval(timer));
  }

  private add(fits: boolean): void {
    this.all++;
    if (fits) this.closed++;
    this.timer ??= setTimeout(() => this.flush(), delayMs);
  }

  private flush(): void {
    this.timer = undefined;
    // A browser that is behind is told the sum when it has caught up.
    if ((this.controller?.desiredSize ?? 0) <= 0) this.timer = setTimeout(() => this.flush(), delayMs);
    else if (this.all > 0) {
      this.tell(`event: news\ndata: {"closed":${this.closed},"all":${this.all}}\n\n`);
      this.closed = this.all = 0;
    }
  }

  private beat(): void {
    if (this.of.isStillIn()) this.tell(": still here\n\n");
    else this.end();
  }

  private lookElsewhere(): void {
    this.of.source.newestId?.().then(
      (newest) => {
        if (this.newest !== undefined && newest !== this.newest && this.all === 0) this.add(true);
        this.newest = newest;
      },
      // The page goes on with what this process sees.
      () => undefined,
    );
  }

  private tell(text: string): void {
    this.controller?.enqueue(this.encoder.encode(text));
  }

  private end(): void {
    const { controller } = this;
    this.controller = undefined;
    clearTimeout(this.timer);
    for (const end of this.ends.splice(0)) end();
    try {
      controller?.close();
    } catch {
      // The browser left first.
    }
  }
}

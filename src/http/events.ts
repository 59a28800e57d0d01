/** `GET /api/events`: requests as they open and close, as server-sent events. */
import type { RequestEvent, RequestEvents } from "../gateway/request-events.ts";
import type { Told } from "../kit/broadcast.ts";
import { GatewayError } from "../model/error.ts";
import type { HttpRoute, Incoming } from "./route.ts";

export interface EventDeps {
  requestEvents: RequestEvents;
}

const mostListeners = 64;
/** One that is further behind is told to load what it shows again. */
const mostWaiting = 1000;
const heartbeatMs = 15_000;
const resync = "event: resync\ndata: {}\n\n";

/**
 * Events `opened` and `closed`; `?key=` are those of one client key, which is known when a request closes. A `resync` says
 * that some were left out: to one that is too slow, or comes back (`Last-Event-ID`) after too long.
 */
export function eventRoutes({ requestEvents }: EventDeps): HttpRoute[] {
  const boot = crypto.randomUUID().slice(0, 8);
  return [
    { method: "GET", path: "/api/events", access: "admin", run: (incoming) => listen(requestEvents, boot, incoming) },
  ];
}

function listen(events: RequestEvents, boot: string, { request, requestId }: Incoming): Response {
  const query = new URL(request.url).searchParams;
  const strange = [...query.keys()].find((name) => name !== "key");
  if (strange !== undefined) {
    throw new GatewayError("invalid-request", `${strange} is not known; there is key.`, { param: strange });
  }
  if (events.listening >= mostListeners) {
    throw new GatewayError("overloaded", `There are ${mostListeners} listeners already.`, {
      retryAfterMs: heartbeatMs,
    });
  }
  const key = query.get("key");
  const text = ({ id, item }: Told<RequestEvent>) =>
    key !== null && item.key !== key
      ? ""
      : `id: ${boot}.${id}\nevent: ${item.type}\ndata: ${JSON.stringify(item.data)}\n\n`;
  const missed = missedBy(events, boot, request.headers.get("last-event-id"));
  const opening = missed === undefined ? resync : missed.map(text).join("");
  return new Response(streamOf(events, { opening, text }), {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "x-request-id": requestId,
    },
  });
}

/** Undefined when some of it is gone. */
function missedBy(events: RequestEvents, boot: string, last: string | null): Told<RequestEvent>[] | undefined {
  if (last === null) return [];
  const [process, id] = last.split(".");
  return process === boot ? events.after(Number(id)) : undefined;
}

interface Listening {
  opening: string;
  text(told: Told<RequestEvent>): string;
}

/** Pulled by the client: what waits for a slow one is bounded. */
function streamOf(events: RequestEvents, { opening, text }: Listening): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let waiting: string[] = [`: listening\n\n${opening}`];
  let wake = () => {};
  const add = (piece: string) => {
    if (piece === "") return;
    if (waiting.length >= mostWaiting) waiting = [resync];
    else waiting.push(piece);
    wake();
  };
  const unlisten = events.listen((told) => add(text(told)));
  const heartbeat = setInterval(() => {
    if (waiting.length === 0) add(": still here\n\n");
  }, heartbeatMs);
  heartbeat.unref();
  return new ReadableStream({
    async pull(controller) {
      if (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      controller.enqueue(encoder.encode(waiting.splice(0).join("")));
    },
    cancel() {
      clearInterval(heartbeat);
      unlisten();
      wake();
    },
  });
}

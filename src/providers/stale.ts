/**
 * A kept connection may be closed by the other end in the moment in which a request goes out on it. Such a request is sent
 * once more, on a new connection: nobody has answered a byte of it, and the provider is not to blame.
 */
import type { Transport } from "./call.ts";

/** Whoever lets a connection go this late has worked on the request. */
const soonMs = 1000;
const mostOrigins = 1000;

export function withFreshConnections(transport: Transport): Transport {
  /** Origins whose last answer left its connection open. */
  const kept = new Set<string>();
  const noted = (origin: string, response: Response): Response => {
    if (response.headers.get("connection") === "close") kept.delete(origin);
    else if (!kept.has(origin)) {
      if (kept.size >= mostOrigins) kept.clear();
      kept.add(origin);
    }
    return response;
  };
  return (url, init) => {
    const origin = originOf(url);
    const started = performance.now();
    return transport(url, init).then(
      (response) => noted(origin, response),
      (error: unknown) => {
        const isStale = kept.has(origin) && wasClosed(error) && performance.now() - started < soonMs;
        // Bytes are another request's by now.
        if (!isStale || init.signal.aborted || typeof init.body !== "string") throw error;
        return transport(url, { ...init, isFresh: true }).then((response) => noted(origin, response));
      },
    );
  };
}

function originOf(url: string): string {
  const end = url.indexOf("/", url.indexOf("//") + 2);
  return end < 0 ? url : url.slice(0, end);
}

function wasClosed(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code === "ECONNRESET" || code === "ConnectionClosed" || code === "EPIPE";
}

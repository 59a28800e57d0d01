/** Headers of answers: ours, and those of the upstream that may cross. */
import type { Note } from "../model/note.ts";
import type { Wire } from "../protocols/protocol.ts";
import type { Exchange } from "./exchange.ts";
import { hasQuotas, quotaHeaders } from "./quotas.ts";

const degradedBytes = 2048;

/** `action field, action field`, cut at a whole pair. */
export function degradedHeader(notes: readonly Note[]): string | undefined {
  let out = "";
  for (const note of notes) {
    const pair = `${note.action} ${note.field.replace(/[^\x21-\x7e]/g, "?")}`;
    const next = out === "" ? pair : `${out}, ${pair}`;
    if (next.length > degradedBytes) break;
    out = next;
  }
  return out === "" ? undefined : out;
}

/** Headers that every answer carries, errors included. */
export function ownHeaders(exchange: Exchange<Wire>): Record<string, string> {
  const headers: Record<string, string> = { "x-request-id": exchange.id };
  const { idHeader } = exchange.call.protocol;
  if (idHeader !== undefined) headers[idHeader] = exchange.id;
  const { target, key } = exchange;
  if (hasQuotas(exchange)) Object.assign(headers, quotaHeaders(exchange));
  if (target && key?.revealTarget !== false) {
    headers["x-plexus-target"] = headerText(`${target.provider}/${target.model}`);
  }
  if (exchange.attempts > 0) headers["x-plexus-attempts"] = String(exchange.attempts);
  const degraded = degradedHeader(exchange.clientNotes());
  if (degraded !== undefined) headers["x-plexus-degraded"] = degraded;
  const gateway = Math.max(0, exchange.elapsed() - exchange.upstreamMs);
  headers["server-timing"] = `gateway;dur=${hundredths(gateway)}, upstream;dur=${hundredths(exchange.upstreamMs)}`;
  return headers;
}

function hundredths(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

/** Header values hold visible ASCII only. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (character) => encodeURIComponent(character));
}

const blocked = new Set([
  ...[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
  ],
  ...["content-length", "content-encoding", "content-type", "set-cookie", "www-authenticate", "authorization"],
  ...["server", "date", "via", "alt-svc", "nel", "report-to", "strict-transport-security", "vary", "retry-after"],
  ...["x-powered-by", "x-plexus-target", "x-plexus-attempts", "x-plexus-degraded", "server-timing", "server"],
]);

/** What of the upstream's headers crosses in pass-through. */
export function crossingHeaders(upstream: Headers): Record<string, string> {
  const headers: Record<string, string> = {};
  upstream.forEach((value, name) => {
    if (
      blocked.has(name) ||
      /ratelimit|rate-limit|request-id|^cf-|^access-control-|^x-envoy-|api-key|^x-served-by/.test(name)
    )
      return;
    headers[name] = value;
  });
  return headers;
}

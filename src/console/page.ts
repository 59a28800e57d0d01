/** Every answer of the console that a person sees, with the headers that keep it to itself. */
import type { Markup } from "../../views/jsx/jsx-runtime.ts";
import type { Visit } from "./route.ts";
import { isPrivate } from "./shell.ts";

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types default",
].join("; ");

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
}

function headersOf(visit: Pick<Visit, "requestId" | "origin">): Record<string, string> {
  return {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "private, no-cache",
    vary: "cookie, hx-request, hx-request-type",
    "x-request-id": visit.requestId,
    // Elsewhere browsers ignore it, and complain of it.
    ...(isPrivate(visit.origin) ? { "cross-origin-opener-policy": "same-origin" } : {}),
    ...(visit.origin.startsWith("https:") ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}

/** A whole page. */
export function page(visit: Visit, body: Markup, { status = 200, headers }: Answer = {}): Response {
  return new Response(`<!doctype html>${body.html}`, { status, headers: { ...headersOf(visit), ...headers } });
}

/** A part of a page; 304 when the browser has the same one already. */
export function part(visit: Visit, body: Markup): Response {
  const etag = `"${Bun.hash(body.html).toString(36)}"`;
  const headers = { ...headersOf(visit), etag };
  if (visit.request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
  return new Response(body.html, { headers });
}

/** A table for a spreadsheet. */
export function download(visit: Visit, csv: string | ReadableStream<Uint8Array>, name: string): Response {
  const disposition = `attachment; filename="${name}"`;
  const headers = { "content-type": "text/csv; charset=utf-8", "content-disposition": disposition };
  return new Response(csv, { headers: { ...headersOf(visit), ...headers } });
}

/** For a script's request, the whole page goes there. */
export function redirect(visit: Visit, location: string, headers: Record<string, string> = {}): Response {
  const isScript = visit.request.headers.get("hx-request") === "true";
  const where: Record<string, string> = isScript ? { "hx-redirect": location } : { location };
  const all = { ...headersOf(visit), "cache-control": "no-store", ...headers, ...where };
  return new Response(null, { status: isScript ? 401 : 303, headers: all });
}

/** To a script that asks for a part: nothing new yet, or, with a location, the page is another one now. */
export function instead(visit: Visit, location?: string): Response {
  if (location === undefined) return new Response(null, { status: 204, headers: headersOf(visit) });
  return new Response(null, { headers: { ...headersOf(visit), "cache-control": "no-store", "hx-redirect": location } });
}

/** Does a script ask for the part that changes, and not a person for the page? */
export function wantsPart({ request }: Visit): boolean {
  const { headers } = request;
  return headers.get("hx-request-type") === "partial" && headers.get("hx-history-restore-request") !== "true";
}

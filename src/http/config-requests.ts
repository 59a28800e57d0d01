/** What requests about the configuration say: the name, the version that was seen, the body. */
import type { LiveConfig } from "../config/live.ts";
import { parseConfig } from "../config/parse.ts";
import type { Sweep } from "../kit/sweep.ts";
import { GatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import type { Author } from "../store/config-history.ts";
import { parseObject, readBody } from "./body.ts";
import type { HttpRoute, Incoming } from "./route.ts";

export interface Reading {
  config: LiveConfig;
  sweep: Sweep;
}

export type Run = HttpRoute["run"];
export type Plain = [HttpRoute["method"], string, Run];

export function authorOf({ address }: Incoming): Author {
  return { actor: "api", origin: address };
}

export function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

export function nameIn({ path }: Incoming): string {
  return decoded(path.split("/")[4] ?? "");
}

export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new GatewayError("invalid-request", `${JSON.stringify(part)} is not percent-encoded as it should be.`);
  }
}

/** `If-Match` is the version that was seen, `If-None-Match: *` says that there must be none. */
export function seenIn({ request }: Incoming): number | undefined {
  if (request.headers.get("if-none-match")?.trim() === "*") return 0;
  const tag = request.headers.get("if-match")?.trim();
  if (tag === undefined || tag === "*") return undefined;
  const version = /^(?:W\/)?"?(\d{1,15})"?$/.exec(tag)?.[1];
  if (version !== undefined) return Number(version);
  throw invalid("if-match", 'must be the ETag of an earlier answer, such as "12"');
}

export function seenOf(incoming: Incoming): { seen?: number } {
  const seen = seenIn(incoming);
  return seen === undefined ? {} : { seen };
}

export function tagged(response: Response, version: number): Response {
  response.headers.set("etag", `"${version}"`);
  return response;
}

export async function textOf({ request }: Incoming, { config, sweep }: Reading): Promise<string> {
  return (await readBody(request, sweep, config.current().settings.limits.bodyBytes)).text;
}

export async function objectIn(incoming: Incoming, reading: Reading): Promise<JsonObject> {
  return parseObject(await textOf(incoming, reading));
}

export async function configIn(incoming: Incoming, reading: Reading): Promise<unknown> {
  const text = await textOf(incoming, reading);
  const isYaml = /\byaml\b/i.test(incoming.request.headers.get("content-type") ?? "");
  return isYaml ? parseConfig(text, "yaml") : parseObject(text);
}

export function invalid(param: string, words: string): GatewayError {
  return new GatewayError("invalid-request", `${param} ${words}.`, { param });
}

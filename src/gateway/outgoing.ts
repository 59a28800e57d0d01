/** The request as it goes to one target: passed through as bytes with single values patched, or rendered anew. */
import { applySplices, spliceMembers } from "../kit/json.ts";
import type { ChatRequest } from "../model/chat.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { TargetFacts } from "../model/target.ts";
import type { Outgoing, Passage, Protocol } from "../protocols/protocol.ts";
import { authHeaders } from "../providers/auth.ts";
import type { Candidate } from "../routing/resolve.ts";
import type { Exchange } from "./exchange.ts";
import type { Inbound } from "./inbound.ts";
import { isEnvelope, type SealRing } from "./seals.ts";

export interface Prepared {
  protocol: Protocol;
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Present when the client's text is passed through. */
  passage?: Passage;
  /** Present when they were translated. */
  request?: ChatRequest;
}

/** The client's own protocol where the provider offers it for this model, else the first of its list that we speak. */
export function protocolFor(candidate: Candidate, client: Protocol, known: readonly Protocol[]): Protocol | undefined {
  const only = candidate.listed?.protocols ?? null;
  const offered = candidate.provider.protocols.flatMap(({ name }) => {
    const protocol = known.find((one) => one.name === name);
    return protocol && (only === null || only.includes(name)) ? [protocol] : [];
  });
  return offered.find((protocol) => protocol.name === client.name) ?? offered[0];
}

export function sealRing(exchange: Exchange): SealRing {
  return { key: exchange.gateway.sealKey, owner: exchange.key?.name ?? "" };
}

export function prepare(exchange: Exchange, inbound: Inbound, candidate: Candidate): Prepared {
  const client = exchange.call.protocol;
  const protocol = protocolFor(candidate, client, exchange.gateway.protocols) ?? client;
  const extra = [candidate.provider.body, candidate.listed?.body ?? {}, exchange.alias?.body ?? {}];
  if (protocol === client) {
    const passage = protocol.pass(inbound.envelope, inbound.passBody, candidate.facts);
    const body = patched(inbound, protocol, { passage, extra, target: candidate.facts });
    const outgoing = { path: passage.path, headers: crossing(exchange, protocol), body };
    return { ...addressed(candidate, protocol, outgoing), passage };
  }
  const request = exchange.canonical();
  const built = protocol.buildRequest(request, candidate.facts, exchange.notes);
  const body = JSON.stringify(extra.reduce<JsonObject>(merge, built.body));
  return { ...addressed(candidate, protocol, { ...built, body }), request };
}

function addressed(candidate: Candidate, protocol: Protocol, outgoing: Omit<Outgoing, "body"> & { body: string }) {
  const { provider } = candidate;
  const base = provider.protocols.find((one) => one.name === protocol.name)?.baseUrl ?? "";
  const query = Object.keys(provider.query).length === 0 ? "" : new URLSearchParams(provider.query).toString();
  const headers: Record<string, string> = { "content-type": "application/json", ...outgoing.headers };
  for (const [name, value] of Object.entries(provider.headers)) {
    // Lists of flags are merged: what the client asked for and what is configured are both wanted.
    const own = headers[name];
    headers[name] = own !== undefined && name.endsWith("-beta") ? mergeList(own, value) : value;
  }
  Object.assign(headers, authHeaders(provider, protocol));
  return { protocol, url: withQuery(`${base}${outgoing.path}`, query), headers, body: outgoing.body };
}

function withQuery(url: string, query: string): string {
  return query === "" ? url : `${url}${url.includes("?") ? "&" : "?"}${query}`;
}

function mergeList(one: string, other: string): string {
  return [...new Set([...one.split(","), ...other.split(",")].map((part) => part.trim()))].filter(Boolean).join(",");
}

/** The client's headers that cross to a provider of its own protocol. */
function crossing(exchange: Exchange, protocol: Protocol): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of protocol.headers) {
    const value = exchange.call.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return headers;
}

/** The client's text, with single values patched in place. */
function patched(inbound: Inbound, protocol: Protocol, { passage, extra, target }: Edits): string {
  const values = new Map(passage.set);
  if (inbound.hasEnvelope) {
    for (const [key, value] of protocol.strip(inbound.body, isEnvelope, target)) values.set(key, value);
  }
  for (const fields of extra) {
    for (const [key, value] of Object.entries(fields)) {
      const own = values.has(key) ? (JSON.parse(values.get(key) ?? "null") as Json) : inbound.body[key];
      values.set(key, JSON.stringify(isObject(own) && isObject(value) ? merge(own, value) : value));
    }
  }
  return applySplices(inbound.text, spliceMembers(inbound.text, values, inbound.known));
}

interface Edits {
  passage: Passage;
  target: TargetFacts;
  /** Fields of the configuration that are merged into the body, in order. */
  extra: readonly Readonly<Record<string, Json>>[];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function merge(own: JsonObject, configured: Readonly<Record<string, Json | undefined>>): JsonObject {
  const out: JsonObject = { ...own };
  for (const [key, value] of Object.entries(configured)) {
    const before = out[key];
    out[key] = isObject(before) && isObject(value) ? merge(before, value) : value;
  }
  return out;
}

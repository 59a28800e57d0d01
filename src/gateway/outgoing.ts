/** The request as it goes to one target: passed through as bytes with single values patched, or rendered anew. */
import type { ChatRequest, Item } from "../model/chat.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { Notes } from "../model/note.ts";
import { instructedSchema } from "../protocols/able.ts";
import { taken } from "../protocols/counting.ts";
import type { Outgoing, Passage, Protocol, Wire } from "../protocols/protocol.ts";
import { authHeaders } from "../providers/auth.ts";
import type { Candidate } from "../routing/resolve.ts";
import { oneByOne } from "./copies.ts";
import type { Exchange } from "./exchange.ts";
import type { Inbound, Received } from "./inbound.ts";
import { spokenWith } from "./offered.ts";
import type { Repair } from "./repair.ts";
import { foreignSeals } from "./seal-owners.ts";
import { isEnvelope, type SealRing } from "./seals.ts";
import { type Stops, withoutStops } from "./stops.ts";
import { withKeptSeals } from "./turn-seals.ts";
import { asSeen, needsWords } from "./vision.ts";

/** A request that is ready to be sent. */
export interface Addressed<W extends Wire = Wire> {
  protocol: W;
  url: string;
  headers: Record<string, string>;
  body: string | Buffer;
}

export interface Prepared extends Addressed<Protocol> {
  /** Present when the client's text is passed through, not translated. */
  passage?: Passage;
  /** How often it is to be sent, when more than once. */
  copies?: number;
  /** Where the answer ends, when the provider cannot be told. */
  stops?: Stops;
  /** Present when the answer's schema is only an instruction. */
  repair?: Repair;
}

export function sealRing(exchange: Exchange): SealRing {
  return { key: exchange.gateway.sealKey, owner: exchange.key?.name ?? "" };
}

export function prepare(exchange: Exchange, inbound: Inbound, candidate: Candidate): Prepared {
  const client = exchange.call.protocol;
  const protocol = spokenWith(exchange, candidate, exchange.asksIn) ?? client;
  if (protocol === client && !needsWords(exchange, candidate)) {
    const without = withoutForeign(exchange, inbound, candidate);
    const { takes } = client;
    if (!takes) return passedOn(exchange, inbound, { candidate, without });
    const configured = configuredFields(exchange, candidate).map((fields) => taken(fields, takes));
    return passedOn(exchange, inbound, { candidate, without, configured });
  }
  const asked = asSeen(exchange, candidate);
  const whole = exchange.media?.inlined(asked, protocol) ?? asked;
  const sealed = withKeptSeals(exchange, whole, candidate);
  const { request: single, copies } = oneByOne(sealed, protocol, exchange.notes);
  const { request, stops } = withoutStops(single, { protocol, target: candidate.facts, notes: exchange.notes });
  const write = (body: JsonObject) => inbound.written(body);
  const rendered = (asked: ChatRequest, notes: Notes): Prepared => {
    const built = protocol.buildRequest(asked, candidate.facts, notes);
    return { ...writtenAnew(exchange, built, { candidate, protocol, write }), ...(stops ? { stops } : {}) };
  };
  const prepared: Prepared = { ...rendered(request, exchange.notes), ...(copies === undefined ? {} : { copies }) };
  const schema = instructedSchema(request, candidate.facts);
  if (!schema) return prepared;
  const again = (items: Item[]) => rendered({ ...request, items: [...request.items, ...items] }, new Notes());
  return { ...prepared, repair: { schema, again } };
}

/** What is to be set so that no seal of another account goes along. */
function withoutForeign(exchange: Exchange, inbound: Inbound, candidate: Candidate): Members {
  // `pass` itself takes out what the makers of a kept conversation alone can read.
  const { scope = candidate.facts.scope } = inbound.envelope;
  if (scope !== candidate.facts.scope) return noMembers;
  const isForeign = foreignSeals(exchange, inbound, candidate);
  if (!isForeign && !inbound.hasEnvelope) return noMembers;
  const isOut = (bytes: string) => isEnvelope(bytes) || isForeign?.(bytes) === true;
  return exchange.call.protocol.strip(inbound.body, isOut, candidate.facts);
}

type Members = ReadonlyMap<string, string>;
const noMembers: Members = new Map();

interface Passing {
  candidate: Candidate;
  without?: Members;
  configured?: Fields[];
}

/** The client's text to a provider of its own wire; `without` are members that are set for what must not go along. */
export function passedOn<W extends Wire>(
  exchange: Exchange<W>,
  received: Received<W>,
  { candidate, without = noMembers, configured = configuredFields(exchange, candidate) }: Passing,
): Addressed<W> & { passage: Passage } {
  const { protocol } = exchange.call;
  const passage = protocol.pass(received.envelope, received.passBody, candidate.facts);
  const set = without.size === 0 ? passage.set : new Map([...passage.set, ...without]);
  const values = edits(received, set, configured);
  const body = received.patched(values, exchange.gateway.scratch);
  const outgoing = { path: passage.path, headers: crossing(exchange), body };
  return { ...addressed(candidate, protocol, outgoing), passage };
}

interface Writing<W extends Wire> {
  candidate: Candidate;
  protocol: W;
  configured?: Fields[];
  write?: (body: JsonObject) => string;
}

/** What was made of the canonical request, with the configured fields. */
export function writtenAnew<W extends Wire>(
  asked: Pick<Exchange<Wire>, "alias">,
  built: Outgoing,
  { candidate, protocol, configured = configuredFields(asked, candidate), write = JSON.stringify }: Writing<W>,
): Addressed<W> {
  const body = configured.reduce<JsonObject>(merge, built.body);
  return addressed(candidate, protocol, { ...built, body: write(body) });
}

type Fields = Readonly<Record<string, Json>>;

/** Fields of the configuration that are merged into the body, in order. */
export function configuredFields({ alias }: Pick<Exchange<Wire>, "alias">, { provider, listed }: Candidate): Fields[] {
  const configured: Fields[] = [];
  for (const fields of [provider.body, listed?.body, alias?.body])
    if (fields && !isEmpty(fields)) configured.push(fields);
  return configured;
}

function isEmpty(fields: Fields): boolean {
  for (const _name in fields) return false;
  return true;
}

/** With the base URL, the query, the headers and the credential of the provider. */
export function addressed<W extends Wire>(
  candidate: Candidate,
  protocol: W,
  outgoing: Omit<Outgoing, "body"> & { body: string | Buffer },
): Addressed<W> {
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
function crossing({ call }: Exchange<Wire>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of call.protocol.headers) {
    const value = call.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return headers;
}

/** The members that are set in the client's text: those given, and what the configuration merges in. */
function edits(received: Received<Wire>, members: Members, configured: Fields[]): Members {
  if (configured.length === 0) return members;
  const values = new Map(members);
  for (const fields of configured) {
    for (const [key, value] of Object.entries(fields)) {
      const own = values.has(key) ? (JSON.parse(values.get(key) ?? "null") as Json) : received.body[key];
      values.set(key, JSON.stringify(isObject(own) && isObject(value) ? merge(own, value) : value));
    }
  }
  return values;
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

/**
 * Whose a seal is that a client brings back as its provider wrote it. It matters only where several accounts speak the
 * client's protocol: then the seals of answers that pass are remembered, and are taken out on their way to another account.
 */
import { RollingDigest } from "../kit/hash.ts";
import type { Item } from "../model/chat.ts";
import type { Json } from "../model/json.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { Candidate } from "../routing/resolve.ts";
import type { Exchange } from "./exchange.ts";
import type { Inbound } from "./inbound.ts";
import { isEnvelope } from "./seals.ts";

function keyFor(owner: string, bytes: string): string {
  return `s${new RollingDigest(owner).add(bytes)}`;
}

/** The seals that stand as they are in the request; empty where nobody needs to know. */
function sealsIn(exchange: Exchange, inbound: Inbound, candidate: Candidate): readonly string[] {
  const { protocol } = exchange.call;
  if (exchange.nativeSeals) return exchange.nativeSeals;
  const found: string[] = [];
  const isShared = exchange.snapshot.sharedProtocols.has(protocol.name);
  const mayHold = () => protocol.sealMembers.some((name) => inbound.content.includes(`"${name}"`));
  if (exchange.key && isShared && exchange.gateway.turns.mayHave(exchange.key.name) && mayHold()) {
    const collect = (bytes: string) => !isEnvelope(bytes) && found.push(bytes) < 0;
    protocol.strip(inbound.body, collect, candidate.facts);
  }
  exchange.nativeSeals = found;
  return found;
}

/** Looks for what memory does not know; undefined when there is nothing to wait for. */
export function gatherOwners(exchange: Exchange, inbound: Inbound, candidate: Candidate): Promise<void> | undefined {
  const { gateway, key } = exchange;
  if (!key) return undefined;
  const wanted = sealsIn(exchange, inbound, candidate).map((bytes) => keyFor(key.name, bytes));
  const keys = wanted.filter((one) => gateway.turns.recall(one) === undefined);
  if (keys.length === 0) return undefined;
  return gateway.turns.load({ owner: key.name, keys })?.catch((error) => {
    gateway.log.warn("the owners of seals could not be read: they go as they are", { request: exchange.id, error });
  });
}

/** Says of a seal that stands as it is whether another account made it; undefined when none in the request is such. */
export function foreignSeals(exchange: Exchange, inbound: Inbound, candidate: Candidate) {
  const { gateway, key } = exchange;
  const { scope } = candidate.facts;
  const isForeign = (bytes: string) => {
    const made = gateway.turns.recall(keyFor(key?.name ?? "", bytes));
    return made != null && made.owner === key?.name && made.scope !== scope;
  };
  return sealsIn(exchange, inbound, candidate).some(isForeign) ? isForeign : undefined;
}

/** Remembers the seals of one answer that passes. */
export class SealWatch {
  private readonly exchange: Exchange;
  private readonly scope: string;
  private readonly origin: string;
  private readonly members: readonly string[];
  /** Matches the frames and texts that may hold seals. */
  readonly mark: RegExp;

  constructor(exchange: Exchange, { protocol, scope }: { protocol: Protocol; scope: string }) {
    this.exchange = exchange;
    this.scope = scope;
    this.origin = protocol.name;
    this.members = protocol.sealMembers;
    this.mark = new RegExp(`"(?:${this.members.join("|")})"`);
  }

  /** One raw frame, which the mark matches. */
  frame(raw: string): void {
    for (const [, data] of raw.matchAll(/^data: ?(.*)$/gm)) {
      try {
        this.json(JSON.parse(data ?? "") as Json);
      } catch {
        // What is no JSON holds no seal.
      }
    }
  }

  json(value: Json): void {
    if (Array.isArray(value)) for (const one of value) this.json(one);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    for (const [name, one] of Object.entries(value)) {
      if (typeof one !== "string") this.json(one as Json);
      else if (one !== "" && this.members.includes(name)) this.keep(one);
    }
  }

  items(items: readonly Item[]): void {
    for (const item of items) {
      if (item.type === "reasoning" || item.type === "call") for (const { bytes } of item.seals ?? []) this.keep(bytes);
      if (item.type === "message") for (const { seal } of item.blocks) if (seal) this.keep(seal.bytes);
    }
  }

  private keep(bytes: string): void {
    const { gateway, key } = this.exchange;
    if (!key) return;
    const { scope, origin } = this;
    gateway.turns.keep({ key: keyFor(key.name, bytes), at: Date.now(), owner: key.name, scope, origin, parts: [] });
  }
}

/** Undefined when nobody will ask whose they are. */
export function watchFor(exchange: Exchange, protocol: Protocol, { facts }: Candidate): SealWatch | undefined {
  const isOwn = protocol === exchange.call.protocol && exchange.key !== null;
  if (!isOwn || !exchange.snapshot.sharedProtocols.has(protocol.name)) return undefined;
  return new SealWatch(exchange, { protocol, scope: facts.scope });
}

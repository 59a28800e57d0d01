/**
 * Conversations that stay with the target which has them in its prompt cache. Remembered in this process only, for as long
 * as such caches live; where nothing is remembered, the selector chooses.
 */
import { createHash } from "node:crypto";
import type { Item } from "../model/chat.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Exchange } from "./exchange.ts";
import { smallBody } from "./inbound.ts";

const keptMs = 3_600_000;
const mostConversations = 10_000;
const mostCharacters = 2000;

interface Bound {
  target: string;
  at: number;
}

export class Conversations {
  /** Those used last at the end. */
  private readonly known = new Map<string, Bound>();
  private readonly now: () => number;

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  /** `provider/model`. */
  targetOf(key: string): string | undefined {
    const bound = this.known.get(key);
    return bound && bound.at > this.now() - keptMs ? bound.target : undefined;
  }

  bind(key: string, target: string): void {
    this.known.delete(key);
    this.known.set(key, { target, at: this.now() });
    if (this.known.size <= mostConversations) return;
    const [oldest] = this.known.keys();
    if (oldest !== undefined) this.known.delete(oldest);
  }

  get size(): number {
    return this.known.size;
  }
}

/** Headers in which clients name their session. */
const sessionHeaders = [
  ...["session_id", "session-id", "x-session-id", "conversation_id", "conversation-id", "x-conversation-id"],
  ...["x-session-affinity", "x-claude-code-session-id"],
];

/** The same for all requests of a conversation: what the client calls it, else how it began. */
export function conversationOf(exchange: Exchange): string {
  const named = sessionOf(exchange) ?? sessionIn(exchange);
  const what = named === undefined ? ["began", ...beginning(exchange)] : ["named", named];
  const digest = createHash("sha256");
  digest.update(JSON.stringify([exchange.key?.name, exchange.alias?.name, ...what]));
  return digest.digest("base64url");
}

function sessionOf({ call: { headers } }: Exchange): string | undefined {
  for (const name of sessionHeaders) {
    const value = headers.get(name);
    if (value) return value;
  }
  return undefined;
}

/** What the body says of it. Large ones are not parsed for that: such members stand at either end. */
function sessionIn({ inbound }: Exchange): string | undefined {
  if (!inbound) return undefined;
  if (inbound.content.length <= smallBody) {
    const { prompt_cache_key: cacheKey, metadata } = inbound.body;
    return text(cacheKey) ?? text(isObject(metadata) ? metadata.user_id : undefined);
  }
  const ends = inbound.content.ends(4096);
  for (const name of ["prompt_cache_key", "user_id"]) {
    const found = new RegExp(`"${name}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)+")`).exec(ends)?.[1];
    if (found !== undefined) return JSON.parse(found) as string;
  }
  return undefined;
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What we do not understand may pass all the same; then all such requests are one conversation. */
function itemsOf(exchange: Exchange): readonly Item[] {
  try {
    return exchange.canonical().items;
  } catch {
    return [];
  }
}

/** The texts up to the first of the user's: later turns come behind them. */
function beginning(exchange: Exchange): string[] {
  const texts: string[] = [];
  for (const item of itemsOf(exchange)) {
    if (item.type !== "message") continue;
    for (const block of item.blocks) {
      if (block.type === "text") texts.push(exchange.readable(block.text).slice(0, mostCharacters));
    }
    if (item.role === "user") break;
  }
  return texts;
}

/** Where a quota stands, in numbers for machines and in words for people. */
import { GatewayError } from "../../model/error.ts";
import type { Counter } from "./counter.ts";
import type { Ask, Need } from "./reservation.ts";

export interface Standing {
  counter: string;
  quota: string;
  /** Null when all keys of the quota share the counter. */
  key: string | null;
  unit: "requests" | "tokens" | "cost";
  /** These four in the unit, cost in nano-dollars. */
  limit: number;
  used: number;
  reserved: number;
  /** Never below nothing. */
  remaining: number;
  level: "ok" | "warn" | "spent";
  /** Epoch milliseconds; of a rolling window when something of it is free again, its end when nothing counts. */
  resetsAt: number;
}

export function standingOf(counter: Counter, now: number): Standing {
  const { id, quota, key } = counter.definition;
  const { limit, reserved } = counter;
  const used = counter.used(now);
  const taken = used + reserved;
  const level = taken >= limit ? "spent" : taken >= limit * quota.warn ? "warn" : "ok";
  return {
    ...{ counter: id, quota: quota.name, key, unit: quota.unit, limit, used, reserved, level },
    remaining: Math.max(0, limit - taken),
    resetsAt: counter.firstFreeAt(now),
  };
}

/** The headers of the quota that has the smallest share left. */
export function headersOf({ unit, limit, remaining, resetsAt }: Standing, now: number): Record<string, string> {
  const amount = (value: number) => (unit === "cost" ? String(value / 1e9) : String(Math.floor(value)));
  return {
    "ratelimit-limit": amount(limit),
    "ratelimit-remaining": amount(remaining),
    "ratelimit-reset": String(secondsUntil(resetsAt, now)),
  };
}

function secondsUntil(at: number, now: number): number {
  return Math.max(0, Math.ceil((at - now) / 1000));
}

export function refusal({ counter, amount }: Need, ask: Ask, now: number): GatewayError {
  const { quota, key } = counter.definition;
  const { limit } = counter;
  const used = counter.used(now);
  const whose = key === null ? "that this key shares with others" : "of this key";
  const named = `The quota ${JSON.stringify(quota.name)} ${whose}`;
  const told = (value: number) => inWords(quota.unit, value);
  // Time alone does not help while others hold it; they end soon.
  const isHeld = used + amount <= limit;
  const at = isHeld ? now + 1000 : counter.freeAt(amount, now);
  const retryAfterMs = Math.max(1000, at - now);
  const reset = resetWords(counter.freeAt(Math.min(amount, limit), now), now);
  if (amount > limit) {
    const smaller = ask.tokens ? "Send a smaller max_tokens or a shorter request." : "Send a smaller max_tokens.";
    const words = `${named} allows ${told(limit)}, and this request alone may take ${told(amount)}. ${smaller} ${reset}`;
    return new GatewayError("quota-exceeded", words, { retryAfterMs });
  }
  const held = counter.reserved > 0 ? `, ${told(counter.reserved)} held by requests that run` : "";
  const state = `${told(used)} of ${told(limit)} used${held}`;
  const wanted = quota.unit === "requests" ? "" : ` This request may take ${told(amount)}.`;
  const wait = isHeld ? "Wait for requests that run to end, or send a smaller max_tokens. " : "";
  return new GatewayError("quota-exceeded", `${named} is used up: ${state}.${wanted} ${wait}${reset}`, {
    retryAfterMs,
  });
}

function inWords(unit: Standing["unit"], amount: number): string {
  if (unit === "cost") return dollars(amount);
  const one = unit === "requests" ? "request" : "token";
  return `${amount} ${amount === 1 ? one : `${one}s`}`;
}

/** Cents, and as many digits more as a small amount needs. */
function dollars(nano: number): string {
  const value = nano / 1e9;
  return `$${value === 0 || value >= 0.01 ? value.toFixed(2) : String(Number(value.toPrecision(2)))}`;
}

function resetWords(at: number, now: number): string {
  const time = new Date(Math.ceil(at / 1000) * 1000).toISOString().replace(".000", "");
  return `It resets in ${lengthOf(at - now)}, at ${time}.`;
}

const units: [string, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** The two largest units of a length of time: `3 hours 20 minutes`. */
function lengthOf(milliseconds: number): string {
  let left = Math.max(1, Math.ceil(milliseconds / 1000));
  const words: string[] = [];
  for (const [name, seconds] of units) {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    if (count > 0) words.push(`${count} ${count === 1 ? name : `${name}s`}`);
    else if (words.length > 0) break;
    if (words.length === 2) break;
  }
  return words.join(" ");
}

/** What a request is told when the counters cannot be reached: a hard stop stays one. */
export function unreachable(cause: unknown): GatewayError {
  const message = "The quotas of this key cannot be checked at the moment: the database does not answer.";
  return new GatewayError("overloaded", message, { retryAfterMs: 1000, cause });
}

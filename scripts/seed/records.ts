// One usage row after the other, as the gateway would have left them.
import type { Note } from "../../src/model/note.ts";
import type { FailureRecord, Pricing, RequestRecord, TokenCounts } from "../../src/model/record.ts";
import { routingText } from "../../src/model/routing-record.ts";
import { interruptedRecord } from "../../src/store/requests.ts";
import { createDice, type Dice } from "./dice.ts";
import { attemptFailures, failureOf, rejections, statusOf } from "./failures.ts";
import { moments } from "./moments.ts";
import { aliases, keys, type SeedAlias, type SeedKey, type SeedTarget } from "./world.ts";

export interface RecordOptions {
  rows: number;
  seed: number;
  /** The year that ends here; epoch milliseconds. */
  until: number;
}

const hourMs = 3_600_000;
const rejected = 0.035;
const interrupted = 0.0004;
const left = 0.012;

/** The oldest first; the same options make the same rows. */
export function* seedRecords({ rows, seed, until }: RecordOptions): Generator<RequestRecord> {
  const dice = createDice(seed);
  for (const at of moments(rows, until, dice)) yield recordAt(at, dice);
}

function recordAt(at: number, dice: Dice): RequestRecord {
  const key = keyAt(at, dice);
  const blank = blankAt(at, key, dice);
  if (dice.chance(interrupted)) return interruptedRecord(blank);
  if (dice.chance(rejected)) return refused(blank, dice);
  const alias = dice.pick(aliases.filter(({ name }) => key.aliases.includes(name)));
  return asked({ ...blank, model: alias.name, alias: alias.name, counted: true }, alias, dice);
}

function keyAt(at: number, dice: Dice): SeedKey {
  const hour = new Date(at).getUTCHours();
  const isNight = hour < 6 || hour > 19;
  return dice.pick(keys.map((key) => ({ ...key, weight: key.weight * (isNight ? key.night : 1 - key.night) })));
}

function blankAt(at: number, key: SeedKey, dice: Dice): RequestRecord {
  const label = key.labels[dice.between(0, key.labels.length - 1)] ?? null;
  return {
    ...{ id: idAt(at, dice), at, parent: null, address: key.address, key: key.name, label },
    protocol: key.protocols[dice.between(0, key.protocols.length - 1)] ?? "chat",
    ...{ model: null, alias: null, target: null, provider: null, attempts: 0, stream: dice.chance(key.streams) },
    ...{ status: 200, code: null, interrupted: false, counted: false, tokens: null, costNano: null },
    ...{ ttftMs: null, totalMs: null, upstreamMs: null, phases: { authenticated: 1 }, finish: null },
    ...{ degraded: [], errors: [], routing: null },
    clientRequestId: dice.chance(0.1) ? `req_${dice.between(1e8, 1e9 - 1)}` : null,
  };
}

/** Like the ids of the gateway: the time, then chance. */
function idAt(at: number, dice: Dice): string {
  const time = at.toString(16).padStart(12, "0");
  const word = () => dice.between(0x10000, 0x1ffff).toString(16).slice(1);
  const third = (0x7000 | dice.between(0, 0xfff)).toString(16);
  const fourth = (0x8000 | dice.between(0, 0x3fff)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-${third}-${fourth}-${word()}${word()}${word()}`;
}

function refused(blank: RequestRecord, dice: Dice): RequestRecord {
  const kind = dice.pick(rejections);
  const totalMs = dice.between(1, 6);
  const isKnown = kind.stage !== "key";
  const isRead = kind.stage === "route" || kind.stage === "quota";
  const model = kind.code === "not-found" ? "sonet" : "sonnet";
  return {
    ...blank,
    ...(isKnown ? {} : { key: null, label: null }),
    ...(isRead ? { model, alias: kind.code === "not-found" ? null : model } : { stream: false }),
    ...{ status: statusOf(kind.code), code: kind.code, totalMs, errors: [failureOf(kind)] },
    phases: { ...(isKnown ? { authenticated: 1 } : {}), closed: totalMs },
  };
}

/** Hours in which a provider is not well, the same ones for every request. */
function isIll({ provider }: SeedTarget, at: number): boolean {
  const mixed = Math.imul(Math.floor(at / hourMs) ^ (provider.length * 7919), 0x9e3779b1) >>> 0;
  return mixed % 211 < 2;
}

interface Tries {
  /** That answered; undefined when none did. */
  served: SeedTarget | undefined;
  last: SeedTarget;
  failed: { target: SeedTarget; failure: FailureRecord }[];
}

function tried(order: readonly SeedTarget[], at: number, dice: Dice): Tries | undefined {
  const failed: Tries["failed"] = [];
  for (const target of order) {
    const share = isIll(target, at) ? 0.7 : target.fails;
    if (!dice.chance(share)) return { served: target, last: target, failed };
    failed.push({ target, failure: failureOf(dice.pick(attemptFailures), nameOf(target)) });
  }
  const last = order.at(-1);
  return last && { served: undefined, last, failed };
}

function nameOf({ provider, model }: SeedTarget): string {
  return `${provider}/${model}`;
}

function asked(blank: RequestRecord, alias: SeedAlias, dice: Dice): RequestRecord {
  const { at } = blank;
  // Some of the ill ones are known to be.
  const cooled = alias.targets.filter((target) => isIll(target, at) && dice.chance(0.5));
  const kept = alias.targets.filter((target) => !cooled.includes(target));
  const routing = routingOf(blank, { alias, kept, cooled }, dice);
  const tries = tried(kept, at, dice);
  if (!tries) {
    const failure = failureOf({ weight: 1, code: "no-target", message: "Every target is left alone at present." });
    return { ...blank, counted: false, status: 503, code: "no-target", totalMs: 2, errors: [failure], routing };
  }
  const { served, last, failed } = tries;
  const errors = failed.map(({ failure }) => failure);
  const base = { ...blank, target: nameOf(last), provider: last.provider, attempts: failed.length, errors, routing };
  if (served) return answered({ ...base, attempts: failed.length + 1 }, { target: served, alias }, dice);
  const code = errors.at(-1)?.code ?? "upstream-failed";
  const totalMs = dice.around(1500 * failed.length);
  return { ...base, status: statusOf(code), code, totalMs, upstreamMs: totalMs - 2, phases: phasesOf(null, totalMs) };
}

interface Choice {
  alias: SeedAlias;
  kept: readonly SeedTarget[];
  cooled: readonly SeedTarget[];
}

function routingOf({ at }: RequestRecord, { alias, kept, cooled }: Choice, dice: Dice): string {
  const { selector, measure } = alias;
  const score = (target: SeedTarget) => (measure === "ttft_ms" ? target.ttftMs : target.tokensPerSecond);
  return routingText({
    snapshot: 12,
    groups: [{ name: "default", selector, ...(measure === "" ? {} : { measure }) }],
    kept: kept.map((target) => ({
      ...{ target: nameOf(target), group: 0 },
      ...(measure === "" ? {} : { score: score(target) * (0.9 + 0.2 * dice.next()) }),
    })),
    passedOver: cooled.map((target) => ({
      ...{ target: nameOf(target), group: 0, reason: "cooled", cause: "overloaded" },
      until: at + dice.between(30_000, 900_000),
    })),
  });
}

function phasesOf(ttftMs: number | null, totalMs: number): RequestRecord["phases"] {
  const start = { authenticated: 0.2, read: 0.6, parsed: 1.1, routed: 1.4, sent: 1.9 };
  if (ttftMs === null) return { ...start, closed: totalMs };
  return { ...start, headers: Math.max(2, Math.round(ttftMs * 0.7)), committed: ttftMs, closed: totalMs };
}

function answered(
  base: RequestRecord,
  { target, alias }: { target: SeedTarget; alias: SeedAlias },
  dice: Dice,
): RequestRecord {
  const hasLeft = dice.chance(left);
  const tokens = tokensOf(alias, hasLeft, dice);
  const ttftMs = dice.around(target.ttftMs, 0.5);
  const totalMs = ttftMs + Math.round((1000 * tokens.output) / target.tokensPerSecond);
  const costNano = costOf(target, tokens);
  const pricing: Pricing = {
    reportedNano: target.provider === "openrouter" ? costNano : null,
    ...{ computedNano: costNano, version: costNano === null ? null : "config-5eed5eed", parts: null },
  };
  const calls = dice.chance(0.35);
  return {
    ...{ ...base, tokens, costNano, pricing, ttftMs, totalMs, upstreamMs: totalMs - 3 },
    ...{ phases: phasesOf(ttftMs, totalMs), finish: hasLeft ? null : calls ? "tool_use" : "stop" },
    ...(hasLeft ? { code: "cancelled" as const, status: base.stream ? 200 : 499 } : {}),
    degraded: target.protocol === base.protocol || !dice.chance(0.3) ? [] : notesOf(dice),
  };
}

function tokensOf({ input: usual, output: most }: SeedAlias, hasLeft: boolean, dice: Dice): TokenCounts {
  const input = dice.around(usual);
  const output = dice.around(hasLeft ? most / 4 : most);
  const cacheRead = dice.chance(0.6) ? Math.floor(input * (0.3 + 0.6 * dice.next())) : 0;
  const cacheWrite = dice.chance(0.4) ? Math.floor((input - cacheRead) * dice.next()) : 0;
  const reasoning = dice.chance(0.3) ? Math.floor(output * dice.next()) : 0;
  return { input, output, reasoning, cacheRead, cacheWrite, estimated: hasLeft || dice.chance(0.01) };
}

/** Nano-dollars. */
function costOf({ price }: SeedTarget, { input, output, cacheRead }: TokenCounts): number | null {
  if (price === null) return null;
  const dollars = (input - cacheRead) * price.input + cacheRead * price.cache_read + output * price.output;
  return Math.round(dollars * 1000);
}

const notes: readonly Note[] = [
  { action: "dropped", field: "seed" },
  { action: "emulated", field: "response_format", detail: "schema_in_words" },
  { action: "clamped", field: "max_tokens", detail: "model_maximum" },
  { action: "dropped", field: "tools.0.strict", detail: "subset_not_enforced" },
];

function notesOf(dice: Dice): Note[] {
  return notes.slice(0, dice.between(1, notes.length));
}

/** Random states of routes, for tests that hold of all of them. Seeded: the same states every time. */
import type { Provider } from "../../src/config/snapshot.ts";
import { defaultCapabilities } from "../../src/model/target.ts";
import type { OrderView } from "../../src/routing/order.ts";
import type { Candidate, Route } from "../../src/routing/resolve.ts";
import { Standing } from "../../src/routing/standing.ts";

export const now = 1_800_000_000_000;

/** Numbers from 0 to below 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function providerOf(id: string, fields: Partial<Provider> = {}): Provider {
  return {
    ...{ id, origin: "file", name: id, protocols: [], oauth: null, headers: {}, query: {}, body: {}, proxy: null },
    ...{ enabled: true, cooldown: true, maxConcurrency: null, timeoutMs: 1000, quirks: [], estimateTokens: false },
    stall: { firstByteMs: null, minBytesPerSecond: null, windowMs: 1000, graceMs: 1000 },
    ...{ capture: null, allowance: null, raw: null, models: new Map() },
    ...fields,
  };
}

export function candidateOf(name: string, fields: Partial<Candidate> & { sees?: boolean } = {}): Candidate {
  const { sees = true, ...rest } = fields;
  const [id = "", model = ""] = name.split("/");
  const can = { ...defaultCapabilities, vision: sees };
  const facts = { provider: id, model, scope: id, can };
  return { name, provider: providerOf(id), model, weight: 1, enabled: true, facts, ...rest };
}

export function routeOf(selector: string, ...groups: Candidate[][]): Route {
  return {
    alias: null,
    groups: groups.map((candidates, at) => ({ name: `group-${at + 1}`, selector, candidates })),
  };
}

export interface Known {
  standing?: Standing;
  cost?: number;
}

/** A view in which everything may be asked, unless it is said otherwise. */
export function viewOf(known: ReadonlyMap<string, Known> = new Map(), fields: Partial<OrderView> = {}): OrderView {
  return {
    isFull: () => false,
    isLoggedOut: () => false,
    cooling: () => undefined,
    isAble: () => true,
    matches: () => false,
    random: () => 0.5,
    exploration: 0,
    isStream: true,
    now: () => now,
    costOf: ({ name }) => known.get(name)?.cost,
    standingOf: ({ name }) => known.get(name)?.standing,
    ...fields,
  };
}

export interface Measure {
  firstMs?: number;
  totalMs?: number;
  tokens?: number;
  /** Attempts in the last day. */
  used?: number;
}

/** A target that was asked and has answered. */
export function measured({ firstMs = 500, totalMs = 2500, tokens = 100, used = 1 }: Measure = {}): Standing {
  const standing = new Standing();
  for (let count = 0; count < used; count++) {
    standing.started(now - 1000);
    standing.ended();
  }
  standing.measured({ isStream: true, firstMs, totalMs, tokens }, now - 1000);
  return standing;
}

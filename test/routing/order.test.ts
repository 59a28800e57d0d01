import { describe, expect, test } from "bun:test";
import type { GatewayError } from "../../src/model/error.ts";
import { parseRouting, routingText, routingToJson } from "../../src/model/routing-record.ts";
import { withFailover } from "../../src/routing/failover.ts";
import { type Ordered, type OrderView, order } from "../../src/routing/order.ts";
import { recordOf, recordText } from "../../src/routing/recorded.ts";
import type { Candidate, Route } from "../../src/routing/resolve.ts";
import { selectors } from "../../src/routing/selectors/index.ts";
import { candidateOf, type Known, measured, now, providerOf, routeOf, seeded, viewOf } from "./states.ts";

const names = ({ candidates }: Pick<Ordered, "candidates">) => candidates.map(({ name }) => name);

describe("the order of targets", () => {
  test("groups follow each other, each in its own order", () => {
    const known = new Map([
      ["a/one", { cost: 5 }],
      ["b/two", { cost: 3 }],
      ["c/three", { cost: 1 }],
    ]);
    const route = routeOf("cost", [candidateOf("a/one"), candidateOf("b/two")], [candidateOf("c/three")]);
    expect(names(order(route, viewOf(known)))).toEqual(["b/two", "a/one", "c/three"]);
  });

  test("what is left out says why", () => {
    const cooling = { scope: "model", reason: "overloaded", openAt: now + 60_000, until: now + 60_000 } as const;
    const full = candidateOf("full/m", { provider: providerOf("full", { maxConcurrency: 1 }) });
    const route = routeOf("in_order", [
      ...[candidateOf("off/m", { enabled: false }), candidateOf("deaf/m"), candidateOf("blind/m", { sees: false })],
      ...[candidateOf("cooled/m"), candidateOf("small/m"), full, candidateOf("fine/m")],
    ]);
    (route.groups[0] ?? { denied: [] }).denied = [candidateOf("denied/m")];
    const view = viewOf(new Map(), {
      isAble: ({ name }) => name !== "deaf/m",
      blind: () => "out",
      isTooSmall: ({ name }) => name === "small/m",
      isFull: ({ maxConcurrency }) => maxConcurrency !== null,
      cooling: ({ name }) => (name === "cooled/m" ? { ...cooling, failures: 1, isProbing: false } : undefined),
    });
    const ordered = order(route, view);
    expect(names(ordered)).toEqual(["fine/m"]);
    const record = parseRouting(recordText(ordered, 7));
    expect(record.snapshot).toBe(7);
    expect(record.passedOver).toEqual([
      { target: "denied/m", group: 0, reason: "denied" },
      { target: "off/m", group: 0, reason: "disabled" },
      { target: "deaf/m", group: 0, reason: "unable", lacks: "protocol" },
      { target: "blind/m", group: 0, reason: "unable", lacks: "vision" },
      { target: "cooled/m", group: 0, reason: "cooled", until: now + 60_000, cause: "overloaded" },
      { target: "small/m", group: 0, reason: "unable", lacks: "context" },
      { target: "full/m", group: 0, reason: "full" },
    ]);
    const { candidates } = routingToJson(record) as { candidates: { verdict: string; words: string | null }[] };
    expect(candidates.map(({ verdict }) => verdict)).toEqual(["chosen", ...Array(7).fill("passed-over")]);
    expect(candidates[5]?.words).toContain("until 2027-01-15");
  });

  test("targets that speak the client's protocol come first with api_match, else in the same order", () => {
    const route = routeOf("in_order", [candidateOf("a/m"), candidateOf("b/m")], [candidateOf("c/m")]);
    const alias = { priority: "api_match" } as unknown as Route["alias"];
    const matches = ({ name }: Candidate) => name === "c/m";
    expect(names(order({ ...route, alias }, viewOf(new Map(), { matches })))).toEqual(["c/m", "a/m", "b/m"]);
    expect(names(order(route, viewOf(new Map(), { matches })))).toEqual(["a/m", "b/m", "c/m"]);
  });

  test("those that see come first where images can be described", () => {
    const route = routeOf("in_order", [candidateOf("a/m", { sees: false }), candidateOf("b/m")]);
    expect(names(order(route, viewOf(new Map(), { blind: () => "last" })))).toEqual(["b/m", "a/m"]);
    expect(names(order(route, viewOf(new Map(), { blind: () => "as-others" })))).toEqual(["a/m", "b/m"]);
  });

  test("a conversation stays within its group, and never with a target that is left out", () => {
    const route = routeOf(
      "in_order",
      [candidateOf("a/m"), candidateOf("b/m")],
      [candidateOf("c/m"), candidateOf("d/m")],
    );
    const stuck = (target: string, fields: Partial<OrderView> = {}) =>
      order(route, viewOf(new Map(), { stuckTo: () => target, ...fields }));
    expect(names(stuck("b/m"))).toEqual(["b/m", "a/m", "c/m", "d/m"]);
    expect(names(stuck("d/m"))).toEqual(["a/m", "b/m", "d/m", "c/m"]);
    expect(names(stuck("b/m", { isAble: ({ name }) => name !== "b/m" }))).toEqual(["a/m", "c/m", "d/m"]);
    expect(stuck("b/m").groups[0]?.isStuck).toBe(true);
  });

  test("a lone target is recorded as if it had been one of many", () => {
    const route = routeOf("random", [candidateOf('a"b/m\\n')]);
    const ordered = order(route, viewOf());
    expect(recordText(ordered, 4)).toBe(routingText(recordOf(ordered, 4)));
  });

  test("a refusal comes with the record of why nobody was left", () => {
    const off = order(routeOf("in_order", [candidateOf("a/m", { enabled: false })]), viewOf());
    expect([off.refusal?.code, off.refusal?.status]).toEqual(["no-target", 503]);
    expect(parseRouting(recordText(off, 0)).passedOver).toHaveLength(1);
    const deaf = order(routeOf("in_order", [candidateOf("a/m")]), viewOf(new Map(), { isAble: () => false }));
    expect(deaf.refusal?.code).toBe("unsupported");
  });
});

describe.each(selectors.map(({ name }) => name))("10,000 random states, %s", (selector) => {
  test("the record's winner is the target that is asked, and every target is in the record", async () => {
    const random = seeded(selector.length * 7919);
    for (let round = 0; round < 10_000; round++) {
      const { route, view, all } = stateOf(selector, random);
      const ordered = order(route, view);
      const record = parseRouting(recordText(ordered, round));
      const asked = await askedFirst(ordered);
      if (record.kept[0]?.target !== asked) throw new Error(`round ${round}: ${asked} was asked, not the winner`);
      const listed = [...record.kept, ...record.passedOver].map(({ target }) => target).sort();
      if (listed.join() !== all.join()) throw new Error(`round ${round}: ${listed} of ${all}`);
      expectInOrder(ordered, selector);
    }
    expect(random()).toBeGreaterThanOrEqual(0);
  });
});

async function askedFirst({ candidates, refusal }: Ordered): Promise<string | undefined> {
  if (refusal) return undefined;
  return withFailover(candidates, { enabled: true, maxAttempts: 5 }, async ({ name }) => name).catch(
    (error: GatewayError) => error.message,
  );
}

/** Scores of a group go in one direction, unless its first was moved there for another reason. */
function expectInOrder({ groups }: Ordered, selector: string): void {
  const sign = selector.includes("performance") || selector === "allowance" ? -1 : 1;
  for (const { scores = [], explores, isStuck } of groups) {
    const known = scores.slice(explores || isStuck ? 1 : 0).filter((score) => score !== undefined);
    const isSorted = known.every((score, at) => at === 0 || sign * ((known[at - 1] ?? 0) - score) <= 0);
    if (!isSorted) throw new Error(`${selector}: ${scores.join(", ")}`);
  }
}

function stateOf(selector: string, random: () => number) {
  const known = new Map<string, Known>();
  const pick = (share: number) => random() < share;
  const all: string[] = [];
  const groups = Array.from({ length: 1 + Math.floor(random() * 2) }, (_, group) =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, (_, at) => {
      const name = `p${group}${at}/m`;
      all.push(name);
      const standing = pick(0.7)
        ? measured({ firstMs: random() * 1000, totalMs: 1000 + random() * 9000, tokens: Math.ceil(random() * 900) })
        : undefined;
      if (standing && pick(0.6)) standing.told([{ left: random(), resetAt: now + random() * 9e7, windowMs: 9e7 }]);
      known.set(name, { ...(pick(0.8) ? { cost: Math.ceil(random() * 1e6) } : {}), ...(standing ? { standing } : {}) });
      return candidateOf(name, { enabled: pick(0.9), weight: Math.floor(random() * 4), sees: pick(0.8) });
    }),
  );
  const cooled = new Set(all.filter(() => pick(0.15)));
  const soon = { scope: "model", reason: "overloaded", failures: 1, isProbing: false } as const;
  const openAt = now + random() * 9000;
  const view = viewOf(known, {
    random,
    exploration: pick(0.5) ? 0.3 : 0,
    isAble: ({ name }) => !name.endsWith("3/m"),
    isFull: ({ id }) => id === "p02",
    cooling: ({ name }) => (cooled.has(name) ? { ...soon, openAt, until: openAt } : undefined),
    blind: () => (openAt % 3 < 1 ? "out" : openAt % 3 < 2 ? "last" : "as-others"),
    stuckTo: () => (openAt % 2 < 1 ? all[0] : undefined),
    matches: ({ name }) => name.startsWith("p1"),
  });
  const isMatching = pick(0.3);
  const alias = isMatching ? ({ priority: "api_match" } as unknown as Route["alias"]) : null;
  return { route: { ...routeOf(selector, ...groups), alias }, view, all: all.sort() };
}

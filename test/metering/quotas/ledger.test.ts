import { describe, expect, test } from "bun:test";
import { compile } from "../../../src/config/compile.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { Snapshot } from "../../../src/config/snapshot.ts";
import { uuidv7 } from "../../../src/kit/id.ts";
import { Ledger } from "../../../src/metering/quotas/ledger.ts";
import type { Estimate, Outcome, Reservation } from "../../../src/metering/quotas/reservation.ts";
import { headersOf, type Standing } from "../../../src/metering/quotas/standing.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Charge } from "../../../src/model/quota.ts";
import type { Database } from "../../../src/store/database.ts";
import { createQuotaStore } from "../../../src/store/quotas.ts";
import { insertRequests } from "../../../src/store/requests.ts";
import { withMigrated } from "../../support/databases.ts";
import { closedRecord } from "../../support/records.ts";

const minute = 60_000;
const hour = 60 * minute;

function snapshotOf(quotas: string, timezone = "UTC"): Snapshot {
  const text = `quotas: ${quotas}
keys: { k: { secret: sk-of-the-ledger-0123456789, quotas: [q] }, l: { secret: sk-of-the-other-0123456789, quotas: [q] } }
settings: { timezone: ${timezone} }`;
  return compile({ file: parseConfig(text, "yaml") }, { protocols: ["chat"], quirks: [], demoProtocols: ["chat"] });
}

interface Asking {
  key?: string;
  tokens?: Estimate;
  cost?: Estimate;
  parent?: string;
}

/** A ledger on a clock of its own. */
class Bench {
  now = Date.UTC(2026, 2, 28, 12);
  readonly warnings: string[] = [];
  readonly ledger: Ledger;
  snapshot: Snapshot;
  private readonly database: Database;

  constructor(database: Database, quotas: string, timezone?: string) {
    this.database = database;
    this.snapshot = snapshotOf(quotas, timezone);
    this.ledger = new Ledger({
      store: createQuotaStore(database, database),
      isShared: false,
      now: () => this.now,
      onWarn: ({ quota, key, level }: Standing) => this.warnings.push(`${quota} ${key} ${level}`),
    });
  }

  ask({ key = "k", tokens, cost, parent }: Asking = {}): Reservation {
    const found = this.snapshot.keys.get(key);
    if (!found) throw new Error(`there is no key ${key}`);
    const given = { requestId: uuidv7(), key: found, model: "m", parent: parent ?? null };
    const reservation = this.ledger.reserve(this.snapshot, { ...given, tokens: tokens ?? null, cost: cost ?? null });
    if (reservation instanceof Promise) throw new Error("it is decided in memory");
    return reservation;
  }

  /** The words of a refusal; undefined when it passes. */
  refused(asking: Asking = {}): { words: string; waitMs: number } | undefined {
    try {
      this.ask(asking).settle({ wasCalled: false, tokens: 0, costNano: 0 });
      return undefined;
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== "quota-exceeded") throw error;
      return { words: error.message, waitMs: error.detail.retryAfterMs ?? 0 };
    }
  }

  standing(key = "k"): Standing {
    const found = this.snapshot.keys.get(key);
    const [first] = found ? this.ledger.standings(this.snapshot, found) : [];
    if (!first) throw new Error("the key has no quota");
    return first;
  }

  store(charges: Charge[]): Promise<void> {
    return this.database.transaction((sql) => insertRequests(sql, [closedRecord({ id: uuidv7(), charges })]));
  }
}

function onBench(quotas: string, work: (bench: Bench, database: Database) => Promise<void> | void, timezone?: string) {
  return () =>
    withMigrated("sqlite", async ({ database }) => {
      const bench = new Bench(database, quotas, timezone);
      await bench.ledger.open();
      try {
        await work(bench, database);
      } finally {
        await bench.ledger.close();
      }
    });
}

const done = (tokens = 0, costNano = 0): Outcome => ({ wasCalled: true, tokens, costNano });
const uncalled: Outcome = { wasCalled: false, tokens: 0, costNano: 0 };

describe("requests", () => {
  test(
    "a rolling window slides: what counts leaves when its period is over, and no moment earlier",
    onBench("{ q: { unit: requests, limit: 2, window: rolling, period: 5h } }", (bench) => {
      bench.ask().settle(done());
      bench.now += hour;
      bench.ask().settle(done());
      const refused = bench.refused();
      expect(refused?.words).toContain("2 requests of 2 requests used");
      expect(refused?.words).toMatch(/It resets in (4 hours|4 hours \d minutes?), at 2026-03-28T17:0\d:\d\dZ\./);
      bench.now += 4 * hour - 1;
      expect(bench.refused()).toBeDefined();
      bench.now += 1 + (5 * hour) / 256;
      expect(bench.refused()).toBeUndefined();
      expect(bench.standing()).toMatchObject({ used: 1, remaining: 1 });
    }),
  );

  test(
    "a refusal says how long to wait, and after that the request passes",
    onBench("{ q: { unit: requests, limit: 3, window: rolling, period: 10m } }", (bench) => {
      for (let at = 0; at < 3; at++) {
        bench.ask().settle(done());
        bench.now += 7001;
      }
      bench.now += bench.refused()?.waitMs ?? 0;
      expect(bench.refused()).toBeUndefined();
    }),
  );

  test(
    "a day ends at midnight of the timezone, one of 23 hours as well",
    onBench(
      "{ q: { unit: requests, limit: 1, window: daily } }",
      (bench) => {
        bench.now = Date.parse("2026-03-28T23:00:00Z");
        bench.ask().settle(done());
        const refused = bench.refused();
        expect(refused?.waitMs).toBe(23 * hour);
        expect(refused?.words).toContain("It resets in 23 hours, at 2026-03-29T22:00:00Z.");
        bench.now += 23 * hour - 1;
        expect(bench.refused()).toBeDefined();
        bench.now += 1;
        expect(bench.refused()).toBeUndefined();
      },
      "Europe/Berlin",
    ),
  );

  test(
    "one counts as soon as it is let in, and is given back when nobody was called, however late",
    onBench("{ q: { unit: requests, limit: 1, window: daily } }", (bench) => {
      const first = bench.ask();
      expect(bench.refused()).toBeDefined();
      bench.now += 24 * hour;
      const second = bench.ask();
      expect(first.settle(uncalled)).toEqual([]);
      expect(bench.standing()).toMatchObject({ used: 1 });
      expect(second.settle(uncalled)).toEqual([]);
      expect(bench.standing()).toMatchObject({ used: 0 });
      expect(second.settle(done())).toEqual([]);
    }),
  );

  test(
    "one that another request asked for does not count as a request",
    onBench("{ q: { unit: requests, limit: 1, window: daily } }", (bench) => {
      bench.ask();
      expect(bench.refused({ parent: "another" })).toBeUndefined();
      expect(bench.ask({ parent: "another" }).settle(done(10))).toEqual([]);
    }),
  );

  test(
    "each key has a counter of its own unless the quota is shared",
    onBench("{ q: { unit: requests, limit: 1, window: daily } }", (bench) => {
      bench.ask({ key: "k" });
      expect(bench.refused({ key: "l" })).toBeUndefined();
      bench.snapshot = snapshotOf("{ q: { unit: requests, limit: 1, window: daily, shared: true } }");
      bench.ask({ key: "k" });
      expect(bench.refused({ key: "l" })?.words).toContain("shares with others");
    }),
  );

  test(
    "a limit that is changed holds for the next request, with what was used",
    onBench("{ q: { unit: requests, limit: 1, window: daily } }", (bench) => {
      bench.ask().settle(done());
      bench.snapshot = snapshotOf("{ q: { unit: requests, limit: 2, window: daily } }");
      expect(bench.refused()).toBeUndefined();
      bench.ask().settle(done());
      bench.snapshot = snapshotOf("{ q: { unit: requests, limit: 1, window: daily } }");
      expect(bench.standing()).toMatchObject({ used: 2, remaining: 0, level: "spent" });
    }),
  );
});

describe("tokens and money", () => {
  const tokens = (whole: number, input = 10) => ({ tokens: { input, whole } });

  test(
    "what runs is held until it ends; then only what it came to counts",
    onBench("{ q: { unit: tokens, limit: 1000, window: daily } }", (bench) => {
      const first = bench.ask(tokens(600));
      expect(bench.refused(tokens(401))).toMatchObject({
        waitMs: 1000,
        words: expect.stringContaining("600 tokens held"),
      });
      expect(bench.refused(tokens(400))).toBeUndefined();
      expect(first.settle(done(50)).map(({ amount }) => amount)).toEqual([50]);
      expect(bench.standing()).toMatchObject({ used: 50, reserved: 0, remaining: 950 });
      expect(bench.refused(tokens(951))?.words).toContain("50 tokens of 1000 tokens used");
    }),
  );

  test(
    "more than was held counts in full, and the next one is refused",
    onBench("{ q: { unit: tokens, limit: 1000, window: daily } }", (bench) => {
      bench.ask(tokens(100)).settle(done(3000));
      expect(bench.standing()).toMatchObject({ used: 3000, remaining: 0, level: "spent" });
      expect(bench.refused(tokens(1))).toBeDefined();
    }),
  );

  test(
    "one that alone is more than the limit is told to ask for less, though nothing is used",
    onBench("{ q: { unit: tokens, limit: 1000, window: daily } }", (bench) => {
      const refused = bench.refused(tokens(1001));
      expect(refused?.words).toContain("this request alone may take 1001 tokens. Send a smaller max_tokens");
      expect(refused?.words).toContain("It resets in 12 hours, at 2026-03-29T00:00:00Z.");
      expect(bench.refused(tokens(1000))).toBeUndefined();
    }),
  );

  test(
    "they count when the answer is over: what ran for longer than a window counts in the next",
    onBench("{ q: { unit: tokens, limit: 1000, window: rolling, period: 1m } }", (bench) => {
      const long = bench.ask(tokens(800));
      bench.now += 2 * minute;
      expect(bench.standing()).toMatchObject({ reserved: 800 });
      long.settle(done(700));
      expect(bench.standing()).toMatchObject({ used: 700, reserved: 0 });
      bench.now += minute + 1000;
      expect(bench.standing()).toMatchObject({ used: 0 });
    }),
  );

  test(
    "cost is told in dollars, and kept in nano-dollars",
    onBench("{ q: { unit: cost, limit: 0.5, window: monthly } }", (bench) => {
      bench.ask({ cost: { input: 1, whole: 400_000_000 } }).settle(done(0, 123_456_789));
      expect(headersOf(bench.standing(), bench.now)).toEqual({
        "ratelimit-limit": "0.5",
        "ratelimit-remaining": "0.376543211",
        "ratelimit-reset": String((3 * 24 + 12) * 3600),
      });
      expect(bench.refused({ cost: { input: 1, whole: 400_000_000 } })?.words).toContain("$0.12 of $0.50 used");
    }),
  );

  test(
    "what is no count of tokens counts nothing, and an absurd one does not end all counting",
    onBench("{ q: { unit: tokens, limit: 1000, window: daily } }", (bench) => {
      for (const odd of [Number.NaN, -500, Number.NEGATIVE_INFINITY]) {
        expect(bench.ask(tokens(10)).settle(done(odd))).toEqual([]);
      }
      expect(bench.standing()).toMatchObject({ used: 0, reserved: 0 });
      const [charge] = bench.ask(tokens(10)).settle(done(1e300));
      expect(Number.isSafeInteger(charge?.amount)).toBe(true);
    }),
  );

  test(
    "warnings come once, and again after the counter was lower",
    onBench("{ q: { unit: tokens, limit: 1000, window: daily, warn: 0.5 } }", (bench) => {
      bench.ask(tokens(10)).settle(done(499));
      expect(bench.warnings).toEqual([]);
      bench.ask(tokens(10)).settle(done(1));
      bench.ask(tokens(10)).settle(done(1));
      expect(bench.warnings).toEqual(["q k warn"]);
      bench.now += 24 * hour;
      bench.ask(tokens(10)).settle(done(499));
      bench.ask(tokens(10)).settle(done(600));
      expect(bench.warnings).toEqual(["q k warn", "q k warn", "q k spent"]);
    }),
  );
});

describe("what lasts", () => {
  const quota = "{ q: { unit: requests, limit: 3, window: rolling, period: 5h } }";

  test(
    "counters survive a restart, for as long as their window",
    onBench(quota, async (bench, database) => {
      await bench.store(bench.ask().settle(done()));
      bench.now += hour;
      await bench.store(bench.ask().settle(done()));
      const next = new Bench(database, quota);
      next.now = bench.now;
      await next.ledger.open();
      expect(next.standing()).toMatchObject({ used: 2 });
      next.now += 4 * hour + (5 * hour) / 256;
      expect(next.standing()).toMatchObject({ used: 1 });
      await next.ledger.close();
    }),
  );

  test(
    "a reset takes all away that was counted, and nothing of what runs",
    onBench(quota, async (bench) => {
      await bench.store(bench.ask().settle(done()));
      const running = bench.ask();
      const found = bench.snapshot.quotas.get("q");
      if (!found) throw new Error("there is no quota");
      await bench.ledger.recount(bench.snapshot, found, { to: "nothing" });
      expect(bench.standing()).toMatchObject({ used: 1 });
      await bench.store(running.settle(done()));
      expect(bench.standing()).toMatchObject({ used: 1 });
    }),
  );
});

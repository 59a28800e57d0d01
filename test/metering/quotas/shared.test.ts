import { describe, expect, test } from "bun:test";
import { compile } from "../../../src/config/compile.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { uuidv7 } from "../../../src/kit/id.ts";
import { Ledger } from "../../../src/metering/quotas/ledger.ts";
import type { Outcome, Reservation } from "../../../src/metering/quotas/reservation.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Charge } from "../../../src/model/quota.ts";
import { type Database, raw } from "../../../src/store/database.ts";
import { createQuotaStore } from "../../../src/store/quotas.ts";
import { insertRequests } from "../../../src/store/requests.ts";
import { withMigrated } from "../../support/databases.ts";
import { closedRecord } from "../../support/records.ts";

const text = `quotas:
  r: { unit: requests, limit: 5, window: rolling, period: 1h }
  t: { unit: tokens, limit: 1000, window: daily, shared: true }
keys: { k: { secret: sk-of-the-nodes-0123456789, quotas: [r, t] } }`;
const names = { protocols: ["chat"], quirks: [], demoProtocols: ["chat"] };
const snapshot = compile({ file: parseConfig(text, "yaml") }, names);
const key = snapshot.keys.get("k");
const done = (tokens: number): Outcome => ({ wasCalled: true, tokens, costNano: 0 });
const uncalled: Outcome = { wasCalled: false, tokens: 0, costNano: 0 };

/** One of several processes. */
async function node(database: Database, errors: unknown[] = []) {
  const store = createQuotaStore(database, database);
  const ledger = new Ledger({ store, isShared: true, onError: (error) => errors.push(error) });
  await ledger.open();
  return {
    ledger,
    async ask(whole = 100): Promise<Reservation> {
      if (!key) throw new Error("there is no key");
      const requestId = uuidv7();
      const asked = { requestId, key, model: "m", parent: null, tokens: { input: 10, whole }, cost: null };
      return ledger.reserve(snapshot, asked);
    },
    used(): Record<string, number> {
      const standings = key ? ledger.standings(snapshot, key) : [];
      return Object.fromEntries(
        standings.flatMap(({ quota, used, reserved }) => [
          [quota, used],
          [`${quota} held`, reserved],
        ]),
      );
    },
  };
}

function store(database: Database, charges: Charge[]): Promise<void> {
  return database.transaction((sql) => insertRequests(sql, [closedRecord({ id: uuidv7(), charges })]));
}

async function refusalOf(asking: Promise<Reservation>): Promise<GatewayError | undefined> {
  try {
    await asking;
    return undefined;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

describe("several processes on one database", () => {
  test("what one of them holds or used, the others count", async () => {
    await withMigrated("sqlite", async ({ database }) => {
      const [one, other] = [await node(database), await node(database)];
      const first = await one.ask(600);
      expect((await refusalOf(other.ask(401)))?.code).toBe("quota-exceeded");
      const charges = first.settle(done(50));
      await one.ask(10).then((reservation) => reservation.settle(uncalled));
      expect(await refusalOf(other.ask(900))).toBeUndefined();
      expect(other.used()).toEqual({ r: 2, "r held": 0, t: 50, "t held": 900 });
      await store(database, charges);
      await Promise.all([one.ledger.close(), other.ledger.close()]);
    });
  });

  test("what called nobody is free for the very next request", async () => {
    await withMigrated("sqlite", async ({ database }) => {
      const one = await node(database);
      for (let at = 0; at < 20; at++) (await one.ask(1000)).settle(uncalled);
      expect(one.used()).toMatchObject({ r: 0, t: 0, "t held": 0 });
      await one.ledger.close();
    });
  });

  test("many at once are decided together, each with what those before it took", async () => {
    await withMigrated("sqlite", async ({ database }) => {
      const nodes = await Promise.all([node(database), node(database), node(database)]);
      const refused = await Promise.all(
        Array.from({ length: 60 }, (_, at) => refusalOf((nodes[at % 3] ?? nodes[0]).ask(1))),
      );
      expect(refused.filter((error) => error === undefined).length).toBe(5);
      await Promise.all(nodes.map(({ ledger }) => ledger.close()));
    });
  });

  test("a reset in one process holds in all, for what is not stored yet as well", async () => {
    await withMigrated("sqlite", async ({ database }) => {
      const [one, other] = [await node(database), await node(database)];
      const charges = (await one.ask(100)).settle(done(70));
      await one.ledger.refresh(snapshot, snapshot.quotas.values());
      expect(one.used()).toMatchObject({ t: 70, r: 1 });
      const quota = snapshot.quotas.get("t");
      if (!quota) throw new Error("there is no quota");
      await other.ledger.recount(snapshot, quota, { to: "nothing" });
      expect(other.used()).toMatchObject({ t: 0 });
      await store(database, charges);
      await database.sql`DELETE FROM quota_reservations`;
      await one.ledger.refresh(snapshot, [quota]);
      expect(one.used()).toMatchObject({ t: 0 });
      await Promise.all([one.ledger.close(), other.ledger.close()]);
    });
  });

  test("while the database does not answer nobody passes, and what ended is told when it does", async () => {
    await withMigrated("sqlite", async ({ database }) => {
      const errors: unknown[] = [];
      const one = await node(database, errors);
      const running = await one.ask(900);
      await database.sql`${raw("ALTER TABLE quota_reservations RENAME TO gone")}`;
      const refused = await refusalOf(one.ask(1));
      expect([refused?.code, refused?.status, refused?.detail.retryAfterMs]).toEqual(["overloaded", 503, 1000]);
      running.settle(done(20));
      await Bun.sleep(20);
      expect(errors.length).toBe(1);
      await database.sql`${raw("ALTER TABLE gone RENAME TO quota_reservations")}`;
      await Bun.sleep(1100);
      expect(await refusalOf(one.ask(900))).toBeUndefined();
      await one.ledger.close();
    });
  });
});

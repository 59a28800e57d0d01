import { beforeAll, describe, expect, test } from "bun:test";
import { uuidv7 } from "../../src/kit/id.ts";
import type { Admission, Charge, CounterState } from "../../src/model/quota.ts";
import type { RequestRecord } from "../../src/model/record.ts";
import type { Database } from "../../src/store/database.ts";
import { createQuotaStore } from "../../src/store/quotas.ts";
import { findRequest, insertRequests, interruptedRecord } from "../../src/store/requests.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";
import { closedRecord, openedRecord } from "../support/records.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

const insert = (database: Database, records: RequestRecord[]) =>
  database.transaction((sql) => insertRequests(sql, records));

const charge = (amount: number, counter = "q", slot = 1000): Charge => ({ counter, slot, amount });

function admission(charges: Charge[]): Admission {
  return { key: "laptop", model: "sonnet", parent: null, inputTokens: 7, inputNano: 9, charges };
}

const query = { id: "q", since: 0, reservedSince: 0 };

async function stateOf(database: Database): Promise<Omit<CounterState, "slots"> & { used: number }> {
  const state = await createQuotaStore(database, database).reserve([query], (found) => ({
    reserved: [],
    decided: found.get("q") ?? { slots: new Map<number, number>(), reserved: -1, ended: -1 },
  }));
  const used = [...state.slots.values()].reduce((sum, amount) => sum + amount, 0);
  return { used, reserved: state.reserved, ended: state.ended };
}

describe.each(dialects)("quotas in %s", (dialect) => {
  test("a request counts once, whoever stores it and how often", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const one = closedRecord({ charges: [charge(5), charge(1, "r")] });
      const other = closedRecord({ charges: [charge(7)] });
      await insert(database, [one, other]);
      await insert(database, [other, one]);
      await Promise.all([insert(database, [one]), insert(database, [other])]);
      expect(await stateOf(database)).toEqual({ used: 12, reserved: 0, ended: 0 });
    });
  });

  test("two processes that replay the same journal at once count it once", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const records = Array.from({ length: 40 }, () => closedRecord({ charges: [charge(1), charge(1, "r")] }));
      const shuffled = records.map((record) => ({ ...record, charges: [...(record.charges ?? [])].reverse() }));
      await Promise.all([insert(database, records), insert(database, shuffled)]);
      expect((await stateOf(database)).used).toBe(40);
    });
  });

  test("what is known of an end replaces what was assumed of an interrupted request, and is not replaced", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const opened = openedRecord({ admission: admission([charge(7)]) });
      const interrupted = interruptedRecord(opened);
      await insert(database, [interrupted]);
      expect((await stateOf(database)).used).toBe(7);
      const row = await findRequest(database.sql, opened.id);
      expect(row).toMatchObject({ key: "laptop", model: "sonnet", interrupted: true, counted: true, costNano: 9 });
      expect(row?.tokens).toMatchObject({ input: 7, output: 0, estimated: true });
      await insert(database, [closedRecord({ id: opened.id, charges: [charge(20, "q", 2000)] })]);
      expect((await stateOf(database)).used).toBe(20);
      await insert(database, [interrupted]);
      expect((await stateOf(database)).used).toBe(20);
    });
  });

  test("one that counted nothing in the end is not counted as interrupted later", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const opened = openedRecord({ admission: admission([charge(7)]) });
      await insert(database, [closedRecord({ id: opened.id, charges: [] })]);
      await insert(database, [interruptedRecord(opened)]);
      expect((await stateOf(database)).used).toBe(0);
    });
  });

  test("a reservation holds until its request is stored, and counts what it came to meanwhile", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const store = createQuotaStore(database, database);
      const [first, second] = [uuidv7(), uuidv7()];
      await store.reserve([query], () => ({
        reserved: [first, second].map((requestId) => ({ requestId, counter: "q", at: 5, amount: 100 })),
        decided: undefined,
      }));
      expect(await stateOf(database)).toEqual({ used: 0, reserved: 200, ended: 0 });
      await store.correct([
        { requestId: first, held: [charge(30)] },
        { requestId: second, held: [] },
      ]);
      expect(await stateOf(database)).toEqual({ used: 0, reserved: 0, ended: 30 });
      await insert(database, [closedRecord({ id: first, charges: [charge(30)] })]);
      expect(await stateOf(database)).toEqual({ used: 30, reserved: 0, ended: 0 });
    });
  });

  test("reservations of a process that is gone hold for no longer than a minute", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const store = createQuotaStore(database, database);
      const ids = [uuidv7(), uuidv7()];
      const reserved = ids.map((requestId) => ({ requestId, counter: "q", at: 5, amount: 100 }));
      await store.reserve([query], () => ({ reserved, decided: undefined }));
      await database.sql`UPDATE quota_reservations SET until = ${Date.now() + 50}`;
      await store.keep(ids.slice(0, 1));
      await Bun.sleep(60);
      expect((await stateOf(database)).reserved).toBe(100);
      await database.sql`UPDATE quota_reservations SET until = until - 200000`;
      await store.keep([]);
      expect(await database.sql`SELECT request_id FROM quota_reservations`).toEqual([]);
    });
  });

  test("what no window holds any more is forgotten, however much it is", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const old = Date.now() - 41 * 86_400_000;
      const id = () => Bun.randomUUIDv7("hex", old);
      const records = Array.from({ length: 600 }, () =>
        closedRecord({ id: id(), charges: [charge(1), charge(1, "r")] }),
      );
      await insert(database, [...records, closedRecord({ charges: [charge(1, "q", Date.now())] })]);
      await createQuotaStore(database, database).keep([]);
      expect(await database.sql`SELECT counter FROM quota_charges`).toEqual([{ counter: "q" }]);
      expect((await stateOf(database)).used).toBe(1);
    });
  });

  test("of many that reserve at once each sees what those before it took", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const stores = [createQuotaStore(database, database), createQuotaStore(database, database)];
      const passed = await Promise.all(
        Array.from({ length: 30 }, (_, at) =>
          (stores[at % 2] ?? createQuotaStore(database, database)).reserve([query], (state) => {
            const passes = (state.get("q")?.reserved ?? 0) < 10;
            const reserved = passes ? [{ requestId: uuidv7(), counter: "q", at: 5, amount: 1 }] : [];
            return { reserved, decided: passes };
          }),
        ),
      );
      expect(passed.filter(Boolean).length).toBe(10);
    });
  });

  test("a recompute makes the slots what the rows say, by key, unit and slot", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const store = createQuotaStore(database, database);
      const at = (time: number, fields: Partial<RequestRecord> = {}) =>
        closedRecord({ at: time, totalMs: 100, ...fields });
      const start = 1_800_000_000_000;
      const id = (time: number) => Bun.randomUUIDv7("hex", time);
      await insert(database, [
        at(start + 10, { id: id(start + 10), charges: [charge(99, "q", start)] }),
        at(start + 950, { id: id(start + 950) }),
        at(start - 50, { id: id(start - 50), counted: false }),
        at(start - 500, { id: id(start - 500) }),
        at(start + 20, { id: id(start + 20), key: "other" }),
        at(start + 30, { id: id(start + 30), tokens: null, costNano: null, counted: false }),
      ]);
      const recount = { counter: "q", keys: ["laptop"], since: start, slotMs: 1000 };
      expect(await store.adjust([{ ...recount, unit: "tokens" }], "rows")).toEqual([
        { counter: "q", slot: start, amount: 300 - 99 },
        { counter: "q", slot: start + 1000, amount: 150 },
      ]);
      expect(await store.adjust([{ ...recount, unit: "tokens" }], "rows")).toEqual([]);
      expect((await stateOf(database)).used).toBe(450);
      const whole = { ...recount, slotMs: null, counter: "r", unit: "requests" as const };
      expect(await store.adjust([whole], "rows")).toEqual([{ counter: "r", slot: start, amount: 2 }]);
      expect(await store.adjust([{ ...recount, unit: "tokens" }], "nothing")).toHaveLength(2);
      expect((await stateOf(database)).used).toBe(0);
    });
  });
});

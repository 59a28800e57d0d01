import { beforeAll, describe, expect, test } from "bun:test";
import { uuidv7 } from "../../src/kit/id.ts";
import type { StoredResponse } from "../../src/model/stored.ts";
import { createPlainSealer, createSealer, type Sealer } from "../../src/secrets/seal.ts";
import type { Database } from "../../src/store/database.ts";
import { openResponseStore, type ResponseStoreOptions } from "../../src/store/stored-responses.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

const day = 86_400_000;
const input = JSON.stringify("How are you?");

function answer(fields: Partial<StoredResponse> = {}): StoredResponse {
  const at = fields.at ?? Date.now();
  return {
    ...{ requestId: Bun.randomUUIDv7("hex", at), at, owner: "laptop", protocol: "responses", id: `resp_${uuidv7()}` },
    ...{ model: "sonnet", target: "anthropic/claude", scope: "anthropic", lastEvent: 12 },
    response: '{"id":"resp_1","temperature":1.0,"nul":"\\u0000 ż 🐢"}',
    ...fields,
  };
}

function open(database: Database, more: Partial<ResponseStoreOptions> = {}) {
  const sealer = createPlainSealer();
  return openResponseStore({ database, reader: database, sealer, retentionMs: () => 7 * day, ...more });
}

async function count({ sql }: Database): Promise<number[]> {
  const [row] = await sql<Record<string, string>>`SELECT CAST((SELECT count(*) FROM stored_inputs) AS TEXT) AS inputs,
    CAST((SELECT count(*) FROM stored_responses) AS TEXT) AS responses`;
  return [Number(row?.inputs), Number(row?.responses)];
}

/** A database that can be switched off. */
function switchable(database: Database): Database & { isOff: boolean } {
  const wrapped: Database & { isOff: boolean } = {
    isOff: false,
    dialect: database.dialect,
    sql: async (text, ...values) => {
      if (wrapped.isOff) throw new Error("the database is off");
      return database.sql(text, ...values);
    },
    transaction: async (work) => {
      if (wrapped.isOff) throw new Error("the database is off");
      return database.transaction(work);
    },
    close: () => database.close(),
  };
  return wrapped;
}

describe.each([...dialects])("kept answers (%s)", (dialect) => {
  test("are found at once, and the same once they are written, by another process too", async () => {
    await withMigrated(dialect, async ({ database }) => {
      // Late enough for a slow machine.
      const store = open(database, { everyMs: 2000 });
      const kept = answer();
      const never = answer({ lastEvent: null });
      for (const one of [kept, never]) {
        expect(store.keepInput({ requestId: one.requestId, input })).toBe(true);
        expect(store.keepResponse(one)).toBe(true);
        expect(await store.find(one)).toEqual(one);
        expect(await store.findInput(one.requestId)).toBe(input);
      }
      expect(await count(database)).toEqual([0, 0]);
      await store.flush();
      expect(await count(database)).toEqual([2, 2]);
      const other = open(database);
      for (const one of [kept, never]) {
        for (const each of [store, other]) {
          expect(await each.find(one)).toEqual(one);
          expect(await each.findInput(one.requestId)).toBe(input);
        }
      }
      await Promise.all([store.close(), other.close()]);
    });
  });

  test("are their owner's alone, whether they are written or not", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const store = open(database);
      const kept = answer();
      const strangers = [
        { ...kept, owner: "other" },
        { ...kept, protocol: "chat" },
        { ...kept, id: `${kept.id}x` },
        { ...kept, id: "\u0000" },
      ];
      store.keepResponse(kept);
      for (const isWritten of [false, true]) {
        if (isWritten) await store.flush();
        for (const stranger of strangers) {
          expect(await store.find(stranger)).toBeUndefined();
          expect(await store.remove(stranger)).toBe(false);
        }
        expect(await store.find(kept)).toEqual(kept);
      }
      await store.close();
    });
  });

  test("are gone for good when they are removed, with what they were made of", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const store = open(database);
      for (const isWritten of [false, true]) {
        const kept = answer();
        store.keepInput({ requestId: kept.requestId, input });
        store.keepResponse(kept);
        if (isWritten) await store.flush();
        expect(await store.remove(kept)).toBe(true);
        expect(await store.find(kept)).toBeUndefined();
        expect(await store.remove(kept)).toBe(false);
        await store.flush();
        expect(await count(database)).toEqual([0, 0]);
      }
      await store.close();
    });
  });

  test("of one id are the newest, and all go together", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const store = open(database);
      const first = answer({ id: "resp_same", at: Date.now() - 5 });
      const second = answer({ id: "resp_same" });
      store.keepResponse(first);
      store.keepResponse(second);
      expect(await store.find(second)).toEqual(second);
      await store.flush();
      expect(await store.find(second)).toEqual(second);
      expect(await store.remove(first)).toBe(true);
      expect(await store.find(second)).toBeUndefined();
      await store.close();
    });
  });

  test("end with their time, in the table too", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const store = open(database);
      await store.sweep();
      const old = Array.from({ length: 120 }, () => answer({ at: Date.now() - 7 * day - 1000 }));
      const fresh = answer({ at: Date.now() - 7 * day + 60_000 });
      for (const one of [...old, fresh]) {
        store.keepInput({ requestId: one.requestId, input });
        store.keepResponse(one);
      }
      expect(await store.find(old[0]!)).toBeUndefined();
      await store.flush();
      expect(await store.find(old[0]!)).toBeUndefined();
      expect(await store.remove(old[0]!)).toBe(false);
      expect(await count(database)).toEqual([120, 120]);
      await store.sweep();
      expect(await count(database)).toEqual([1, 1]);
      expect(await store.find(fresh)).toEqual(fresh);
      await store.close();
      // A sweep is made at every start.
      const later = open(database, { retentionMs: () => 1 });
      await later.sweep();
      expect(await count(database)).toEqual([0, 0]);
      await later.close();
    });
  });

  test("are not there when the answer never came", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const store = open(database);
      for (const isWritten of [false, true]) {
        const requestId = uuidv7();
        store.keepInput({ requestId, input });
        if (isWritten) await store.flush();
        store.forgetInput(requestId);
        await store.flush();
        expect(await count(database)).toEqual([0, 0]);
      }
      await store.close();
    });
  });

  test("are sealed, each for its own row", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const sealer: Sealer = createSealer(new Uint8Array(32).fill(7));
      const store = open(database, { sealer });
      const [one, two] = [answer({ response: '"private-1"' }), answer({ response: '"private-2"' })];
      for (const kept of [one, two]) {
        store.keepInput({ requestId: kept.requestId, input: '"private"' });
        store.keepResponse(kept);
      }
      await store.flush();
      const rows = await database.sql`SELECT * FROM stored_responses, stored_inputs`;
      expect(rows.length).toBe(4);
      expect(JSON.stringify(rows)).not.toContain("private");
      expect(await store.find(one)).toEqual(one);
      expect(await store.findInput(two.requestId)).toBe('"private"');
      await database.sql`UPDATE stored_responses SET response =
        (SELECT response FROM stored_responses WHERE id = ${one.requestId}) WHERE id = ${two.requestId}`;
      await expect(store.find(two)).rejects.toThrow("stored_responses.response");
      await store.close();
    });
  });

  test("wait out an outage, as many as there is room for, and one error tells of it", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const off = switchable(database);
      const errors: string[] = [];
      const onError = (error: unknown) => void errors.push(String(error));
      const store = open(off, { onError, everyMs: 5, room: 1000 });
      await store.sweep();
      off.isOff = true;
      const kept = answer({ response: `"${"x".repeat(600)}"` });
      expect(store.keepResponse(kept)).toBe(true);
      await Bun.sleep(700);
      expect(errors).toEqual(["Error: the database is off"]);
      expect([1, 2].map(() => store.keepResponse(answer({ response: `"${"y".repeat(600)}"` })))).toEqual([
        false,
        false,
      ]);
      expect(errors.length).toBe(2);
      expect(await store.find(kept)).toEqual(kept);
      await expect(store.find(answer())).rejects.toThrow("off");
      await expect(store.remove(answer())).rejects.toThrow("off");
      off.isOff = false;
      await store.flush();
      expect(await count(database)).toEqual([0, 1]);
      expect(store.keepResponse(answer({ response: `"${"y".repeat(600)}"` }))).toBe(true);
      await store.close();
    });
  });

  test("that the database refuses do not hold up the others", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const errors: string[] = [];
      const store = open(database, { onError: (error) => void errors.push(String(error)) });
      const good = answer();
      const bad = { ...answer(), at: Number.NaN };
      store.keepResponse(bad);
      store.keepResponse(good);
      await store.flush();
      expect(await open(database).find(good)).toEqual(good);
      expect(await count(database)).toEqual([0, 1]);
      expect(errors).toEqual([`Error: the answer to ${bad.requestId} was refused by the database`]);
      await store.close();
    });
  });
});

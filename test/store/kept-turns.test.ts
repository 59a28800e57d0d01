import { beforeAll, describe, expect, test } from "bun:test";
import type { KeptTurn } from "../../src/model/kept-turn.ts";
import { createPlainSealer, createSealer } from "../../src/secrets/seal.ts";
import type { Database } from "../../src/store/database.ts";
import { openTurnStore, type TurnStoreOptions } from "../../src/store/kept-turns.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

const day = 86_400_000;

function turn(fields: Partial<KeptTurn> = {}): KeptTurn {
  const seal = { origin: "messages", form: "signature" as const, bytes: "EqQB+/ \u0000 ż 🐢" };
  return {
    ...{ key: crypto.randomUUID(), at: Date.now(), owner: "laptop", scope: "anthropic", origin: "messages" },
    parts: [
      { type: "reasoning", item: { type: "reasoning", text: [{ kind: "raw", text: "Hm.\u0000" }], seals: [seal] } },
      { type: "call", callId: "call_1" },
    ],
    ...fields,
  };
}

function open(database: Database, more: Partial<TurnStoreOptions> = {}) {
  const sealer = createPlainSealer();
  return openTurnStore({ database, reader: database, sealer, retentionMs: () => 30 * day, ...more });
}

const askedFor = (one: KeptTurn) => ({ owner: one.owner, scope: one.scope, keys: [one.key] });

describe.each([...dialects])("kept turns (%s)", (dialect) => {
  test("are known at once, and to the next process", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const [first, later] = [open(database), turn()];
      first.keep(later);
      expect(first.recall(later.key)).toEqual(later);
      await first.close();
      const next = open(database);
      expect(next.recall(later.key)).toBeUndefined();
      await next.load(askedFor(later));
      expect(next.recall(later.key)).toEqual(later);
      await next.close();
    });
  });

  test("what is not there is asked for once, and never for an account of which nothing is kept", async () => {
    await withMigrated(dialect, async ({ database }) => {
      let queries = 0;
      const reader: { sql: Database["sql"] } = {
        sql: (text, ...values) => {
          queries++;
          return database.sql(text, ...values);
        },
      };
      const store = open(database, { reader });
      const absent = turn();
      await store.load(askedFor(absent));
      expect(queries).toBe(1);
      expect(store.load(askedFor(absent))).toBeUndefined();
      store.keep(turn());
      await store.load(askedFor(absent));
      expect([queries, store.recall(absent.key)]).toEqual([2, null]);
      await store.close();
    });
  });

  test("what is kept while the database says that there is nothing is there", async () => {
    await withMigrated(dialect, async ({ database }) => {
      let letAnswer: (() => void) | undefined;
      const asked = new Promise<void>((resolve) => {
        letAnswer = resolve;
      });
      const reader: { sql: Database["sql"] } = {
        sql: async (text, ...values) => {
          const rows = await database.sql(text, ...values);
          await asked;
          return rows as never;
        },
      };
      const store = open(database, { reader });
      const later = turn();
      const loading = store.load(askedFor(later));
      await Bun.sleep(5);
      store.keep(later);
      letAnswer?.();
      await loading;
      expect(store.mayHave(later.owner)).toBe(true);
      expect(store.load(askedFor(later))).toBeDefined();
      await store.close();
    });
  });

  test("belong to one client key, and the newest of one key counts", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const store = open(database);
      const first = turn();
      const newest = { ...first, at: first.at + 1, parts: [] };
      store.keep(first);
      await Bun.sleep(250);
      store.keep(newest);
      await store.close();
      const next = open(database);
      await next.load(askedFor(first));
      expect(next.recall(first.key)).toEqual(newest);
      const stranger = open(database);
      await stranger.load({ ...askedFor(first), owner: "phone" });
      expect(stranger.recall(first.key) ?? null).toBeNull();
      await Promise.all([next.close(), stranger.close()]);
    });
  });

  test("end with their time", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const store = open(database, { retentionMs: () => day });
      const old = turn({ at: Date.now() - 2 * day });
      const young = turn();
      store.keep(old);
      store.keep(young);
      expect(store.recall(old.key) ?? undefined).toEqual(old);
      for (const end = Date.now() + 3000; store.recall(old.key) && Date.now() < end; ) await Bun.sleep(10);
      expect(store.recall(old.key)).toBeUndefined();
      await store.sweep();
      const rows = await database.sql<{ id: string }>`SELECT id FROM kept_turns`;
      expect(rows).toEqual([{ id: young.key }]);
      await store.close();
    });
  });

  test("are sealed on disk with encryption on", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const sealer = createSealer(Buffer.alloc(32, 3));
      const store = open(database, { sealer });
      const one = turn();
      store.keep(one);
      await store.close();
      const [row] = await database.sql<{ parts: string }>`SELECT parts FROM kept_turns`;
      expect(row?.parts).not.toContain("EqQB");
      const next = open(database, { sealer });
      await next.load(askedFor(one));
      expect(next.recall(one.key)).toEqual(one);
      await next.close();
    });
  });

  test("wait out an outage of the database", async () => {
    await withMigrated(dialect, async ({ database }) => {
      let isOff = true;
      const errors: unknown[] = [];
      const flaky: Database = {
        ...database,
        transaction: async (work) => {
          if (isOff) throw new Error("the database is off");
          return database.transaction(work);
        },
      };
      const store = open(flaky, { everyMs: 5, onError: (error) => errors.push(error) });
      store.keep(turn());
      await Bun.sleep(100);
      expect(errors).toHaveLength(1);
      isOff = false;
      await store.close();
      expect(await database.sql`SELECT id FROM kept_turns`).toHaveLength(1);
    });
  });
});

test("memory holds what was used last", async () => {
  await withMigrated("sqlite", async ({ database }) => {
    const store = open(database, { room: 2000, everyMs: 1 });
    const turns = Array.from({ length: 20 }, () => turn());
    for (const one of turns) store.keep(one);
    await Bun.sleep(300);
    expect(store.recall(turns[0]?.key ?? "")).toBeUndefined();
    expect(store.recall(turns[19]?.key ?? "")).toEqual(turns[19]);
    await store.close();
  });
});

import { beforeAll, describe, expect, test } from "bun:test";
import { type Act, type ActsOptions, openActs, placeOf } from "../../src/store/acts.ts";
import type { Database } from "../../src/store/database.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

const day = 86_400_000;
const start = Date.UTC(2026, 10, 22, 10);

function open(database: Database, more: Partial<ActsOptions> = {}) {
  const onError = (error: unknown) => {
    throw error;
  };
  return openActs({ database, reader: database, onError, now: () => start, ...more });
}

const failed = (origin: string): Act => ({ kind: "sign-in failed", author: { actor: "console", origin } });
const reset = (name: string): Act => ({
  ...{ kind: "quota reset", section: "quotas", name, detail: "of the key web\u0000" },
  author: { actor: "api", origin: "10.0.0.7" },
});

describe.each([...dialects])("what people do (%s)", (dialect) => {
  test("is kept, newest first, and found by kind, entity and place", async () => {
    await withMigrated(dialect, async ({ database }) => {
      let now = start;
      const acts = open(database, { now: () => now });
      for (const name of ["a", "b", "c"]) {
        await acts.add(reset(name));
        now++;
      }
      await acts.add(failed("10.0.0.1"));
      const all = await acts.list({ limit: 10 });
      expect(all.map(({ kind, name }) => name ?? kind)).toEqual(["sign-in failed", "c", "b", "a"]);
      expect(all[1]).toMatchObject({ ...reset("c"), detail: "of the key web\uFFFD", times: 1, at: start + 2 });
      const [first] = await acts.list({ limit: 1, section: "quotas" });
      const rest = await acts.list({ limit: 10, section: "quotas", after: first ? placeOf(first) : "" });
      expect(rest.map(({ name }) => name)).toEqual(["b", "a"]);
      expect(await acts.list({ limit: 10, kinds: ["signed in", "sign-in failed"] })).toHaveLength(1);
      expect(await acts.list({ limit: 10, section: "quotas", name: "b" })).toHaveLength(1);
      await acts.close();
    });
  });

  test("is counted in one row where one address does it again, and in few rows where many do", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const acts = open(database);
      for (let turn = 0; turn < 3; turn++) await acts.add(failed("10.0.0.1"));
      expect(await acts.list({ limit: 10 })).toMatchObject([{ times: 3, author: { origin: "10.0.0.1" } }]);
      for (let address = 0; address < 80; address++) await acts.add(failed(`10.0.1.${address}`));
      const all = await acts.list({ limit: 100 });
      expect(all).toHaveLength(51);
      expect(all.find(({ author }) => author.origin === "other addresses")?.times).toBe(31);
      await acts.add({ kind: "signed in", author: { actor: "console", origin: "10.0.0.9" } });
      expect((await acts.list({ limit: 100, kinds: ["signed in"] }))[0]?.author.origin).toBe("10.0.0.9");
      await acts.close();
    });
  });

  test("goes after 400 days", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const old = open(database);
      await old.add(reset("a"));
      await old.close();
      const later = open(database, { now: () => start + 401 * day });
      for (let turn = 0; turn < 200 && (await later.list({ limit: 1 })).length > 0; turn++) await Bun.sleep(10);
      expect(await later.list({ limit: 1 })).toEqual([]);
      await later.close();
    });
  });
});

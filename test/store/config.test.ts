import { beforeAll, describe, expect, test } from "bun:test";
import { compile } from "../../src/config/compile.ts";
import { sha256Hex } from "../../src/kit/hash.ts";
import { GatewayError } from "../../src/model/error.ts";
import { createPlainSealer } from "../../src/secrets/seal.ts";
import { bumpVersion, createKey, deleteEntity, loadConfig, saveEntity, watchConfig } from "../../src/store/config.ts";
import { deleteMeta, ensureMeta, findMeta, setMeta } from "../../src/store/meta.ts";
import { openDatabase, openReader } from "../../src/store/open.ts";
import { openWorkerReader } from "../../src/store/reader.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

const sealer = createPlainSealer();
const author = { actor: "cli", origin: "tests" } as const;
const names = { protocols: ["chat"], quirks: [], demoProtocols: ["chat"] };

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "fine",
    (error: unknown) => (error instanceof GatewayError ? error.code : String(error)),
  );
}

/** `expect(…).rejects` does not let the messages of a thread in while it waits. */
async function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => "no failure", String);
}

describe.each([...dialects])("configuration in the database (%s)", (dialect) => {
  test("loads what was saved, in the shape that compiles", async () => {
    await withMigrated(dialect, async ({ database, database: { sql } }) => {
      await saveEntity(sql, sealer, { kind: "provider", name: "a", body: { protocols: { chat: "https://a" } } });
      await saveEntity(sql, sealer, { kind: "provider", name: "b", body: { protocols: { chat: "https://b" } } });
      await saveEntity(sql, sealer, { kind: "provider", name: "a", body: { protocols: { chat: "https://c" } } });
      await saveEntity(sql, sealer, { kind: "settings", name: "settings", body: { heartbeat_s: 3 } });
      await createKey(database, sealer, { name: "laptop", hash: sha256Hex("sk-1"), last4: "sk-1", author });
      expect(await deleteEntity(sql, { kind: "provider", name: "b" })).toBe(true);
      expect(await deleteEntity(sql, { kind: "provider", name: "b" })).toBe(false);
      const snapshot = compile(await loadConfig(sql, sealer), names);
      expect(snapshot.version).toBe(1);
      expect([...snapshot.providers.keys()]).toEqual(["demo", "a"]);
      expect(snapshot.providers.get("a")?.protocols).toEqual([{ name: "chat", baseUrl: "https://c" }]);
      expect(snapshot.settings.heartbeatMs).toBe(3000);
      expect(snapshot.keysByHash.get(sha256Hex("sk-1"))?.key.name).toBe("laptop");
    });
  });

  test("a key's name is taken once, also by many at once", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const create = (hash: string) =>
        codeOf(createKey(database, sealer, { name: "same", hash, last4: "abcd", author }));
      const codes = await Promise.all(["a", "b", "c", "d"].map(create));
      expect(codes.sort()).toEqual(["conflict", "conflict", "conflict", "fine"]);
      const odd = createKey(database, sealer, { name: "a\nb", hash: "x", last4: "", author });
      expect(await codeOf(odd)).toBe("invalid-request");
      expect((await loadConfig(database.sql, sealer)).version).toBe(1);
    });
  });

  test("a stale edit is refused and rolled back", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const edit = (seen: number, name: string) =>
        database.transaction(async (sql) => {
          await saveEntity(sql, sealer, { kind: "quota", name, body: {} });
          return bumpVersion(sql, seen);
        });
      expect(await edit(0, "one")).toBe(1);
      expect(await codeOf(edit(0, "two"))).toBe("conflict");
      expect(await edit(1, "three")).toBe(2);
      expect(Object.keys((await loadConfig(database.sql, sealer)).database.quotas as object)).toEqual(["one", "three"]);
    });
  });

  test("a watcher tells each new version once, and again when it could not be taken", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const told: number[] = [];
      const errors: unknown[] = [];
      const watch = watchConfig(
        database,
        { version: 0, everyMs: 20 },
        {
          onChange: (version) => {
            told.push(version);
            if (told.length === 1) throw new Error("not now");
          },
          onError: (error) => errors.push(error),
        },
      );
      await bumpVersion(database.sql);
      for (let count = 0; count < 100 && told.length < 2; count++) await Bun.sleep(20);
      await Promise.all([watch.look(), watch.look()]);
      watch.stop();
      expect([told, errors.map(String)]).toEqual([[1, 1], ["Error: not now"]]);
    });
  });

  test("a single value is made once and can be replaced", async () => {
    await withMigrated(dialect, async ({ database: { sql } }) => {
      let made = 0;
      const ensure = () => ensureMeta(sql, "envelope", () => `value-${++made}`);
      const all = await Promise.all([ensure(), ensure(), ensure()]);
      expect(new Set(all.map(({ value }) => value)).size).toBe(1);
      expect(all.filter(({ isNew }) => isNew).length).toBe(1);
      await setMeta(sql, "envelope", "other");
      expect(await findMeta(sql, "envelope")).toBe("other");
      await deleteMeta(sql, "envelope");
      expect(await findMeta(sql, "envelope")).toBeUndefined();
    });
  });

  test("a reader of its own sees what is committed and cannot write to a file", async () => {
    await withMigrated(dialect, async ({ database, url }) => {
      const reader = openReader(url, database);
      await setMeta(database.sql, "a", "ü");
      const read = () => reader.sql<{ value: string }>`SELECT value FROM meta WHERE key = ${"a"}`;
      expect(await Promise.all([read(), read()])).toEqual([[{ value: "ü" }], [{ value: "ü" }]]);
      expect(await failureOf(reader.sql`SELECT * FROM nowhere`)).toContain("nowhere");
      if (dialect === "sqlite") expect(await failureOf(reader.sql`DELETE FROM meta`)).toContain("readonly");
      await reader.close();
    });
  });
});

test("the reading thread ends when it is idle, and starts again", async () => {
  await withMigrated("sqlite", async ({ url }) => {
    const reader = openWorkerReader(url.slice("sqlite://".length), 30);
    expect(await reader.sql`SELECT 1 AS one`).toEqual([{ one: 1 }]);
    await Bun.sleep(100);
    expect(await reader.sql`SELECT 2 AS two`).toEqual([{ two: 2 }]);
    await reader.close();
  });
});

test("a file that cannot be read fails the query instead of hanging", async () => {
  const reader = openWorkerReader("/nowhere/at/all.db");
  expect(await failureOf(reader.sql`SELECT 1 AS one`)).toContain("the reader failed");
  await reader.close();
});

test("in memory the reader is the same database", async () => {
  const database = openDatabase("sqlite://:memory:");
  await database.sql`CREATE TABLE t (a TEXT)`;
  const reader = openReader("sqlite://:memory:", database);
  expect(await reader.sql`SELECT * FROM t`).toEqual([]);
  await reader.close();
  expect(await database.sql`SELECT * FROM t`).toEqual([]);
  await database.close();
});

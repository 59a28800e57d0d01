import { beforeAll, describe, expect, test } from "bun:test";
import { exemptColumns, secretColumns } from "../../src/secrets/registry.ts";
import { createPlainSealer, SealError } from "../../src/secrets/seal.ts";
import { openSecrets } from "../../src/store/canary.ts";
import { loadConfig, saveEntity } from "../../src/store/config.ts";
import type { Sql } from "../../src/store/database.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

const right = "0123456789abcdef".repeat(4);
const wrong = "f".repeat(64);

async function dump(sql: Sql): Promise<string> {
  return JSON.stringify([
    await sql`SELECT * FROM meta ORDER BY key`,
    await sql`SELECT * FROM entities ORDER BY kind, name`,
  ]);
}

describe.each([...dialects])("encryption at rest (%s)", (dialect) => {
  test("off: everything is kept in clear and read back", async () => {
    await withMigrated(dialect, async ({ database: { sql }, database }) => {
      const sealer = await openSecrets(database, undefined);
      expect(sealer.enabled).toBe(false);
      await saveEntity(sql, sealer, { kind: "provider", name: "a", body: { api_key: "visible-secret" } });
      expect(await dump(sql)).toContain("visible-secret");
      expect((await openSecrets(database, "")).enabled).toBe(false);
    });
  });

  test("on: nothing is readable in the rows, and the same key opens them again", async () => {
    await withMigrated(dialect, async ({ database: { sql }, database }) => {
      const sealer = await openSecrets(database, right);
      await saveEntity(sql, sealer, { kind: "provider", name: "a", body: { api_key: "hidden-secret" } });
      expect(await dump(sql)).not.toContain("hidden-secret");
      const again = await openSecrets(database, right);
      expect((await loadConfig(sql, again)).database.providers).toEqual({ a: { api_key: "hidden-secret" } });
    });
  });

  test("a wrong or missing key is refused with words, and nothing is changed", async () => {
    await withMigrated(dialect, async ({ database: { sql }, database }) => {
      const sealer = await openSecrets(database, right);
      await saveEntity(sql, sealer, { kind: "provider", name: "a", body: { api_key: "hidden-secret" } });
      const before = await dump(sql);
      await expect(openSecrets(database, wrong)).rejects.toThrow(`was encrypted with the key ${sealer.keyId}`);
      await expect(openSecrets(database, undefined)).rejects.toThrow("ENCRYPTION_KEY is not set");
      await expect(openSecrets(database, "a passphrase that is long")).rejects.toThrow(SealError);
      await expect(openSecrets(database, "short")).rejects.toThrow("16 or more");
      expect(await dump(sql)).toBe(before);
    });
  }, 20_000);

  test("sealed rows without a canary still need their key", async () => {
    await withMigrated(dialect, async ({ database: { sql }, database }) => {
      await saveEntity(sql, await openSecrets(database, right), { kind: "provider", name: "a", body: {} });
      await sql`DELETE FROM meta WHERE key = ${"encryption_canary"}`;
      const before = await dump(sql);
      await expect(openSecrets(database, undefined)).rejects.toThrow(SealError);
      await expect(openSecrets(database, wrong)).rejects.toThrow(SealError);
      expect(await dump(sql)).toBe(before);
      expect((await openSecrets(database, right)).enabled).toBe(true);
    });
  });

  test("rows from before stay readable once a key is set", async () => {
    await withMigrated(dialect, async ({ database: { sql }, database }) => {
      await saveEntity(sql, createPlainSealer(), { kind: "provider", name: "a", body: { api_key: "enc:odd" } });
      const sealer = await openSecrets(database, right);
      expect((await loadConfig(sql, sealer)).database.providers).toEqual({ a: { api_key: "enc:odd" } });
    });
  });

  test("a value that was moved to another row does not open", async () => {
    await withMigrated(dialect, async ({ database: { sql }, database }) => {
      const sealer = await openSecrets(database, right);
      for (const name of ["a", "b"]) await saveEntity(sql, sealer, { kind: "provider", name, body: { name } });
      await sql`UPDATE entities SET body = (SELECT body FROM entities WHERE name = ${"a"}) WHERE name = ${"b"}`;
      await expect(loadConfig(sql, sealer)).rejects.toThrow('entities.body of "provider/b"');
    });
  });

  test("processes that start at once with a passphrase agree on one salt", async () => {
    await withMigrated(dialect, async ({ database: { sql }, database }) => {
      const sealers = await Promise.all([1, 2, 3].map(() => openSecrets(database, "correct horse battery staple")));
      expect(new Set(sealers.map((sealer) => sealer.keyId)).size).toBe(1);
      await saveEntity(sql, sealers[0]!, { kind: "provider", name: "a", body: { api_key: "x" } });
      const later = await openSecrets(database, "correct horse battery staple");
      expect((await loadConfig(sql, later)).database.providers).toEqual({ a: { api_key: "x" } });
      await expect(openSecrets(database, "correct horse battery stable")).rejects.toThrow("does not fit");
    });
  }, 30_000);
});

test("every column that sounds like a secret is registered, or exempt for a reason", async () => {
  await withMigrated("sqlite", async ({ database }) => {
    const columns = await database.sql<{ at: string }>`SELECT m.name || '.' || c.name AS at
      FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = ${"table"}`;
    const all = columns.map((column) => column.at);
    const registered = secretColumns.map(({ table, column }) => `${table}.${column}`);
    const suspicious = all.filter((at) =>
      /secret|token|key|headers|body|credential|password/.test(at.split(".")[1] ?? ""),
    );
    expect(suspicious.length).toBeGreaterThan(5);
    expect(suspicious.filter((at) => !registered.includes(at) && !(at in exemptColumns))).toEqual([]);
    expect([...registered, ...Object.keys(exemptColumns)].filter((at) => !all.includes(at))).toEqual([]);
    for (const { table, id } of secretColumns) {
      for (const column of id) expect(all).toContain(`${table}.${column}`);
    }
  });
});

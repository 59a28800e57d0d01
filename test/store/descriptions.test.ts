import { beforeAll, describe, expect, test } from "bun:test";
import { createPlainSealer, createSealer } from "../../src/secrets/seal.ts";
import type { Database } from "../../src/store/database.ts";
import { type DescriptionStoreOptions, openDescriptionStore } from "../../src/store/descriptions.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

const day = 86_400_000;

function open(database: Database, more: Partial<DescriptionStoreOptions> = {}) {
  const sealer = createPlainSealer();
  return openDescriptionStore({ database, reader: database, sealer, retentionMs: () => 30 * day, ...more });
}

describe.each([...dialects])("descriptions of images (%s)", (dialect) => {
  test("are known at once, and to the next process", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const first = open(database);
      first.keep("a", "A red square.\u0000 🐢");
      expect(first.recall("a")).toBe("A red square.\u0000 🐢");
      await first.close();
      const next = open(database);
      expect(next.recall("a")).toBeUndefined();
      expect(await next.find("a")).toBe("A red square.\uFFFD 🐢");
      expect(next.recall("a")).toBe("A red square.\uFFFD 🐢");
      expect(await next.find("b")).toBeUndefined();
      await next.close();
    });
  });

  test("are sealed where there is a key, and too old ones are gone", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const sealed = open(database, { sealer: createSealer(Buffer.alloc(32, 1)) });
      sealed.keep("a", "A secret plan.");
      await sealed.close();
      const [row] = await database.sql<{ text: string }>`SELECT text FROM image_descriptions WHERE id = ${"a"}`;
      expect(String(row?.text)).not.toContain("secret");
      const later = open(database, { retentionMs: () => -1 });
      await later.sweep();
      expect(await later.find("a")).toBeUndefined();
      expect(await database.sql`SELECT id FROM image_descriptions`).toHaveLength(0);
      await later.close();
    });
  });

  test("of which memory holds the latest are found in the database when they were pushed out", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const store = open(database, { room: 10 });
      store.keep("a", "12345678");
      store.keep("b", "12345678");
      expect([store.recall("a"), store.recall("b")]).toEqual([undefined, "12345678"]);
      await store.close();
      expect(await store.find("a")).toBe("12345678");
    });
  });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrations } from "../../migrations/index.ts";
import { type Database, fragment, list, none, raw } from "../../src/store/database.ts";
import { migrate, splitStatements } from "../../src/store/migrate.ts";
import { openDatabase } from "../../src/store/open.ts";
import { type Column, flag, int } from "../../src/store/rows.ts";
import { type PostgresServer, sharedPostgres } from "../support/postgres.ts";

const folder = mkdtempSync(join(tmpdir(), "plexus-store-"));
let server: PostgresServer | undefined;
let files = 0;

beforeAll(async () => {
  server = await sharedPostgres();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dialects = ["sqlite", "postgres"] as const;

/** A URL of an empty database; undefined where there is no PostgreSQL. */
async function emptyUrl(dialect: (typeof dialects)[number]): Promise<string | undefined> {
  return dialect === "sqlite" ? `sqlite://${join(folder, "new", `${++files}.db`)}` : server?.createUrl();
}

async function withDatabase(dialect: (typeof dialects)[number], work: (database: Database) => Promise<void>) {
  const url = await emptyUrl(dialect);
  if (!url) return;
  const database = openDatabase(url);
  try {
    await database.sql`CREATE TABLE things (id TEXT PRIMARY KEY, number BIGINT, share DOUBLE PRECISION, bytes BYTEA)`;
    await work(database);
  } finally {
    await database.close();
  }
}

async function ids(database: Database): Promise<string[]> {
  const rows = await database.sql<{ id: string }>`SELECT id FROM things ORDER BY id`;
  return rows.map((row) => row.id);
}

describe.each([...dialects])("a database (%s)", (dialect) => {
  test("a stranger's statement does not fall into a transaction that is rolled back", async () => {
    await withDatabase(dialect, async (database) => {
      const begun = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const transaction = database.transaction(async (sql) => {
        await sql`INSERT INTO things (id) VALUES (${"inside"})`;
        begun.resolve();
        await goOn.promise;
        throw new Error("no");
      });
      await begun.promise;
      const stranger = database.sql`INSERT INTO things (id) VALUES (${"stranger"})`;
      goOn.resolve();
      await expect(transaction).rejects.toThrow("no");
      await stranger;
      expect(await ids(database)).toEqual(["stranger"]);
    });
  });

  test("the outer sql is refused inside a transaction instead of waiting for ever", async () => {
    await withDatabase(dialect, async (database) => {
      const used = database.transaction(async () => database.sql`SELECT 1 AS one`);
      await expect(used).rejects.toThrow("use the sql that the transaction hands out");
      const nested = database.transaction(() => database.transaction(async () => 1));
      await expect(nested).rejects.toThrow("use the sql that the transaction hands out");
      expect(await ids(database)).toEqual([]);
    });
  });

  test("the inner sql is refused when its transaction is over", async () => {
    await withDatabase(dialect, async (database) => {
      const leaked = await database.transaction(async (sql) => ({ sql }));
      await expect(leaked.sql`SELECT 1 AS one`).rejects.toThrow("over");
    });
  });

  test("a transaction gives its result and keeps its rows", async () => {
    await withDatabase(dialect, async (database) => {
      const result = await database.transaction(async (sql) => {
        await sql`INSERT INTO things (id) VALUES (${"a"})`;
        return sql<{ id: string }>`SELECT id FROM things`;
      });
      expect(result).toEqual([{ id: "a" }]);
      expect(await ids(database)).toEqual(["a"]);
    });
  });

  test("a failed statement rolls its transaction back and leaves the database usable", async () => {
    await withDatabase(dialect, async (database) => {
      const failed = database.transaction(async (sql) => {
        await sql`INSERT INTO things (id) VALUES (${"a"})`;
        await sql`INSERT INTO things (id) VALUES (${"a"})`;
      });
      await expect(failed).rejects.toThrow();
      await expect(database.sql`SELECT nothing FROM nowhere`).rejects.toThrow();
      expect(await ids(database)).toEqual([]);
    });
  });

  test("values come back as they went in", async () => {
    await withDatabase(dialect, async (database) => {
      const text = "żółw 🐢 \u2028 'quoted' \"\\ ?$1";
      const bytes = new Uint8Array([0, 1, 255, 92, 39]);
      await database.sql`INSERT INTO things (id, number, share, bytes)
        VALUES (${text}, ${Number.MAX_SAFE_INTEGER}, ${0.1}, ${bytes})`;
      await database.sql`INSERT INTO things (id, number) VALUES (${"z"}, ${-1n})`;
      const rows = await database.sql<{ id: string; number: Column; share: number | null; bytes: Uint8Array | null }>`
        SELECT id, number, share, bytes FROM things ORDER BY number DESC`;
      const first = rows[0]!;
      expect(first.id).toBe(text);
      expect(int(first.number)).toBe(Number.MAX_SAFE_INTEGER);
      expect(first.share).toBe(0.1);
      expect(new Uint8Array(first.bytes!)).toEqual(bytes);
      expect(int(rows[1]!.number)).toBe(-1);
      expect(rows[1]!.bytes).toBeNull();
    });
  });

  test("numbers that a double cannot hold are refused, not rounded", async () => {
    await withDatabase(dialect, async (database) => {
      await database.sql`INSERT INTO things (id, number) VALUES (${"a"}, ${2n ** 60n})`;
      const rows = await database.sql<{ number: Column }>`SELECT number FROM things`;
      expect(() => int(rows[0]!.number)).toThrow("2^53");
    });
  });

  test("flags, counts and sums read alike", async () => {
    await withDatabase(dialect, async (database) => {
      const rows = [1, 0, 1].map((number, at) => fragment`(${list([`r${at}`, number])})`);
      await database.sql`INSERT INTO things (id, number) VALUES ${list(rows)}`;
      const [row] = await database.sql<Record<string, Column>>`SELECT count(*) AS rows,
        count(*) FILTER (WHERE number = 1) AS marked, CAST(coalesce(sum(number), 0) AS BIGINT) AS sum FROM things`;
      expect([int(row!.rows), int(row!.marked), int(row!.sum)]).toEqual([3, 2, 2]);
      expect(
        flag((await database.sql<{ number: Column }>`SELECT number FROM things WHERE id = ${"r1"}`)[0]!.number),
      ).toBe(false);
    });
  });

  test("optional fragments keep their values in order", async () => {
    await withDatabase(dialect, async (database) => {
      await database.sql`INSERT INTO things (id, number) VALUES ${raw("('a', 1), ('b', 2), ('c', 3)")}`;
      const find = (low?: number, high?: number) => database.sql<{
        id: string;
      }>`SELECT id FROM things WHERE id <> ${"x"}
        ${low === undefined ? none : fragment`AND number >= ${low} ${fragment`AND id <> ${"y"}`}`}
        ${high === undefined ? none : fragment`AND number <= ${high}`} ORDER BY id LIMIT ${10}`;
      expect((await find()).length).toBe(3);
      expect((await find(2)).map((row) => row.id)).toEqual(["b", "c"]);
      expect((await find(2, 2)).map((row) => row.id)).toEqual(["b"]);
    });
  });

  test("an update returns what it changed", async () => {
    await withDatabase(dialect, async (database) => {
      await database.sql`INSERT INTO things (id, number) VALUES (${"a"}, ${1})`;
      const rows = await database.sql`INSERT INTO things (id, number) VALUES (${"a"}, ${5})
        ON CONFLICT (id) DO UPDATE SET number = things.number + excluded.number RETURNING CAST(number AS BIGINT) AS number`;
      expect(rows.map((row) => int((row as { number: Column }).number))).toEqual([6]);
    });
  });

  test("migrations run once and in order", async () => {
    await withDatabase(dialect, async (database) => {
      const more = [
        ...migrations,
        { version: migrations.length + 1, name: "more", text: "CREATE TABLE more (id TEXT);\n-- why;\n" },
      ];
      expect(await migrate(database, migrations)).toBe(migrations.length);
      expect(await migrate(database, more)).toBe(1);
      expect(await migrate(database, more)).toBe(0);
      expect(await database.sql`SELECT * FROM more`).toEqual([]);
    });
  });

  test("a migration that fails leaves nothing behind", async () => {
    await withDatabase(dialect, async (database) => {
      const bad = [{ version: 1, name: "bad", text: "CREATE TABLE half (id TEXT);\nCREATE TABLE half (id TEXT);\n" }];
      await expect(migrate(database, bad)).rejects.toThrow();
      await expect(database.sql`SELECT * FROM half`).rejects.toThrow();
      expect(await migrate(database, migrations)).toBe(migrations.length);
    });
  });

  test("a database of a newer version is refused with words", async () => {
    await withDatabase(dialect, async (database) => {
      await migrate(database, [{ version: 99, name: "future", text: "CREATE TABLE future (id TEXT);" }]);
      await expect(migrate(database, migrations)).rejects.toThrow("newer version");
    });
  });

  test("two processes that migrate at once both succeed", async () => {
    const url = await emptyUrl(dialect);
    if (!url) return;
    const script = `
        import { openDatabase } from ${JSON.stringify(join(import.meta.dir, "../../src/store/open.ts"))};
        import { migrate } from ${JSON.stringify(join(import.meta.dir, "../../src/store/migrate.ts"))};
        import { migrations } from ${JSON.stringify(join(import.meta.dir, "../../migrations/index.ts"))};
        const database = openDatabase(${JSON.stringify(url)});
        console.log(await migrate(database, migrations));
        await database.close();`;
    const runs = await Promise.all(
      [1, 2, 3].map(async () => {
        const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" });
        const [out, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
        return { code: await child.exited, ran: Number(out), errors };
      }),
    );
    expect(runs.map((run) => [run.code, run.errors])).toEqual(runs.map(() => [0, ""]));
    expect(runs.reduce((sum, run) => sum + run.ran, 0)).toBe(migrations.length);
  }, 30_000);
});

test("statements are split where a line ends with a semicolon", () => {
  expect(splitStatements("-- a;\nSELECT ';' AS x;\n\nSELECT 2\n  AS y; \n-- end")).toEqual([
    "SELECT ';' AS x",
    "SELECT 2\n  AS y",
  ]);
});

test("a URL that is no database is refused with words", () => {
  for (const url of ["mysql://x", "data.db", "sqlite:/x", ""]) expect(() => openDatabase(url)).toThrow("sqlite://PATH");
});

/** No page of the console reads a large table from one end to the other: the plans of all queries that pages make. */
import { beforeAll, expect, test } from "bun:test";
import { signIn, surveyPages } from "../../scripts/console/pages.ts";
import { variantsOf } from "../../scripts/console/variants.ts";
import { plant } from "../../scripts/seed/plant.ts";
import { openStore, startApp } from "../../src/app.ts";
import { loadSnapshot } from "../../src/cli/configuration.ts";
import { openEditor } from "../../src/cli/editing.ts";
import { readOptions } from "../../src/cli/options.ts";
import { sha256Hex } from "../../src/kit/hash.ts";
import { createLog } from "../../src/kit/log.ts";
import { loadConfig } from "../../src/store/config.ts";
import type { Database, Fragment, Reader, Sql } from "../../src/store/database.ts";
import { openReader } from "../../src/store/open.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

const adminKey = "adm-of-the-plans-0123456789";
const secretOf = (name: string) => `sk-of-the-plans-${name}-0123456789`;

/** The queries that were made, each text once. */
class Asked {
  readonly queries = new Map<string, Fragment>();

  watch<Whole extends Reader>(whole: Whole): Whole {
    const sql: Sql = (parts, ...values) => {
      this.queries.set(textOf({ parts, values }), { parts, values });
      return whole.sql(parts, ...values);
    };
    return { ...whole, sql };
  }
}

function textOf({ parts, values }: Fragment): string {
  return parts.reduce((text, part, at) => {
    const value = values[at - 1];
    return `${text}${typeof value === "object" && value !== null && "parts" in value ? textOf(value) : "?"}${part}`;
  });
}

const large = /\b(requests|rollups|quota_charges|cooldown_events|stored_responses|stored_inputs|kept_turns)\b/;

/** What is wrong with a plan, in its own words. */
async function faultsOf(database: Database, query: Fragment): Promise<string[]> {
  const isBounded = /\bLIMIT\b/.test(textOf(query));
  const isWhole = (line: string) => /^SCAN|Seq Scan/.test(line) && large.test(line);
  if (database.dialect === "sqlite") {
    const rows = await database.sql<{ detail: string }>`EXPLAIN QUERY PLAN ${query}`;
    // In the order of the key, from the newest until there are enough.
    return rows
      .map(({ detail }) => detail)
      .filter((line) => isWhole(line) && !(isBounded && /USING (COVERING )?INDEX/.test(line)));
  }
  const rows = await database.transaction(async (sql) => {
    // A few rows are read at once whatever they are; the question is what else could be done.
    await sql`SET LOCAL enable_seqscan = off`;
    return sql<{ "QUERY PLAN": string }>`EXPLAIN ${query}`;
  });
  return rows.map((row) => row["QUERY PLAN"]).filter(isWhole);
}

test.each([...dialects])(
  "every query of every page goes along an index (%s)",
  async (dialect) => {
    await withMigrated(dialect, async ({ url, folder, database }) => {
      const environment = { DATA_DIR: folder, DATABASE_URL: url, PORT: "0", ADMIN_KEY: adminKey };
      const seeding = { rows: 500, seed: 2, until: Date.now() - 1000, force: false, secretOf, environment };
      await plant({ ...seeding, say: () => undefined, progress: () => undefined });
      const asked = new Asked();
      const options = readOptions(environment);
      const opened = await openStore(options);
      const store = { ...opened, database: asked.watch(opened.database) };
      const stored = await loadConfig(opened.database.sql, opened.sealer);
      const snapshot = loadSnapshot({ environment, only: new Set(), stored });
      const log = createLog({ level: "error", format: "text", redact: (text) => text, write: () => undefined });
      const configEditor = openEditor({ store, options, environment });
      const reader = asked.watch(openReader(url, opened.database));
      const app = await startApp({
        options,
        store,
        snapshot,
        adminHash: sha256Hex(adminKey),
        configEditor,
        log,
        reader,
      });
      try {
        asked.queries.clear();
        const { url: at } = app;
        const visitors = [await signIn(at, adminKey, "admin"), await signIn(at, secretOf("laptop"), "holder")];
        const { pages } = await surveyPages(at, visitors);
        expect(pages.length).toBeGreaterThan(10);
        for (const page of pages) {
          for (const path of await variantsOf(at, page, 2)) {
            const response = await fetch(at + path, { headers: { cookie: page.visitor.cookie } });
            expect([path, response.status]).toEqual([path, 200]);
            await response.arrayBuffer();
          }
        }
        expect([...asked.queries.keys()].filter((text) => large.test(text)).length).toBeGreaterThan(10);
        const bad = { parts: ["SELECT COUNT(*) AS n FROM requests WHERE alias = ", ""], values: ["x"] };
        expect((await faultsOf(database, bad)).length).toBe(1);
        for (const [text, query] of [...asked.queries]) {
          if (!/^\s*select/i.test(text)) continue;
          expect([text, await faultsOf(database, query)]).toEqual([text, []]);
        }
      } finally {
        await app.close(0);
      }
    });
  },
  60_000,
);

/** Applying whole configurations: idempotent, what was planned, all or nothing. Configurations are made up. */
import { beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { openDatabase } from "../../src/store/open.ts";
import { openDesk, withDesk } from "../support/config-desk.ts";
import { dialects } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

const id = fc.constantFrom("a", "b", "c.d", "constructor");
const name = fc.constantFrom("laptop", "tool/x", "ü", "__proto__", "toString", "a b");
const optional = { requiredKeys: [] };
const url = fc.constantFrom("https://a.example/v1", "https://b.example");
const secret = fc.constantFrom("1", "2", "3").map((end) => `SECRET-of-a-test-0123456789-${end}`);
/** Of entities under names of which some are special to the language. */
function entities<Value>(names: fc.Arbitrary<string>, value: fc.Arbitrary<Value>) {
  return fc.uniqueArray(fc.tuple(names, value), { maxLength: 4, selector: ([one]) => one }).map(Object.fromEntries);
}

const provider = fc.record(
  {
    protocols: fc.oneof(
      fc.record({ chat: url }),
      fc.record({ messages: url, chat: url }),
      fc.record({ chat: url, messages: url }),
    ),
    api_key: secret,
    headers: fc.record({ "x-one": secret, accept: fc.constant("told") }, optional),
    timeout_s: fc.integer({ min: 1, max: 9 }),
    models: fc.oneof(
      fc.constant(["m"]),
      fc.dictionary(fc.constantFrom("m", "n"), fc.record({ context: fc.constant(9) })),
    ),
    body: entities(
      fc.constantFrom("__proto__", "temperature", "list"),
      fc.oneof(fc.record({ token: secret }), fc.integer(), fc.constant(null), fc.constant([{ a: 1, b: 2 }])),
    ),
  },
  { requiredKeys: ["protocols"] },
);
const key = fc.record(
  { comment: fc.string({ maxLength: 3 }), max_concurrency: fc.option(fc.integer({ min: 1, max: 3 })) },
  optional,
);
const quota = fc.record({
  unit: fc.constantFrom("cost", "tokens"),
  limit: fc.integer({ min: 1, max: 3 }),
  window: fc.constant("daily"),
});
const settings = fc.record(
  {
    heartbeat_s: fc.integer({ min: 1, max: 3 }),
    failover: fc.record({ enabled: fc.boolean(), max_attempts: fc.integer({ min: 1, max: 3 }) }, optional),
    capture: fc.constant({}),
  },
  optional,
);
/** Each key with a secret of its own, for two may not have the same. */
const keys = entities(name, key).map((made) =>
  Object.fromEntries(
    Object.entries(made).map(([one, value]) => [
      one,
      { secret: `SECRET-key-of-${one.replace(/\s/g, "-")}-0123456789`, ...(value as object) },
    ]),
  ),
);
const configuration = fc.record(
  {
    providers: entities(id, provider),
    aliases: entities(name, fc.constant({ targets: ["demo/demo"] })),
    keys,
    quotas: entities(id, quota),
    settings,
  },
  optional,
);

describe.each([...dialects])("apply (%s)", (dialect) => {
  const runs = dialect === "sqlite" ? 60 : 15;

  test("does what was planned, once, and what is exported applies without a change", async () => {
    await withDesk({ dialect }, async ({ ask, told }) => {
      await fc.assert(
        fc.asyncProperty(configuration, async (given) => {
          const planned = await ask("POST", "/api/config/plan", given);
          const before = await ask("GET", "/api/config");
          expect([planned.status, before.etag]).toEqual([200, `"${planned.body.version}"`]);
          const applied = await ask("PUT", "/api/config", given, { "if-match": before.etag ?? "" });
          expect([applied.status, applied.body.changes]).toEqual([200, planned.body.changes]);
          expect(applied.body.version).toBe(planned.body.version + (planned.body.changes.length > 0 ? 1 : 0));
          const again = await ask("PUT", "/api/config", given);
          expect([again.body.changes, again.body.version]).toEqual([[], applied.body.version]);
          const exported = await ask("GET", "/api/config");
          for (const section of Object.keys(given).filter((one) => one !== "settings") as "providers"[]) {
            expect(Object.keys(exported.body[section]).sort()).toEqual(Object.keys(given[section] ?? {}).sort());
          }
          const back = await ask("PUT", "/api/config", exported.text);
          expect([back.status, back.body.changes]).toEqual([200, []]);
          if (applied.body.changes.length === 0) return;
          const reverted = await ask("POST", `/api/config/history/${applied.body.version}/revert`);
          expect(reverted.status).toBe(200);
          expect((await ask("GET", "/api/config")).body).toEqual(before.body);
        }),
        { numRuns: runs },
      );
      for (const text of told) expect(text).not.toContain("SECRET");
    });
  }, 60_000);

  test("with one fault changes nothing", async () => {
    await withDesk({ dialect }, async ({ ask }) => {
      await fc.assert(
        fc.asyncProperty(configuration, async (given) => {
          const before = await ask("GET", "/api/config");
          const faulty = { ...given, mcp_servers: { m: { url: "nowhere" } } };
          const refused = await ask("PUT", "/api/config", faulty);
          expect([refused.status, refused.body.errors.map((one: { path: string }) => one.path)]).toEqual([
            422,
            ["mcp_servers.m.url"],
          ]);
          const after = await ask("GET", "/api/config");
          expect([after.text, after.etag]).toEqual([before.text, before.etag]);
        }),
        { numRuns: 10 },
      );
    });
  }, 60_000);

  test("from several sides at once, no edit that knows what it saw is lost", async () => {
    await withDesk({ dialect }, async ({ ask, url, database: own }) => {
      const path = "/api/config/quotas/day";
      await ask("PUT", path, { unit: "tokens", limit: 1, window: "daily" });
      // Two connections of one process to a file would wait for each other.
      const others = dialect === "postgres" ? [1, 2, 3].map(() => openDatabase(url)) : [];
      const desks = [1, 2, 3].map((_one, at) => openDesk(others[at] ?? own));
      let refused = 0;
      const raise = async ({ desk }: (typeof desks)[number]) => {
        for (let done = 0; done < 5; ) {
          const { body, etag } = await desk.ask("GET", path);
          const patched = await desk.ask("PATCH", path, { limit: body.value.limit + 1 }, { "if-match": etag ?? "" });
          if (patched.status === 200) done++;
          else refused++;
          expect([200, 409]).toContain(patched.status);
        }
      };
      await Promise.all(desks.map(raise));
      for (const { close } of desks) close();
      for (const database of others) await database.close();
      const { body } = await ask("GET", path);
      expect([body.value.limit, body.version]).toEqual([16, 16]);
      expect(refused).toBeGreaterThan(0);
      expect((await ask("GET", "/api/config/history?limit=500")).body.data).toHaveLength(16);
    });
  }, 30_000);

  test("with a version that was seen, what came between is not overwritten", async () => {
    await withDesk({ dialect }, async ({ ask }) => {
      const { etag } = await ask("GET", "/api/config");
      await ask("PATCH", "/api/config/settings", { heartbeat_s: 2 });
      const refused = await ask("PUT", "/api/config", { settings: {} }, { "if-match": etag ?? "" });
      expect([refused.status, refused.body.seen_version, refused.body.current_version]).toEqual([409, 0, 1]);
    });
  });
});

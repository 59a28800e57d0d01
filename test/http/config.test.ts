/** The management API of the configuration: entities, settings, faults, stale edits, the file's precedence, secrets. */
import { beforeAll, describe, expect, test } from "bun:test";
import type { Section } from "../../src/config/schema.ts";
import { createSealer } from "../../src/secrets/seal.ts";
import { type Desk, withDesk } from "../support/config-desk.ts";
import { dialects } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

const apiKey = "up-SECRET-of-the-provider-aaaa";
const headerSecret = "SECRET-in-a-header-bbbb";
const keySecret = "sk-SECRET-of-a-key-0123456789-cccc";

const provider = {
  protocols: { messages: "https://a.example/v1", chat: "https://a.example/v1" },
  api_key: apiKey,
  headers: { "x-gateway": headerSecret, "anthropic-beta": "told" },
  query: { "api-version": "2026-01-01", token: `${headerSecret}-query` },
  proxy: "http://user:SECRETproxy@proxy.example:3128",
  body: { metadata: { auth_token: `${headerSecret}-body` }, temperature: 1 },
};
const examples: Record<Section, { value: object; patch: object; after: (value: object) => object }> = {
  providers: {
    value: { protocols: { chat: "https://a.example/v1" }, timeout_s: 10, proxy: "http://proxy.example:3128" },
    patch: { timeout_s: 20, proxy: null, models: { "m/1": { vision: true } } },
    after: () => ({ protocols: { chat: "https://a.example/v1" }, timeout_s: 20, models: { "m/1": { vision: true } } }),
  },
  aliases: {
    value: { targets: ["demo/demo"], also: ["other"] },
    patch: { selector: "in_order" },
    after: (value) => ({ ...value, selector: "in_order" }),
  },
  keys: {
    value: { comment: "mine", max_concurrency: 3 },
    patch: { enabled: false, max_concurrency: null },
    after: () => ({ comment: "mine", enabled: false }),
  },
  quotas: {
    value: { unit: "cost", limit: 10, window: "daily" },
    patch: { limit: 20 },
    after: (value) => ({ ...value, limit: 20 }),
  },
  mcp_servers: {
    value: { url: "https://mcp.example/mcp", timeout_s: 5 },
    patch: { enabled: false },
    after: (value) => ({ ...value, enabled: false }),
  },
};
const sections = Object.keys(examples) as Section[];

/** As a configuration writes it. */
function reference(name: string): string {
  return `\${${name}}`;
}

/** A key's secret is told apart. */
function withoutSecret({ secret: _told, ...rest }: Record<string, unknown>) {
  return rest;
}

describe.each([...dialects])("the configuration's API (%s)", (dialect) => {
  test.each(sections)("%s are created, read, listed, replaced, patched and deleted", async (section) => {
    const { value, patch, after } = examples[section];
    await withDesk({ dialect }, async ({ ask }) => {
      const list = `/api/config/${section}`;
      const one = `${list}/my-one`;
      const made = await ask("POST", list, { name: "my-one", value });
      expect([made.status, made.body.in_force, made.etag]).toEqual([201, true, '"1"']);
      const read = await ask("GET", one);
      expect([read.status, read.etag, read.body.origin]).toEqual([200, '"1"', "database"]);
      expect(withoutSecret(read.body.value)).toEqual({ ...value });
      expect((await ask("GET", list)).body.data).toEqual([read.body]);
      expect((await ask("POST", list, { name: "my-one", value })).status).toBe(409);
      const patched = await ask("PATCH", one, patch);
      expect([patched.status, patched.etag]).toEqual([200, '"2"']);
      expect(withoutSecret(patched.body.value)).toEqual({ ...after(value) });
      const replaced = await ask("PUT", one, value);
      expect([replaced.status, replaced.etag]).toEqual([200, '"3"']);
      expect(withoutSecret(replaced.body.value)).toEqual({ ...value });
      const same = await ask("PUT", one, value);
      expect([same.status, same.etag]).toEqual([200, '"3"']);
      expect((await ask("DELETE", one)).body.deleted).toBe(true);
      for (const gone of [await ask("GET", one), await ask("DELETE", one), await ask("PATCH", one, {})]) {
        expect([gone.status, gone.body.title]).toEqual([404, "not-found"]);
      }
      expect((await ask("PUT", one, value)).status).toBe(201);
    });
  });

  test("settings are read, patched, replaced and set back", async () => {
    await withDesk({ dialect }, async ({ ask }) => {
      const path = "/api/config/settings";
      expect((await ask("GET", path)).body).toMatchObject({ version: 0, value: {}, file: {} });
      await ask("PATCH", path, { heartbeat_s: 3, failover: { max_attempts: 2 } });
      const patched = await ask("PATCH", path, { failover: { enabled: false }, heartbeat_s: null });
      expect(patched.body.value).toEqual({ failover: { max_attempts: 2, enabled: false } });
      expect((await ask("PUT", path, { exploration: 0 })).body.value).toEqual({ exploration: 0 });
      expect((await ask("DELETE", path)).body.value).toEqual({});
      const bad = await ask("PATCH", path, { failover: { max_attempts: 0 }, heartbeat: 3 });
      expect(bad.status).toBe(422);
      expect(bad.body.errors).toEqual([
        {
          path: "settings.heartbeat",
          message: 'is not a known field; did you mean "heartbeat_s"?',
          field: "heartbeat",
        },
        { path: "settings.failover.max_attempts", message: "must be 1 or more", field: "failover.max_attempts" },
      ]);
    });
  });

  test("a stale edit is refused with both versions, and changes nothing", async () => {
    await withDesk({ dialect }, async ({ ask }) => {
      const one = "/api/config/quotas/day";
      const value = { unit: "cost", limit: 1, window: "daily" };
      await ask("PUT", one, value);
      await ask("PATCH", one, { limit: 2 });
      const stale: [string, unknown][] = [
        ["PUT", value],
        ["PATCH", { limit: 3 }],
        ["DELETE", undefined],
      ];
      for (const [method, body] of stale) {
        const refused = await ask(method, one, body, { "if-match": '"1"' });
        expect([refused.status, refused.body.seen_version, refused.body.current_version]).toEqual([409, 1, 2]);
        expect(refused.body.current).toEqual({ ...value, limit: 2 });
        expect(refused.body.detail).toContain("quotas.day was changed meanwhile");
      }
      expect((await ask("PUT", one, value, { "if-none-match": "*" })).status).toBe(409);
      expect((await ask("GET", one)).body.version).toBe(2);
      expect((await ask("PATCH", one, { limit: 3 }, { "if-match": '"2"' })).etag).toBe('"3"');
      await ask("DELETE", one);
      await ask("PUT", one, value);
      expect((await ask("PATCH", one, { limit: 3 }, { "if-match": '"1"' })).body.current_version).toBe(5);
      const odd = await ask("PATCH", one, {}, { "if-match": '"one"' });
      expect([odd.status, odd.body.errors[0].path]).toEqual([400, "if-match"]);
    });
  });

  test("of edits that are made at once, each sees what the ones before it made", async () => {
    await withDesk({ dialect }, async ({ ask }) => {
      await ask("PUT", "/api/config/quotas/day", { unit: "cost", limit: 1, window: "daily" });
      const edits = [2, 3, 4, 5].map((limit) =>
        ask("PATCH", "/api/config/quotas/day", { limit }, { "if-match": '"1"' }),
      );
      const statuses = (await Promise.all(edits)).map(({ status }) => status);
      expect(statuses.sort()).toEqual([200, 409, 409, 409]);
    });
  });

  test("no secret is ever told, and what keeps one leaves it as it is", async () => {
    await withDesk({ dialect }, async (desk) => {
      const { ask, told } = desk;
      const made = await ask("POST", "/api/config/providers", { name: "a", value: provider });
      const kept = (last: string) => ({ keep: last });
      expect(made.body.value).toEqual({
        ...provider,
        api_key: kept("aaaa"),
        headers: { "x-gateway": kept("bbbb"), "anthropic-beta": "told" },
        query: { "api-version": "2026-01-01", token: kept("uery") },
        proxy: kept(""),
        body: { metadata: { auth_token: kept("body") }, temperature: 1 },
      });
      await ask("PUT", "/api/config/mcp_servers/m", {
        url: "https://u:SECRETmcp@m.example",
        headers: { a: headerSecret },
      });
      await ask("PUT", "/api/config/keys/laptop", { secret: keySecret, comment: "x" });
      const { body: whole } = await ask("GET", "/api/config");
      expect(whole.keys.laptop).toEqual({ secret: kept("cccc"), comment: "x" });
      const again = await ask("PUT", "/api/config", whole);
      expect([again.status, again.body.changes]).toEqual([200, []]);
      await ask("PUT", "/api/config/providers/a", { ...made.body.value, timeout_s: 5 });
      await ask("PATCH", "/api/config/providers/a", { api_key: `${apiKey}-new`, headers: { other: headerSecret } });
      await ask("PATCH", "/api/config/keys/laptop", { comment: "y" }, { "if-match": '"1"' });
      await ask("PUT", "/api/config/keys/laptop", { comment: "y" });
      await ask("PATCH", "/api/config/providers/a", { api_key: 5, headers: { other: [headerSecret] } });
      await ask("POST", "/api/config/plan", { providers: { a: provider, b: { api_key: apiKey } } });
      await ask("POST", "/api/config/plan", { providers: { a: provider } });
      const { body: history } = await ask("GET", "/api/config/history?limit=500");
      await ask("POST", `/api/config/history/${history.data[0].id}/revert`);
      await ask("DELETE", "/api/config/providers/a");
      await ask("GET", "/api/config/history");
      const stored = await desk.database.sql<{ body: string }>`SELECT body FROM entities WHERE kind = ${"key"}`;
      expect(told.length).toBeGreaterThan(12);
      for (const text of [...told, ...stored.map(({ body }) => body)]) expect(text).not.toContain("SECRET");
    });
  });

  test("secrets in the lists of a body are kept where they are, never mixed up", async () => {
    await withDesk({ dialect }, async ({ ask, told }) => {
      const tool = (end: string) => ({
        type: "mcp",
        authorization: `SECRET-of-a-tool-${end}`,
        headers: { x: `SECRET-${end}-${end}` },
      });
      const value = { targets: ["demo/demo"], body: { tools: [tool("aaaa"), tool("bbbb")] } };
      const { body: made } = await ask("PUT", "/api/config/aliases/a", value);
      const [one, two] = made.value.body.tools;
      expect(one).toEqual({ type: "mcp", authorization: { keep: "aaaa" }, headers: { x: { keep: "aaaa" } } });
      const swapped = { ...made.value, body: { tools: [two, one] } };
      const refused = await ask("PUT", "/api/config/aliases/a", swapped);
      expect(refused.body.errors.map((error: { field: string }) => error.field)).toEqual([
        "body.tools.0.authorization",
        "body.tools.0.headers.x",
        "body.tools.1.authorization",
        "body.tools.1.headers.x",
      ]);
      await ask("PATCH", "/api/config/aliases/a", { body: { tools: [one, { ...two, type: "other" }] } });
      await ask("POST", "/api/config/history/2.0/revert");
      expect((await ask("PUT", "/api/config/aliases/a", value)).etag).toBe('"3"');
      expect(told.join()).not.toContain("SECRET");
    });
  });

  test("names that no database can hold are refused with words", async () => {
    await withDesk({ dialect }, async ({ ask }) => {
      for (const name of ["a\u0000", "\ud800", "a\n", "", "x".repeat(129)]) {
        const { status, body } = await ask("POST", "/api/config/aliases", { name, value: { targets: ["demo/demo"] } });
        expect([status, body.errors.length]).toEqual([422, 1]);
      }
      expect((await ask("GET", "/api/config/history?name=%00")).body.data).toEqual([]);
      expect((await ask("GET", "/api/config/history?after=nonsense")).status).toBe(200);
    });
  });

  test("a key's secret that is made here is told once; a rotated key has both for a while", async () => {
    await withDesk({ dialect }, async ({ ask, told, editor }) => {
      const made = await ask("POST", "/api/config/keys", { name: "laptop" });
      const { secret } = made.body;
      expect(secret).toMatch(/^sk-[\w-]{43}$/);
      expect(made.body.value.secret).toEqual({ keep: secret.slice(-4) });
      const rotated = await ask("POST", "/api/config/keys/laptop/rotate", { overlap_s: 60 });
      expect(rotated.body.secret).not.toBe(secret);
      expect(rotated.body.value.previous.secret).toEqual({ keep: secret.slice(-4) });
      const until = Date.parse(rotated.body.value.previous.until);
      expect(Math.abs(until - Date.now() - 60_000)).toBeLessThan(10_000);
      const { body: whole } = await ask("GET", "/api/config");
      expect((await ask("PUT", "/api/config", whole)).body.changes).toEqual([]);
      const ended = await ask("POST", "/api/config/keys/laptop/rotate", { overlap_s: 0 });
      expect(ended.body.value.previous).toBeUndefined();
      expect((await ask("POST", "/api/config/keys/laptop/rotate", { overlap: 1 })).body.errors[0].path).toBe("overlap");
      expect((await ask("POST", "/api/config/keys/nobody/rotate")).status).toBe(404);
      expect((await ask("PUT", "/api/config/keys/given", { secret: keySecret })).body.secret).toBeUndefined();
      expect(told.filter((text) => text.includes(secret))).toHaveLength(1);
      await editor.history({ limit: 10 });
      expect((await ask("GET", "/api/config/history")).body.data.map((one: { note: string }) => one.note)).toEqual([
        null,
        "rotate",
        "rotate",
        null,
      ]);
    });
  });

  test("history says who changed what, and a revert takes it back", async () => {
    await withDesk({ dialect }, async ({ ask }) => {
      const one = "/api/config/quotas/day";
      const value = { unit: "cost", limit: 1, window: "daily" };
      await ask("PUT", one, value);
      await ask("PATCH", one, { limit: 2 });
      await ask("PUT", "/api/config/aliases/x", { targets: ["demo/demo"] });
      await ask("DELETE", one);
      const { body: all } = await ask("GET", "/api/config/history");
      expect(all.data.map((entry: { id: string; action: string }) => [entry.id, entry.action])).toEqual([
        ["4.0", "delete"],
        ["3.0", "create"],
        ["2.0", "update"],
        ["1.0", "create"],
      ]);
      expect(all.data[2]).toMatchObject({ by: "api", from: "192.0.2.7", section: "quotas", name: "day", version: 2 });
      expect(all.data[2].fields).toEqual([{ path: "limit", before: 1, after: 2 }]);
      const { body: some } = await ask("GET", "/api/config/history?section=quotas&name=day&limit=2");
      expect([some.data.length, some.next]).toEqual([2, "2.0"]);
      const { body: rest } = await ask("GET", `/api/config/history?section=quotas&limit=2&after=${some.next}`);
      expect([rest.data.map((entry: { id: string }) => entry.id), rest.next]).toEqual([["1.0"], null]);
      const refused = await ask("POST", "/api/config/history/2.0/revert");
      expect([refused.status, refused.body.current_version]).toEqual([409, 4]);
      expect((await ask("POST", "/api/config/history/4.0/revert")).body.version).toBe(5);
      expect((await ask("GET", one)).body.value.limit).toBe(2);
      await ask("POST", "/api/config/history/2.0/revert?force=true");
      expect((await ask("GET", one)).body.value.limit).toBe(1);
      expect((await ask("POST", "/api/config/history/99.0/revert")).status).toBe(404);
      expect((await ask("POST", "/api/config/history/nonsense/revert")).status).toBe(404);
    });
  });

  test("a whole version is taken back at once", async () => {
    await withDesk({ dialect }, async ({ ask }) => {
      const before = (await ask("PUT", "/api/config", { quotas: { a: { unit: "cost", limit: 1, window: "daily" } } }))
        .body;
      await ask("PUT", "/api/config", { quotas: {}, aliases: { x: { targets: ["demo/demo"] } } });
      const reverted = await ask("POST", "/api/config/history/2/revert");
      expect(reverted.body.changes.map((change: { action: string }) => change.action).sort()).toEqual([
        "create",
        "delete",
      ]);
      const { body: whole } = await ask("GET", "/api/config");
      expect([Object.keys(whole.quotas), whole.aliases, before.version]).toEqual([["a"], {}, 1]);
    });
  });
});

test("with encryption neither entities nor history hold anything readable", async () => {
  const sealer = createSealer(new Uint8Array(32).fill(7));
  await withDesk({ sealer }, async ({ ask, database: { sql } }) => {
    await ask("PUT", "/api/config/providers/a", provider);
    await ask("PATCH", "/api/config/providers/a", { timeout_s: 7 });
    const rows = JSON.stringify([await sql`SELECT * FROM entities`, await sql`SELECT * FROM config_history`]);
    expect(rows).not.toMatch(/SECRET|example|timeout_s/);
    expect((await ask("GET", "/api/config/history")).body.data[0].fields).toEqual([
      { path: "timeout_s", before: null, after: 7 },
    ]);
  });
});

describe("what the file defines", () => {
  const file = {
    providers: {
      fixed: {
        protocols: { chat: "https://f.example" },
        api_key: reference("FIXED_KEY"),
        headers: { a: headerSecret },
      },
    },
    keys: { fixed: { secret: keySecret } },
    settings: { heartbeat_s: 9, failover: { max_attempts: 2 } },
  };

  const inFile = async (work: (desk: Desk) => Promise<void>) =>
    withDesk({ file, environment: { FIXED_KEY: apiKey } }, work);

  test("is shown and read-only", async () => {
    await inFile(async ({ ask, told }) => {
      const one = "/api/config/providers/fixed";
      const { body, etag } = await ask("GET", one);
      expect([body.origin, body.version, etag]).toEqual(["file", null, null]);
      expect(body.value.api_key).toBe(reference("FIXED_KEY"));
      const writes: [string, string, unknown][] = [
        ["PUT", one, { protocols: { chat: "https://f.example" } }],
        ["PATCH", one, { timeout_s: 1 }],
        ["DELETE", one, undefined],
        ["POST", "/api/config/providers", { name: "fixed", value: {} }],
        ["POST", "/api/config/keys/fixed/rotate", undefined],
        ["PATCH", "/api/config/settings", { heartbeat_s: 1 }],
        ["PUT", "/api/config/settings", { failover: { max_attempts: 3 } }],
        ["PUT", "/api/config", { settings: { heartbeat_s: 1 } }],
        ["PUT", "/api/config", { providers: { fixed: { protocols: { chat: "https://g.example" } } } }],
      ];
      for (const [method, path, given] of writes) {
        const refused = await ask(method, path, given);
        expect([method, path, refused.status]).toEqual([method, path, 409]);
        expect(refused.body.detail).toContain("is defined in the configuration file");
        expect(refused.body.errors).toHaveLength(1);
      }
      expect((await ask("GET", "/api/config/history")).body.data).toEqual([]);
      expect(told.join()).not.toContain("SECRET");
    });
  });

  test("is part of the export, which applies without a change", async () => {
    await inFile(async ({ ask }) => {
      await ask("PATCH", "/api/config/settings", { exploration: 0.5, failover: { enabled: false } });
      const { body: whole } = await ask("GET", "/api/config");
      expect(whole.settings).toEqual({
        heartbeat_s: 9,
        failover: { max_attempts: 2, enabled: false },
        exploration: 0.5,
      });
      const applied = await ask("PUT", "/api/config", whole);
      expect([applied.body.changes, applied.body.in_file]).toEqual([[], ["providers.fixed", "keys.fixed"]]);
      expect((await ask("PUT", "/api/config", file)).body.changes.map((one: { name: string }) => one.name)).toEqual([
        "settings",
      ]);
    });
  });
});

describe("faults", () => {
  test("are told all at once, each with its field", async () => {
    await withDesk({}, async ({ ask }) => {
      const refused = await ask("PUT", "/api/config/providers/a.b", {
        ...{ protocols: { chat: "nonsense" }, timeout_s: 0, api_key: { keep: "abcd" }, colour: 1 },
      });
      expect([refused.status, refused.body.status]).toEqual([422, 422]);
      const fields = refused.body.errors.map((error: { field: string }) => error.field).sort();
      expect(fields).toEqual(["api_key", "colour", "protocols.chat", "timeout_s"]);
      expect(refused.body.errors[0].path).toStartWith("providers.a.b.");
      const two = await ask("PUT", "/api/config", {
        ...{ providres: {}, quotas: { q: { unit: "cost" } }, keys: { k: {}, odd: { secret: "short" } }, aliases: [] },
      });
      const paths = two.body.errors.map((error: { path: string }) => error.path).sort();
      expect(paths).toEqual([
        "aliases",
        "keys.k.secret",
        "keys.odd.secret",
        "providres",
        "quotas.q.limit",
        "quotas.q.window",
      ]);
      expect((await ask("GET", "/api/config/history")).body.data).toEqual([]);
    });
  });

  test("of others are told, too: what is in use is not deleted", async () => {
    await withDesk({}, async ({ ask }) => {
      await ask("PUT", "/api/config/quotas/day", { unit: "cost", limit: 1, window: "daily" });
      await ask("PUT", "/api/config/keys/laptop", { quotas: ["day"] });
      const refused = await ask("DELETE", "/api/config/quotas/day");
      expect([refused.status, refused.body.errors[0].path]).toEqual([422, "keys.laptop.quotas.0"]);
      const both = await ask("PUT", "/api/config", { quotas: {}, keys: {} });
      expect(both.body.changes).toHaveLength(2);
    });
  });

  test("a name has to be one", async () => {
    await withDesk({}, async ({ ask }) => {
      const odd = await ask("PUT", "/api/config/providers/Not%20one", { protocols: { chat: "https://a.example" } });
      expect([odd.status, odd.body.errors[0].path]).toEqual([422, "providers.Not one"]);
      const slash = await ask("PUT", "/api/config/aliases/a%2Fb%20%C3%BC", { targets: ["demo/demo"] });
      expect([slash.status, slash.body.name]).toEqual([201, "a/b ü"]);
      expect((await ask("PUT", "/api/config/aliases/a%ZZ", {})).status).toBe(400);
      expect((await ask("POST", "/api/config/aliases", { value: {} })).body.errors[0].path).toBe("name");
    });
  });

  test("references are kept as they are; a key's secret must not be one that nobody resolves", async () => {
    await withDesk({ environment: { KNOWN: keySecret } }, async ({ ask, told }) => {
      const value = { protocols: { chat: "https://a.example" }, api_key: reference("KNOWN") };
      expect((await ask("PUT", "/api/config/providers/a", value)).body.value.api_key).toBe(reference("KNOWN"));
      expect((await ask("PUT", "/api/config/keys/a", { secret: reference("KNOWN") })).body.value.secret).toEqual({
        keep: "cccc",
      });
      const unknown = await ask("PUT", "/api/config/keys/b", { secret: reference("A_NAME_THAT_IS_LONG") });
      expect([unknown.status, unknown.body.errors[0].path]).toEqual([422, "keys.b.secret"]);
      expect(told.join()).not.toContain("SECRET");
    });
  });

  test("YAML is taken by its content type", async () => {
    await withDesk({}, async ({ ask }) => {
      const yaml = "quotas:\n  day: { unit: cost, limit: 1, window: daily }\n";
      const { body } = await ask("POST", "/api/config/plan", yaml, { "content-type": "application/yaml" });
      expect(body.text).toContain('+ quotas.day\n    unit: "cost"');
      const bad = await ask("PUT", "/api/config", "a: [", { "content-type": "application/yaml" });
      expect([bad.status, bad.body.errors[0].message]).toEqual([422, expect.stringContaining("not valid YAML")]);
    });
  });
});

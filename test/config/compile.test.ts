import { describe, expect, test } from "bun:test";
import { compile, type Names, type Sources } from "../../src/config/compile.ts";
import { ConfigFaults } from "../../src/config/faults.ts";
import { buildJsonSchema } from "../../src/config/json-schema.ts";
import { createLiveConfig } from "../../src/config/live.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { Fault } from "../../src/config/snapshot.ts";
import { sha256Hex } from "../../src/kit/hash.ts";

const names: Names = {
  protocols: ["chat", "messages"],
  quirks: ["no-stream-options"],
  demoProtocols: ["messages", "chat"],
};

function yaml(text: string): Sources {
  return { file: parseConfig(text, "yaml") };
}

function faultsOf(sources: Sources): readonly Fault[] {
  try {
    compile(sources, names);
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults;
    throw error;
  }
  return [];
}

const providerA = "providers: { a: { protocols: { chat: 'https://a.example/v1' } } }\n";
const secret = "sk-0123456789abcdef";

describe("what is wrong is told with its path", () => {
  const cases: [string, string, string][] = [
    ["providrs: {}", "providrs", 'did you mean "providers"'],
    ["[1]", "", "must be an object"],
    ["providers: []", "providers", "must be an object"],
    ["providers: { a: }", "providers.a", "must be an object, not null"],
    ["providers: { a: {} }", "providers.a.protocols", "is required"],
    ["providers: { a: { protocols: {} } }", "providers.a.protocols", "at least one protocol"],
    ["providers: { a: { protocols: { chatt: 'http://x' } } }", "providers.a.protocols.chatt", 'did you mean "chat"'],
    ["providers: { a: { protocols: { chat: 'ftp://x' } } }", "providers.a.protocols.chat", "http or https URL"],
    ["providers: { a: { protocols: { chat: 'http://x?v=1' } } }", "providers.a.protocols.chat", "without query"],
    ["providers: { A: { protocols: { chat: 'http://x' } } }", "providers.A", "a-z 0-9"],
    ["providers: { demo: { protocols: { chat: 'http://x' } } }", "providers.demo", "built in"],
    ["providers: { a: { protocols: { chat: 'http://x' }, api_keey: x } }", "providers.a.api_keey", '"api_key"'],
    ["providers: { a: { protocols: { chat: 'http://x' }, auth: basic } }", "providers.a.auth", "bearer, x-api-key"],
    ["providers: { a: { protocols: { chat: 'http://x' }, timeout_s: 0 } }", "providers.a.timeout_s", "more than 0"],
    ["providers: { a: { protocols: { chat: 'http://x' }, enabled: 'no' } }", "providers.a.enabled", "true or false"],
    [
      "providers: { a: { protocols: { chat: 'http://x' }, max_concurrency: 1.5 } }",
      "providers.a.max_concurrency",
      "whole",
    ],
    [
      "providers: { a: { protocols: { chat: 'http://x' }, quirks: [nope] } }",
      "providers.a.quirks.0",
      "not a known quirk",
    ],
    ["providers: { a: { protocols: { chat: 'http://x' }, headers: { 'a b': x } } }", "providers.a.headers.a b", "name"],
    [
      "providers: { a: { protocols: { chat: 'http://x' }, headers: { a: \"x\\ny\" } } }",
      "providers.a.headers.a",
      "one line",
    ],
    [
      "providers: { a: { protocols: { chat: 'http://x' }, headers: { Host: x } } }",
      "providers.a.headers.Host",
      "Plexus itself",
    ],
    [
      "providers: { a: { protocols: { chat: 'http://x' }, api_key: { keep: abcd } } }",
      "providers.a.api_key",
      "none is stored",
    ],
    ["providers: { a: { protocols: { chat: 'http://x' }, models: [1] } }", "providers.a.models.0", "must be text"],
    [
      "providers: { a: { protocols: { chat: 'http://x' }, models: { m: { contxt: 1 } } } }",
      "providers.a.models.m.contxt",
      '"context"',
    ],
    [
      "providers: { a: { protocols: { chat: 'http://x' }, models: { m: { price: { input: -1 } } } } }",
      "providers.a.models.m.price.input",
      "0 or more",
    ],
    [
      "providers: { a: { protocols: { chat: 'http://x' }, models: { m: { protocols: [gemini] } } } }",
      "providers.a.models.m.protocols",
      '"gemini"',
    ],
    ["aliases: { x: {} }", "aliases.x.targets", "is required"],
    ["aliases: { x: { targets: [] } }", "aliases.x.targets", "at least one target"],
    ["aliases: { x: { targets: [nope/m] } }", "aliases.x.targets.0", 'no provider "nope"'],
    ["aliases: { x: { targets: [demmo/m] } }", "aliases.x.targets.0", 'did you mean "demo"'],
    ["aliases: { x: { targets: [demo] } }", "aliases.x.targets.0", "provider/model"],
    [
      "aliases: { x: { targets: [{ provider: demo, model: m, wieght: 2 }] } }",
      "aliases.x.targets.0.wieght",
      '"weight"',
    ],
    [
      "aliases: { x: { targets: [demo/m], groups: [{ targets: [demo/m] }] } }",
      "aliases.x.groups",
      "exclude each other",
    ],
    ["aliases: { x: { targets: [demo/m], selector: best } }", "aliases.x.selector", "in_order"],
    ["aliases: { x: { targets: [demo/m], also: [x] } }", "aliases.x.also.0", "already a name"],
    ["aliases: { x: { targets: [demo/m], also: [y] }, y: { targets: [demo/m] } }", "aliases.x.also.0", 'the alias "y"'],
    ['aliases: { "a\\u0007": { targets: [demo/m] } }', "aliases.a\u0007", "control character"],
    ["keys: { k: {} }", "keys.k.secret", "is required"],
    ["keys: { k: { secret: short } }", "keys.k.secret", "at least 16"],
    ["keys: { k: { secret: 'sk-0123456789:abcdef' } }", "keys.k.secret", "without a colon"],
    ["keys: { k: { secret: 'sk-0123456789 abcdef' } }", "keys.k.secret", "white space"],
    ["keys: { k: { secret: { keep: abcd } } }", "keys.k.secret", "none is stored"],
    [`keys: { k: { secret: ${secret}, quotas: [q] } }`, "keys.k.quotas.0", 'no quota "q"'],
    [`keys: { k: { secret: ${secret}, ips: [10.0.0.0/33] } }`, "keys.k.ips.0", "neither an IP address nor a network"],
    [`keys: { k: { secret: ${secret}, expires_at: soon } }`, "keys.k.expires_at", "date and time"],
    [`keys: { k: { secret: ${secret} }, l: { secret: ${secret} } }`, "keys.l.secret", 'of the key "k"'],
    ["quotas: { q: { unit: cost, limit: 0, window: daily } }", "quotas.q.limit", "more than 0"],
    ["quotas: { q: { unit: cost, limit: 1, window: hourly } }", "quotas.q.window", "rolling, daily"],
    ["quotas: { q: { unit: cost, limit: 1, window: daily, period: 5h } }", "quotas.q.period", "rolling window only"],
    ["quotas: { q: { unit: cost, limit: 1, window: rolling } }", "quotas.q.period", "is required"],
    ["quotas: { q: { unit: cost, limit: 1, window: rolling, period: 40d } }", "quotas.q.period", "30s to 31d"],
    ["mcp_servers: { d: { url: nope } }", "mcp_servers.d.url", "http or https"],
    ["settings: { heartbeat: 3 }", "settings.heartbeat", '"heartbeat_s"'],
    ["settings: { timezone: Mars/North }", "settings.timezone", "not a known time zone"],
    ["settings: { limits: { body_mb: big } }", "settings.limits.body_mb", "must be a number, not text"],
    ["settings: { trusted_proxies: [x] }", "settings.trusted_proxies.0", "neither"],
    ["settings: { cooldown: { initial_s: 10, max_s: 5 } }", "settings.cooldown.initial_s", "max_s"],
  ];
  test.each(cases)("%s", (text, path, words) => {
    const faults = faultsOf(yaml(text));
    expect(faults.map((fault) => fault.path)).toEqual([path]);
    expect(faults[0]?.message).toContain(words);
  });

  test("all faults come at once, with the ones that references left", () => {
    const text = "providers: { a: { protocols: { chat: x } }, b: { foo: 1 } }\naliases: { x: { targets: [a/m, c/m] } }";
    const found = [{ path: "keys.k.secret", message: "is not set" }];
    expect(() => compile(yaml(text), names, found)).toThrow(ConfigFaults);
    try {
      compile(yaml(text), names, found);
    } catch (error) {
      const paths = (error as ConfigFaults).faults.map((fault) => fault.path);
      expect(paths.sort()).toEqual([
        "aliases.x.targets.1",
        "keys.k.secret",
        "providers.a.protocols.chat",
        "providers.b.foo",
        "providers.b.protocols",
      ]);
      expect((error as ConfigFaults).message).toContain("providers.b.foo: is not a known field");
    }
  });

  test("text that is no YAML or JSON is one fault", () => {
    expect(() => parseConfig("a: [1", "yaml")).toThrow("not valid YAML");
    expect(() => parseConfig("{", "json")).toThrow("not valid JSON");
    expect(parseConfig("", "yaml")).toEqual({});
    expect(parseConfig("\uFEFF{}", "json")).toEqual({});
  });
});

describe("a snapshot", () => {
  test("of nothing has the built-in provider and its alias, and every default", () => {
    const snapshot = compile({}, names);
    expect(snapshot.providers.get("demo")?.protocols.map(({ name }) => name)).toEqual(["messages", "chat"]);
    expect(snapshot.aliases.get("demo")?.groups[0]?.targets).toEqual([
      { provider: "demo", model: "demo", weight: 1, enabled: true },
    ]);
    expect(snapshot.settings).toMatchObject({
      timeouts: { requestMs: 600_000, connectMs: 10_000, idleMs: 120_000 },
      failover: { enabled: true, maxAttempts: 5 },
      limits: { bodyBytes: 100 * 1024 * 1024, headerBytes: 64 * 1024 },
      media: { fetch: true, maxBytes: 20 * 1024 * 1024, allowPrivate: false },
      heartbeatMs: 15_000,
      cooldown: { initialMs: 120_000, maxMs: 18_000_000, probeMs: 900_000, onTimeout: false },
      usage: { retentionMs: 400 * 86_400_000 },
      timezone: "UTC",
    });
    expect(snapshot.warnings).toEqual([]);
  });

  test("drops the alias demo when a provider is configured, and yields it to a configured one", () => {
    expect(compile(yaml(providerA), names).aliases.has("demo")).toBe(false);
    const own = compile(yaml("aliases: { mine: { targets: [demo/x], also: [demo] } }"), names);
    expect(own.aliases.get("demo")?.name).toBe("mine");
  });

  test("keeps the order of protocols and models, and strips slashes from base URLs", () => {
    const text = "providers: { a: { protocols: { messages: 'https://x/v1/', chat: 'https://y' }, models: [b, a] } }";
    const provider = compile(yaml(text), names).providers.get("a")!;
    expect(provider.protocols).toEqual([
      { name: "messages", baseUrl: "https://x/v1" },
      { name: "chat", baseUrl: "https://y" },
    ]);
    expect([...provider.models.keys()]).toEqual(["b", "a"]);
    expect(provider.models.get("b")).toMatchObject({ price: null, vision: null, context: null });
    expect("auth" in provider).toBe(false);
  });

  test("finds an alias under all its names, always in groups", () => {
    const text = `${providerA}aliases:
  x: { also: [y], selector: in_order, targets: [a/m/n, { provider: demo, model: d, weight: 3, enabled: false }] }
  z: { selector: in_order, groups: [{ name: first, targets: [a/m] }, { selector: random, targets: [demo/d] }] }`;
    const { aliases } = compile(yaml(text), names);
    expect(aliases.get("y")).toBe(aliases.get("x")!);
    expect(aliases.get("x")?.groups).toEqual([
      {
        name: "default",
        selector: "in_order",
        targets: [
          { provider: "a", model: "m/n", weight: 1, enabled: true },
          { provider: "demo", model: "d", weight: 3, enabled: false },
        ],
      },
    ]);
    expect(aliases.get("z")?.groups.map(({ name, selector }) => [name, selector])).toEqual([
      ["first", "in_order"],
      ["group-2", "random"],
    ]);
  });

  test("holds the hashes of secrets, and the allow-list under all names of an alias", () => {
    const text = `aliases: { x: { targets: [demo/m], also: [y] } }
keys:
  k: { secret: ${secret}, aliases: [y, demo/m], previous: { secret: sk-previous-0123456789, until: 2030-01-01 } }`;
    const snapshot = compile(yaml(text), names);
    const key = snapshot.keys.get("k")!;
    expect(snapshot.keysByHash.get(sha256Hex(secret))).toEqual({ key, until: null });
    expect(snapshot.keysByHash.get(sha256Hex("sk-previous-0123456789"))?.until).toBe(Date.UTC(2030, 0, 1));
    expect([...key.aliases!].sort()).toEqual(["demo/m", "x", "y"]);
    expect(key.last4).toBe("cdef");
    expect(JSON.stringify(key)).not.toContain(secret);
    expect(snapshot.secrets).toContain(secret);
  });

  test("cannot be changed", () => {
    const snapshot = compile(yaml(providerA), names);
    expect(() => (snapshot.providers as Map<string, unknown>).set("x", 1)).toThrow("frozen");
    expect(() => (snapshot.providers as Map<string, unknown>).delete("a")).toThrow("frozen");
    expect(() => Object.assign(snapshot.settings.timeouts, { idleMs: 1 })).toThrow();
    expect(() => (snapshot.providers.get("a")!.protocols as unknown[]).push(1)).toThrow();
  });

  test("warns of what is accepted and not in force", () => {
    const text = `${providerA}aliases: { x: { targets: [a/m], selector: cost, sticky: true, vision_fallthrough: true } }
quotas: { q: { unit: cost, limit: 1, window: daily } }
keys: { k: { secret: ${secret}, quotas: [q], aliases: [gone], allow_raw: true } }
mcp_servers: { d: { url: "https://d.example" } }`;
    expect(
      compile(yaml(text), names)
        .warnings.map((warning) => warning.path)
        .sort(),
    ).toEqual(["aliases.x.vision_fallthrough", "keys.k.aliases.0", "keys.k.allow_raw", "mcp_servers.d"]);
  });
});

describe("file and database", () => {
  const hashed = { hash: sha256Hex("sk-of-the-database-1"), last4: "se-1" };
  const database = {
    providers: {
      a: { protocols: { chat: "https://db.example" }, api_key: "from-the-database" },
      b: { protocols: { chat: "https://b.example" } },
    },
    keys: { k: { secret: hashed } },
    settings: { heartbeat_s: 20, failover: { max_attempts: 9, enabled: false } },
  };

  test("the file's entity wins whole, the database's others stay", () => {
    const snapshot = compile({ ...yaml(providerA), database, version: 7 }, names);
    expect(snapshot.version).toBe(7);
    expect(snapshot.providers.get("a")).toMatchObject({
      origin: "file",
      protocols: [{ baseUrl: "https://a.example/v1" }],
    });
    expect(snapshot.providers.get("a")?.apiKey).toBeUndefined();
    expect(snapshot.providers.get("b")?.origin).toBe("database");
    expect(snapshot.keysByHash.get(hashed.hash)?.key).toMatchObject({ name: "k", origin: "database", last4: "se-1" });
  });

  test("settings merge field by field", () => {
    const { settings } = compile({ ...yaml("settings: { failover: { enabled: true } }"), database }, names);
    expect(settings.failover).toEqual({ enabled: true, maxAttempts: 9 });
    expect(settings.heartbeatMs).toBe(20_000);
  });

  test("a kept secret is the database's", () => {
    const text =
      "providers: { a: { protocols: { chat: 'https://a' }, api_key: { keep: base } } }\nkeys: { k: { secret: { keep: se-1 } } }";
    const snapshot = compile({ ...yaml(text), database }, names);
    expect(snapshot.providers.get("a")?.apiKey).toBe("from-the-database");
    expect(snapshot.keysByHash.get(hashed.hash)?.key.origin).toBe("file");
  });
});

test("the live configuration swaps as one reference and tells who listens", () => {
  const first = compile({}, names);
  const next = compile(yaml(providerA), names);
  const live = createLiveConfig(first);
  const told: unknown[] = [];
  const stop = live.listen((now, before) => told.push([now, before]));
  live.swap(next);
  stop();
  live.swap(first);
  expect(told).toEqual([[next, first]]);
  expect(live.current()).toBe(first);
});

test("secrets in a query and in a proxy's address are known for redaction", () => {
  const text =
    "{ protocols: { chat: 'http://x' }, query: { token: query-secret, v: harmless-text }, proxy: 'http://u:proxy-secret@p' }";
  const { secrets, providers } = compile(yaml(`providers: { a: ${text} }`), names);
  expect([...secrets].sort()).toEqual(["proxy-secret", "query-secret"]);
  expect(providers.get("a")?.query).toEqual({ token: "query-secret", v: "harmless-text" });
  expect(() =>
    compile(yaml("providers: { a: { protocols: { chat: 'http://x' }, proxy: { keep: '' } } }"), names),
  ).toThrow("providers.a.proxy: says to keep a stored secret");
});

test("the published schema knows the fields and only standard words", () => {
  const schema = JSON.stringify(buildJsonSchema());
  expect(schema).toContain("https://json-schema.org/draft/2020-12/schema");
  expect(schema).not.toContain('"expects"');
  for (const field of ["vision_fallthrough", "cache_write_1h", "trusted_proxies", "reveal_target", "unpriced"]) {
    expect(schema).toContain(`"${field}"`);
  }
});

/** Trying out a provider: each usual mistake is told in words, with what to change and where. */
import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../src/config/compile.ts";
import { createLiveConfig } from "../../src/config/live.ts";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { createTrials } from "../../src/gateway/trial/trial.ts";
import { createPriceOf } from "../../src/metering/pricing.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Trial } from "../../src/model/trial.ts";
import { embeddingWires, protocols } from "../../src/protocols/index.ts";
import { fetchTransport } from "../../src/providers/call.ts";
import { createTargetFacts } from "../../src/providers/facts.ts";

const names = { protocols: protocols.map(({ name }) => name), quirks: [], demoProtocols: ["chat"] };
const snapshotOf = (provider: unknown) => compile({ file: { providers: { up: provider } } }, names);
const gateway = {
  ...{ protocols, embeddingWires, config: createLiveConfig(compile({}, names)), transport: () => fetchTransport },
  targetFacts: createTargetFacts(createPriceOf(() => null)),
} as unknown as Gateway;
const runTrial = createTrials({ gateway, compile: async (_name, value) => snapshotOf(value) });
const key = "up-secret-0123456789";

type Answering = (request: Request) => Response | Promise<Response>;
const servers: { stop(isNow: boolean): unknown }[] = [];
afterAll(() => Promise.all(servers.map((server) => server.stop(true))));

function serve(fetch: Answering, more: object = {}): string {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch, ...more });
  servers.push(server);
  return `127.0.0.1:${server.port}`;
}

function tryOut(baseUrl: string, more: JsonObject = {}, models?: string[]): Promise<Trial> {
  const value = { protocols: { chat: baseUrl }, api_key: key, ...more };
  return runTrial({ name: "up", value, ...(models ? { models } : {}) });
}

function stage({ stages }: Trial, name: string) {
  const found = stages.find((one) => one.name === name);
  if (!found) throw new Error(`no stage ${name} in ${JSON.stringify(stages)}`);
  return found;
}

const list = (...ids: string[]) => Response.json({ object: "list", data: ids.map((id) => ({ id, object: "model" })) });
const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
const said = Response.json.bind(null, {
  ...{ id: "c1", object: "chat.completion", created: 1, model: "m", usage },
  choices: [{ index: 0, message: { role: "assistant", content: "OK" }, finish_reason: "stop" }],
});
const refused = (status: number, message: string, type = "invalid_request_error") =>
  Response.json({ error: { message, type, param: null, code: null } }, { status });

test("a good provider is told as such: network, key, models, one answer with its cost", async () => {
  const seen: string[] = [];
  const host = serve(async (request) => {
    seen.push(`${request.method} ${new URL(request.url).pathname} ${request.headers.get("authorization")}`);
    return request.method === "GET" ? list("m", "n") : said();
  });
  const models = { m: { price: { input: 10, output: 100 } } };
  const trial = await tryOut(`http://${host}/v1`, { models });
  expect(trial.isFine).toBe(true);
  expect(trial.stages.map(({ name, result }) => `${name} ${result}`)).toEqual([
    ...["dns skipped", "connect ok", "tls skipped", "key ok", "models ok", "answer ok"],
  ]);
  expect(stage(trial, "answer")).toMatchObject({ target: "m", protocol: "chat", costNano: 9 * 10_000 + 2 * 100_000 });
  expect(stage(trial, "connect").ms).toBeGreaterThan(0);
  expect(trial.models?.map(({ id, state }) => `${id} ${state}`)).toEqual(["m same", "n new"]);
  expect(seen).toEqual([`GET /v1/models Bearer ${key}`, `POST /v1/chat/completions Bearer ${key}`]);
});

const mistakes: [string, Answering, { stage: string; words: RegExp; fix: RegExp; field: string | null }][] = [
  [
    "a wrong key",
    () => refused(401, `Incorrect API key provided: ${key}`),
    { stage: "key", words: /does not accept the key \(401\)/, fix: /Copy the whole key/, field: "api_key" },
  ],
  [
    "a key that may not",
    () => refused(403, "Country not supported"),
    {
      stage: "key",
      words: /not allowed to it \(403\).*Country not supported/,
      fix: /what this key may do/,
      field: "api_key",
    },
  ],
  [
    "no list of models",
    (request) => (request.method === "GET" ? refused(404, "Not found") : said()),
    { stage: "models", words: /no list of models/, fix: /by hand/, field: "protocols.chat" },
  ],
  [
    "too many requests",
    () => refused(429, "Slow down", "rate_limit_error"),
    { stage: "models", words: /no more requests for now \(429\)/, fix: /key is accepted/, field: null },
  ],
  [
    "a list that is none",
    () => Response.json({ hello: "world" }),
    { stage: "models", words: /no list of models/, fix: /protocol/, field: "protocols.chat" },
  ],
  [
    "an empty list",
    () => list(),
    { stage: "models", words: /^0 models returned/, fix: /Nothing is removed/, field: null },
  ],
  [
    "a failing server",
    () => new Response("oops", { status: 503 }),
    { stage: "models", words: /provider failed \(503\)/, fix: /later/, field: null },
  ],
  [
    "a redirect",
    () => new Response(null, { status: 301, headers: { location: "https://elsewhere.example/v1" } }),
    { stage: "models", words: /redirects \(301\) to https:\/\/elsewhere/, fix: /leads to/, field: "protocols.chat" },
  ],
];

test.each(mistakes)("%s", async (_name, answering, wanted) => {
  const trial = await tryOut(`http://${serve(answering)}/v1`, {}, ["m"]);
  const found = stage(trial, wanted.stage);
  expect(found.words).toMatch(wanted.words);
  expect(found.fix).toMatch(wanted.fix);
  expect(found.field).toBe(wanted.field);
  expect(JSON.stringify(trial)).not.toContain(key);
});

test("a web page asks whether the version is missing, and only where it is", async () => {
  const page = () => new Response("<!doctype html><p>Welcome", { headers: { "content-type": "text/html" } });
  const host = serve(page);
  const bare = stage(await tryOut(`http://${host}`), "models");
  expect([bare.result, bare.words]).toEqual(["failed", expect.stringContaining("is /v1 missing?")]);
  expect(bare.body).toContain("Welcome");
  expect(stage(await tryOut(`http://${host}/v1`), "models").words).not.toContain("/v1 missing");
});

test("of a long body the first two KB are told", async () => {
  const trial = await tryOut(`http://${serve(() => new Response("x".repeat(9000), { status: 500 }))}/v1`);
  expect(stage(trial, "models").body).toBe("x".repeat(2048));
});

describe("the network", () => {
  test("a name without address", async () => {
    const trial = await tryOut("http://nowhere.invalid/v1");
    expect(trial.stages).toHaveLength(1);
    expect(stage(trial, "dns")).toMatchObject({ result: "failed", field: "protocols.chat" });
    expect(stage(trial, "dns").words).toContain("nowhere.invalid:80 has no address");
  });

  test("a port where nothing listens", async () => {
    const host = serve(() => new Response());
    await servers.pop()?.stop(true);
    const found = stage(await tryOut(`http://${host}/v1`), "connect");
    expect(found.words).toContain("connection was refused");
    expect(found.fix).toContain("Start the server");
  });

  test("TLS where there is none, and a certificate of nobody", async () => {
    const plain = serve(() => new Response());
    const found = stage(await tryOut(`https://${plain}/v1`), "tls");
    expect([found.words, found.fix]).toEqual([
      expect.stringContaining("not speak TLS"),
      expect.stringContaining("http://"),
    ]);
    if (Bun.which("openssl") === null) return console.log("skipped: no openssl to make a certificate with");
    const secret = serve(() => new Response(), certificate());
    expect(stage(await tryOut(`https://${secret}/v1`), "tls").words).toContain("nobody whom this machine knows");
  });

  test.each(["http://169.254.169.254/latest", "http://[fe80::1]/v1", "http://[::ffff:169.254.169.254]/v1"])(
    "%s is not called",
    async (url) => {
      const trial = await tryOut(url);
      expect(trial.stages).toHaveLength(1);
      expect(stage(trial, "dns").words).toContain("own link");
    },
  );

  test("a proxy is asked in the provider's place", async () => {
    const seen: string[] = [];
    const proxy = serve((request) => {
      seen.push(request.url);
      return list("m");
    });
    const trial = await tryOut("http://far.invalid/v1", { proxy: `http://${proxy}` });
    expect(stage(trial, "connect").target).toBe(proxy);
    expect(stage(trial, "models").result).toBe("ok");
    expect(seen[0]).toContain("far.invalid/v1/models");
    const refused = await tryOut("http://far.invalid/v1", { proxy: "http://nowhere.invalid:3128" });
    expect(stage(refused, "dns").field).toBe("proxy");
  });
});

function certificate(): object {
  const folder = mkdtempSync(join(tmpdir(), "plexus-test-"));
  const [keyPath, path] = [join(folder, "key"), join(folder, "certificate")];
  const asked = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"];
  const { status } = spawnSync("openssl", [...asked, "-keyout", keyPath, "-out", path], { stdio: "ignore" });
  if (status !== 0) throw new Error("openssl could not make a certificate");
  const tls = { key: readFileSync(keyPath, "utf8"), cert: readFileSync(path, "utf8") };
  rmSync(folder, { recursive: true });
  return { tls };
}

describe("every protocol has its own list", () => {
  test("Messages, in pages", async () => {
    const seen: string[] = [];
    const host = serve((request) => {
      const { searchParams } = new URL(request.url);
      seen.push(`${request.headers.get("x-api-key")} ${request.headers.get("anthropic-version")}`);
      const isFirst = !searchParams.has("after_id");
      const data = [{ type: "model", id: isFirst ? "one" : "two", created_at: "2026-01-02T00:00:00Z" }];
      return Response.json({ data, has_more: isFirst, first_id: "one", last_id: "one" });
    });
    const value = { protocols: { messages: `http://${host}/v1` }, api_key: key };
    const { models } = await runTrial({ name: "up", value });
    expect(models?.map(({ id }) => id)).toEqual(["one", "two"]);
    expect(seen.slice(0, 2)).toEqual([`${key} 2023-06-01`, `${key} 2023-06-01`]);
  });

  test("Gemini, without what makes no conversation", async () => {
    const asked: string[] = [];
    const host = serve((request) => {
      const { pathname } = new URL(request.url);
      if (request.method === "POST") asked.push(pathname);
      const model = (name: string, method: string) => ({
        ...{ name: `models/${name}`, inputTokenLimit: 4096, supportedGenerationMethods: [method] },
      });
      return Response.json({ models: [model("embed", "embedContent"), model("talk", "generateContent")] });
    });
    const trial = await runTrial({
      name: "up",
      value: { protocols: { gemini: `http://${host}/v1beta` }, api_key: key },
    });
    expect(trial.models?.map(({ id, context }) => [id, context])).toEqual([
      ["embed", 4096],
      ["talk", 4096],
    ]);
    expect(asked).toEqual(["/v1beta/models/talk:generateContent"]);
  });

  test("where the first protocol has none, the next one is asked", async () => {
    const host = serve(({ url, method }) => {
      if (method === "POST") return refused(500, "no");
      return new URL(url).pathname === "/v1/models" ? list("m") : refused(404, "no");
    });
    const value = { protocols: { messages: `http://${host}/anthropic/v1`, chat: `http://${host}/v1` }, api_key: key };
    const trial = await runTrial({ name: "up", value });
    expect(trial.stages.filter(({ name }) => name === "models").map(({ result }) => result)).toEqual(["warning", "ok"]);
    expect(trial.models?.map(({ id }) => id)).toEqual(["m"]);
  });
});

test("what is configured is compared: new, gone, changed", async () => {
  const data = [{ id: "same" }, { id: "grown", context_length: 200 }, { id: "new", context_length: 5 }];
  const host = serve(({ method }) => (method === "GET" ? Response.json({ data }) : said()));
  const models = { same: {}, grown: { context: 100 }, lost: { price: { input: 1, output: 2 } } };
  const trial = await tryOut(`http://${host}/v1`, { models });
  expect(trial.models?.map(({ id, state, changes, price }) => ({ id, state, changes, price }))).toEqual([
    { id: "same", state: "same", changes: [], price: null },
    { id: "grown", state: "changed", changes: [{ field: "context", before: 100, after: 200 }], price: null },
    { id: "new", state: "new", changes: [], price: null },
    { id: "lost", state: "gone", changes: [], price: { input: 1, output: 2 } },
  ]);
});

test("an empty list takes no configured model for gone", async () => {
  const host = serve(({ method }) => (method === "GET" ? list() : said()));
  const trial = await tryOut(`http://${host}/v1`, { models: { m: {} } });
  expect([trial.models, stage(trial, "models").words]).toEqual([[], "0 models returned."]);
});

test("a list that has no end is read as far as pages go, and takes none for gone", async () => {
  let pages = 0;
  const host = serve(({ method }) => {
    if (method === "POST") return refused(500, "no");
    const id = `page-${++pages}`;
    return Response.json({ data: [{ id }], has_more: true, last_id: id });
  });
  const value = { protocols: { messages: `http://${host}/v1` }, api_key: key, models: { mine: {} } };
  const { models } = await runTrial({ name: "up", value });
  expect([pages, models?.length, models?.some(({ state }) => state === "gone")]).toEqual([10, 10, false]);
});

test("at most four at once", async () => {
  const host = serve(async () => {
    await Bun.sleep(200);
    return list("m");
  });
  const tried = await Promise.allSettled(Array.from({ length: 6 }, () => tryOut(`http://${host}/v1`)));
  expect(tried.filter(({ status }) => status === "rejected")).toHaveLength(2);
});

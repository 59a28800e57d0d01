/** Embeddings over the compiled binary: what every request is held to, at both doors and with both kinds of provider. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { clientKey, openStage, type Stage, until, upstreamKey } from "./stage.ts";

const openaiDoor = "/v1/embeddings";
const one = (model: string) => `/v1beta/models/${model}:embedContent`;
const many = (model: string) => `/v1/models/${model}:batchEmbedContents`;
const narrowKey = "sk-narrow-0123456789abcdef";
const singleKey = "sk-single-0123456789abcdef";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage((url) => {
    const openai = { protocols: { embeddings: `${url}/v1` }, api_key: upstreamKey, cooldown: false };
    const google = { protocols: { gemini: `${url}/v1beta` }, api_key: upstreamKey, cooldown: false };
    return {
      providers: {
        openai,
        google,
        both: { protocols: { gemini: `${url}/v1beta`, embeddings: `${url}/v1` }, api_key: upstreamKey },
        compatible: {
          protocols: { chat: `${url}/v1`, embeddings: `${url}/v1` },
          api_key: upstreamKey,
          models: { "talks-only": { protocols: ["chat"] } },
        },
        laden: {
          ...openai,
          headers: { "x-extra": "always" },
          query: { "api-version": "2027-01-01" },
          body: { truncate: "END" },
          models: { "laden-model": { body: { user: "configured" } } },
        },
        brief: { ...openai, timeout_s: 0.3 },
        refused: { protocols: { embeddings: "http://127.0.0.1:1/v1" }, api_key: "x" },
      },
      aliases: {
        "named-openai": { targets: ["openai/their-openai"] },
        "named-google": { targets: ["google/their-google"] },
        "with-body": { targets: ["laden/laden-model"], body: { dimensions: 3 } },
        hidden: { selector: "in_order", targets: ["openai/hides-an-error", "google/after-hidden"] },
        short: { selector: "in_order", targets: ["openai/too-short", "google/after-short"] },
        late: { selector: "in_order", targets: ["brief/never-answers", "openai/after-late"] },
        unreachable: { selector: "in_order", targets: ["refused/any", "openai/after-refused"] },
        tokens: { selector: "in_order", targets: ["google/no-tokens", "openai/takes-tokens"] },
        media: { selector: "in_order", targets: ["openai/no-media", "google/takes-media"] },
        lengths: { selector: "in_order", targets: ["openai/one-length", "google/many-lengths"] },
        matched: { selector: "in_order", priority: "api_match", targets: ["openai/other", "google/matching"] },
      },
      keys: {
        narrow: { secret: narrowKey, aliases: ["named-openai"], reveal_target: false },
        single: { secret: singleKey, max_concurrency: 1 },
      },
    };
  });
});
afterAll(() => stage.stop());

interface Asking {
  key?: string | null;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

function send(path: string, body: JsonObject | string, { key = clientKey, headers = {}, signal }: Asking = {}) {
  return fetch(stage.plexus.url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}

const json = async (response: Response) => (await response.json()) as JsonObject;
const rowOf = (response: Response) => stage.plexus.row(response.headers.get("x-request-id"));
const content = (text: string): JsonObject => ({ content: { parts: [{ text }] } });

function openaiAnswer(...embeddings: (number[] | string)[]): JsonObject {
  const data = embeddings.map((embedding, index) => ({ object: "embedding", index, embedding }));
  return { object: "list", data, model: "their-own-name", usage: { prompt_tokens: 5, total_tokens: 5 } };
}

const googleAnswer = (...vectors: number[][]): JsonObject => ({ embeddings: vectors.map((values) => ({ values })) });

describe("to a provider of the client's own form", () => {
  const odd = (model: string) =>
    `{\r\n "zeta" : [1.0, 12345678901234567890],  "input":\t["a \\u00e9", "\\"model\\":\\"x\\""], "model"  : "${model}",\r\n "dimensions": 3.0 }\r\n`;

  test("the bytes cross but for the model's name, and so do the answer's", async () => {
    const answer = `{ "object":"list", "model" :"their-own-name",  "data":[{"embedding":"AACAPw==","index":0,"é":1.0}], "usage":{"prompt_tokens":5,"total_tokens":5} }`;
    stage.upstream.on("their-openai", (visit) =>
      visit.answer(200, answer, { "x-vendor": "kept", "x-ratelimit-limit": "9" }),
    );
    const response = await send(openaiDoor, odd("named-openai"));
    expect(await response.text()).toBe(answer.replace("their-own-name", "named-openai"));
    const visit = stage.upstream.visits("their-openai").at(-1);
    expect([visit?.method, visit?.path, visit?.body]).toEqual(["POST", "/v1/embeddings", odd("their-openai")]);
    expect(visit?.headers.authorization).toBe(`Bearer ${upstreamKey}`);
    expect(response.headers.get("x-vendor")).toBe("kept");
    expect(response.headers.get("x-ratelimit-limit")).toBeNull();
    expect(await rowOf(response)).toMatchObject({
      ...{ protocol: "embeddings", model: "named-openai", alias: "named-openai", target: "openai/their-openai" },
      tokens: { input: 5, estimated: false },
    });
  });

  test("a large body is looked at in its structure only", async () => {
    const input = JSON.stringify(Array.from({ length: 2000 }, (_, at) => `text ${at} ${"x".repeat(50)}`));
    const body = (model: string) => `{"input":${input},"n":1.0,"model":"${model}"}`;
    stage.upstream.on("their-openai", (visit) => visit.answer(200, openaiAnswer([1])));
    const response = await send(openaiDoor, body("named-openai"));
    expect(response.status).toBe(200);
    expect(stage.upstream.visits("their-openai").at(-1)?.body === body("their-openai")).toBe(true);
  });

  test("a batch of Google's keeps each request's own task, and unknown fields", async () => {
    stage.upstream.on("their-google", (visit) => visit.answer(200, googleAnswer([1], [2])));
    const requests = (model: string) => [
      { model, taskType: "CLUSTERING", future: 1, ...content("a") },
      {
        taskType: "RETRIEVAL_QUERY",
        outputDimensionality: 8,
        model,
        content: { parts: [{ inlineData: { data: "x" } }] },
      },
    ];
    const response = await send(many("named-google"), { requests: requests("models/named-google") });
    expect(await json(response)).toEqual(googleAnswer([1], [2]));
    const visit = stage.upstream.visits("their-google").at(-1);
    expect(visit?.path).toBe("/v1beta/models/their-google:batchEmbedContents");
    expect(visit?.body).toBe(JSON.stringify({ requests: requests("models/their-google") }));
    expect(visit?.headers["x-goog-api-key"]).toBe(upstreamKey);
    const row = await rowOf(response);
    expect(row).toMatchObject({ protocol: "gemini", tokens: { estimated: true } });
  });

  test("one content of Google's goes as it came", async () => {
    const answer = `{"embedding": {"values": [0.10, 2e-3]}}`;
    stage.upstream.on("their-google", (visit) => visit.answer(200, answer));
    const body = `{"content":{"parts":[{"text":"a"}]},  "outputDimensionality":2.0}`;
    const response = await send(one("named-google"), body);
    expect(await response.text()).toBe(answer);
    expect(stage.upstream.visits("their-google").at(-1)?.body).toBe(body);
    expect(response.headers.get("x-plexus-degraded")).toBeNull();
  });

  test("configured headers, query and fields go along", async () => {
    stage.upstream.on("laden-model", (visit) => visit.answer(200, openaiAnswer([1])));
    await send(openaiDoor, { model: "with-body", input: "a" });
    const visit = stage.upstream.visits("laden-model").at(-1);
    expect(visit?.json).toEqual({
      model: "laden-model",
      input: "a",
      truncate: "END",
      user: "configured",
      dimensions: 3,
    });
    expect([visit?.path, visit?.headers["x-extra"]]).toEqual(["/v1/embeddings?api-version=2027-01-01", "always"]);
    await send(one("with-body"), content("a"));
    const translated = stage.upstream.visits("laden-model").at(-1);
    expect(translated?.json).toEqual(visit?.json ?? {});
    expect(translated?.path).toBe("/v1/embeddings?api-version=2027-01-01");
  });
});

describe("between the two forms", () => {
  test("base64 is made of numbers, and numbers of base64", async () => {
    stage.upstream.on("numbers", (visit) => visit.answer(200, googleAnswer([1], [-2.5])));
    const asked = { model: "google/numbers", input: ["a", "b"], encoding_format: "base64" };
    const encoded = await json(await send(openaiDoor, asked));
    expect(encoded.data).toMatchObject([{ embedding: "AACAPw==" }, { embedding: "AAAgwA==" }]);
    expect(encoded.model).toBe("google/numbers");
    stage.upstream.on("texts", (visit) => visit.answer(200, openaiAnswer("AACAPw==", "AAAgwA==")));
    const requests = [content("a"), content("b")];
    const numbers = await json(await send(many("openai%2Ftexts"), { requests }));
    expect(numbers).toMatchObject({ embeddings: [{ values: [1] }, { values: [-2.5] }] });
  });

  test("what is lost is told, in the header and in the row", async () => {
    stage.upstream.on("lossy", (visit) => visit.answer(200, openaiAnswer([1])));
    const asked = { ...content("a"), taskType: "CLUSTERING", title: "T" };
    const response = await send(one("openai/lossy"), asked);
    expect(response.headers.get("x-plexus-degraded")).toBe("dropped taskType, dropped title");
    expect(await json(response)).toEqual({ embedding: { values: [1] }, usageMetadata: { promptTokenCount: 5 } });
    expect(await rowOf(response)).toMatchObject({
      degraded: [
        { action: "dropped", field: "taskType" },
        { action: "dropped", field: "title" },
      ],
    });
  });

  test("what nobody counted is estimated, the same for the client and the row", async () => {
    stage.upstream.on("uncounted", (visit) => visit.answer(200, { embedding: { values: [1] } }));
    const response = await send(openaiDoor, { model: "google/uncounted", input: "x".repeat(4000), user: "u" });
    expect(response.headers.get("x-plexus-degraded")).toBe("dropped user, estimated usage.prompt_tokens");
    const { usage } = (await json(response)) as { usage: { prompt_tokens: number; total_tokens: number } };
    expect(usage.prompt_tokens).toBeGreaterThan(900);
    expect(usage.total_tokens).toBe(usage.prompt_tokens);
    expect(await rowOf(response)).toMatchObject({ tokens: { input: usage.prompt_tokens, output: 0, estimated: true } });
  });

  test("what one provider cannot take goes to one that can", async () => {
    stage.upstream.on("takes-tokens", (visit) => visit.answer(200, openaiAnswer([1])));
    const tokens = await send(openaiDoor, { model: "tokens", input: [1, 2, 3] });
    expect([tokens.status, tokens.headers.get("x-plexus-target")]).toEqual([200, "openai/takes-tokens"]);
    stage.upstream.on("takes-media", (visit) => visit.answer(200, { embedding: { values: [1] } }));
    const media = await send(one("media"), {
      content: { parts: [{ inlineData: { mimeType: "image/png", data: "x" } }] },
    });
    expect([media.status, media.headers.get("x-plexus-target")]).toEqual([200, "google/takes-media"]);
    stage.upstream.on("many-lengths", (visit) => visit.answer(200, googleAnswer([1], [1, 2])));
    const requests = [content("a"), { ...content("b"), outputDimensionality: 2 }];
    const lengths = await send(many("lengths"), { requests });
    expect([lengths.status, lengths.headers.get("x-plexus-target")]).toEqual([200, "google/many-lengths"]);
  });

  test("what no provider can take is refused by the client's own name of it", async () => {
    const tokens = await send(openaiDoor, { model: "google/x", input: [[1], [2]] });
    expect([tokens.status, (await json(tokens)).error]).toEqual([
      400,
      {
        message: "input.0: this model's provider takes texts only, no tokens. Send the text itself",
        ...{ type: "invalid_request_error", param: "input.0", code: "unsupported_parameter" },
      },
    ]);
    const requests = [content("a"), { ...content("b"), outputDimensionality: 2 }];
    const lengths = await json(await send(many("openai/x"), { requests }));
    expect(lengths.error).toMatchObject({
      ...{ code: 400, status: "INVALID_ARGUMENT" },
      message: expect.stringContaining("requests.1.outputDimensionality: "),
    });
  });
});

describe("the provider's wire", () => {
  test("is the one for embeddings alone where there is one, else Google's", async () => {
    stage.upstream.on("two-wires", (visit) => visit.answer(200, openaiAnswer([1])));
    for (const [path, body] of [
      [one("both/two-wires"), content("a")],
      [openaiDoor, { model: "both/two-wires", input: "a" }],
    ] as const) {
      expect((await send(path, body)).status).toBe(200);
      expect(stage.upstream.visits("two-wires").at(-1)?.path).toBe("/v1/embeddings");
    }
    stage.upstream.on("besides-chat", (visit) => visit.answer(200, openaiAnswer([1])));
    expect((await send(openaiDoor, { model: "compatible/besides-chat", input: "a" })).status).toBe(200);
  });

  test("is none of a conversation's: such a provider is told to be unable", async () => {
    for (const model of ["chat/any", "messages/any", "compatible/talks-only"]) {
      const response = await send(openaiDoor, { model, input: "a" });
      expect([response.status, (await json(response)).error]).toMatchObject([400, { param: "model" }]);
      expect(response.headers.get("x-plexus-attempts")).toBeNull();
    }
    const talk = await stage.send({ body: { model: "openai/any", messages: [{ role: "user", content: "Hi" }] } });
    expect(talk.status).toBe(400);
  });

  test("of the client's own form goes first with api_match", async () => {
    stage.upstream.on("matching", (visit) => visit.answer(200, { embedding: { values: [1] } }));
    const response = await send(one("matched"), content("a"));
    expect(response.headers.get("x-plexus-target")).toBe("google/matching");
  });
});

describe("the next target is tried", () => {
  const after = (model: string) => stage.upstream.on(model, (visit) => visit.answer(200, googleAnswer([1], [2])));
  const ask = (model: string) => send(openaiDoor, { model, input: ["a", "b"] });

  test("when an error hides in an answer with status 200", async () => {
    const hidden = { error: { message: "Too many requests", code: "rate_limit_exceeded" } };
    stage.upstream.on("hides-an-error", (visit) => visit.answer(200, hidden));
    after("after-hidden");
    const response = await ask("hidden");
    expect(await json(response)).toMatchObject({ data: [{ embedding: [1] }, { embedding: [2] }] });
    expect(await rowOf(response)).toMatchObject({ attempts: 2, errors: [{ code: "rate-limited" }] });
  });

  test("when the answer is none, whatever it is", async () => {
    after("after-short");
    for (const broken of ["", "no", "[]", '{"data":5}', '{"object":"list"}', '{"data":[{"emb']) {
      stage.upstream.on("too-short", (visit) => visit.answer(200, broken));
      const response = await ask("short");
      expect([response.status, response.headers.get("x-plexus-target")]).toEqual([200, "google/after-short"]);
      expect(await rowOf(response)).toMatchObject({ errors: [{ code: "upstream-failed" }] });
    }
  });

  test("when the provider does not answer in time, or cannot be reached", async () => {
    stage.upstream.on("never-answers", () => undefined);
    for (const [model, code] of [
      ["late", "upstream-timeout"],
      ["unreachable", "upstream-unreachable"],
    ] as const) {
      stage.upstream.on(model === "late" ? "after-late" : "after-refused", (visit) =>
        visit.answer(200, openaiAnswer([1], [2])),
      );
      const response = await ask(model);
      expect(response.status).toBe(200);
      expect(await rowOf(response)).toMatchObject({ attempts: 2, errors: [{ code }] });
    }
  });

  test("but not when a translated answer has fewer vectors than were asked for and there is no other", async () => {
    stage.upstream.on("lone", (visit) => visit.answer(200, googleAnswer([1])));
    const response = await ask("google/lone");
    expect([response.status, (await json(response)).error]).toMatchObject([502, { code: "upstream_failed" }]);
  });
});

/** The row of the request whose client left, once it is there. */
async function cancelledRow(): Promise<JsonObject | undefined> {
  for (let left = 100; ; left--) {
    const { data } = (await stage.plexus.api("/api/requests?limit=50")) as { data: JsonObject[] };
    const row = data.find(({ code }) => code === "cancelled");
    if (row || left === 0) return row;
    await Bun.sleep(20);
  }
}

describe("a request is held to what every request is", () => {
  const doors: [string, string, JsonObject][] = [
    ["OpenAI's", openaiDoor, { model: "named-openai", input: "a" }],
    ["Google's for one", one("named-openai"), content("a")],
    ["Google's for a batch", many("named-openai"), { requests: [content("a")] }],
  ];
  const statusOf = (door: string) => (door === openaiDoor ? "type" : "status");

  test.each(doors)("at %s door: a key, in the client's own shape", async (_name, path, body) => {
    const response = await send(path, body, { key: null });
    expect(response.status).toBe(401);
    const { error } = (await json(response)) as { error: JsonObject };
    expect(error[statusOf(path)]).toBe(path === openaiDoor ? "invalid_request_error" : "UNAUTHENTICATED");
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each(doors)("at %s door: the key's allow-list, and what it may be told", async (_name, path, body) => {
    stage.upstream.on("their-openai", (visit) => visit.answer(200, openaiAnswer([1])));
    const allowed = await send(path, body, { key: narrowKey });
    expect([allowed.status, allowed.headers.get("x-plexus-target")]).toEqual([200, null]);
    const other = path === openaiDoor ? { model: "named-google", input: "a" } : body;
    const refused = await send(path.replace("named-openai", "named-google"), other, { key: narrowKey });
    expect(refused.status).toBe(403);
    expect(await rowOf(refused)).toMatchObject({ key: "narrow", code: "forbidden", attempts: 0 });
  });

  test.each(doors)("at %s door: JSON, an object, and what must be in it", async (_name, path) => {
    for (const broken of ["", "{", "[]", '"x"', "{}", "5"]) {
      const response = await send(path, broken);
      const { error } = (await json(response)) as { error: JsonObject };
      expect([broken, response.status, typeof error.message]).toEqual([broken, 400, "string"]);
      expect(error[statusOf(path)]).toBe(path === openaiDoor ? "invalid_request_error" : "INVALID_ARGUMENT");
    }
    const deep = `{"model":"named-google","input":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect((await send(path, deep)).status).toBe(400);
  });

  test("no other method is taken", async () => {
    const response = await fetch(stage.plexus.url + openaiDoor, { headers: { authorization: `Bearer ${clientKey}` } });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });

  test("a stream flag changes nothing", async () => {
    stage.upstream.on("unstreamed", (visit) => visit.answer(200, { embedding: { values: [1] } }));
    const response = await send(openaiDoor, { model: "google/unstreamed", input: "a", stream: true });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await json(response)).toMatchObject({ object: "list" });
    expect(await rowOf(response)).toMatchObject({ stream: false, status: 200 });
  });

  test("a key's limit holds, and a client that leaves ends the call and gives its place back", async () => {
    stage.upstream.on("waits", () => undefined);
    const gone = new AbortController();
    const body = { model: "openai/waits", input: "a" };
    const waiting = send(openaiDoor, body, { key: singleKey, signal: gone.signal }).catch((error: unknown) => error);
    await until(() => stage.upstream.visits("waits").length === 1);
    const full = await send(one("openai/waits"), content("a"), { key: singleKey });
    expect([full.status, full.headers.get("retry-after")]).toEqual([429, "1"]);
    gone.abort();
    await waiting;
    await until(() => stage.upstream.visits("waits")[0]?.hasLeft === true);
    stage.upstream.on("waits", (visit) => visit.answer(200, openaiAnswer([1])));
    expect((await send(openaiDoor, body, { key: singleKey })).status).toBe(200);
    expect(await cancelledRow()).toMatchObject({ key: "single", protocol: "embeddings", status: null, attempts: 1 });
  });

  test("the provider's secret is in no answer, log or row", async () => {
    const leaking = { error: { message: `Incorrect API key provided: ${upstreamKey}`, code: "invalid_api_key" } };
    stage.upstream.on("leaks", (visit) => visit.answer(401, leaking));
    for (const [path, body] of [
      [openaiDoor, { model: "openai/leaks", input: "a" }],
      [one("openai/leaks"), content("a")],
    ] as const) {
      const response = await send(path, body);
      expect(response.status).toBe(502);
      expect(await response.text()).not.toContain(upstreamKey);
      expect(JSON.stringify(await rowOf(response))).not.toContain(upstreamKey);
    }
    expect(stage.plexus.error()).not.toContain(upstreamKey);
  });
});

describe("the demo model", () => {
  test("answers at every door with the same vectors, closer for texts with words in common", async () => {
    const input = ["a small cat", "a small dog", "quarterly revenue"];
    const listed = await json(await send(openaiDoor, { model: "demo/demo", input }));
    const vectors = (listed.data as { embedding: number[] }[]).map(({ embedding }) => embedding);
    const batched = await json(await send(many("demo/demo"), { requests: input.map(content) }));
    expect((batched.embeddings as { values: number[] }[]).map(({ values }) => values)).toEqual(vectors);
    const single = await json(await send(one("demo/demo"), content("a small cat")));
    expect((single.embedding as { values: number[] }).values).toEqual(vectors[0] ?? []);
    const near = (a = 0, b = 0) =>
      (vectors[a] ?? []).reduce((sum, value, at) => sum + value * (vectors[b]?.[at] ?? 0), 0);
    expect(near(0, 0)).toBeCloseTo(1, 4);
    expect(near(0, 1)).toBeGreaterThan(near(0, 2) + 0.2);
    expect(listed.usage).toEqual({ prompt_tokens: 8, total_tokens: 8 });
  });

  test("fails on request", async () => {
    const response = await send(openaiDoor, { model: "demo/fail-429", input: "a" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "20"]);
  });
});

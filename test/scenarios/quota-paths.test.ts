/** Quotas on every way that a request can take, and over the end of the process. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { newFolder, type Plexus, removeFolder, startPlexus } from "../support/plexus.ts";
import { type RawUpstream, startRawUpstream } from "../support/raw-upstream.ts";
import { ask, clientKey, framesOf, provider, wholeAnswer } from "./stage.ts";

const quotaKey = "sk-of-the-paths-0123456789";
const smallKey = "sk-of-the-small-0123456789";

let upstream: RawUpstream;
let plexus: Plexus;
let config: JsonObject;
const folder = newFolder();

beforeAll(async () => {
  upstream = await startRawUpstream();
  const unreachable = provider("chat", { url: "http://127.0.0.1:9" });
  config = {
    providers: {
      chat: provider("chat", upstream, { models: { blind: { vision: false }, sees: {}, m: {}, cut: {} } }),
      vectors: { ...provider("chat", upstream), protocols: { embeddings: `${upstream.url}/v1` } },
      gone: unreachable,
    },
    aliases: {
      blind: { targets: ["chat/blind"], vision_fallthrough: true },
      eye: { targets: ["chat/sees"] },
      mute: { targets: ["chat/mute", "chat/m"], selector: "in_order" },
    },
    quotas: {
      requests: { unit: "requests", limit: 1000, window: "monthly" },
      tokens: { unit: "tokens", limit: 1_000_000, window: "rolling", period: "30d" },
      small: { unit: "tokens", limit: 40, window: "monthly" },
    },
    keys: {
      test: { secret: clientKey },
      paths: { secret: quotaKey, quotas: ["requests", "tokens"] },
      small: { secret: smallKey, quotas: ["small"] },
    },
    settings: { vision: { descriptor: "eye" }, failover: { enabled: true, max_attempts: 3 } },
  };
  for (const model of ["m", "blind", "sees"]) {
    upstream.on(model, (visit) => visit.answer(200, wholeAnswer("chat", model)));
  }
  upstream.on("mute", (visit) => {
    const usage = { prompt_tokens: 5, completion_tokens: 0, total_tokens: 5 };
    if (visit.json.stream !== true) visit.answer(200, { ...wholeAnswer("chat", "mute", ""), usage });
    else visit.events().send(framesOf("chat", "mute").opening).send(framesOf("chat", "mute").ending).end();
  });
  const { opening, text } = framesOf("chat", "cut");
  upstream.on("cut", (visit) => void visit.events().send(opening).send(text("one ")).send(text("two")).end());
  upstream.on("vector", (visit) =>
    visit.answer(200, {
      ...{ object: "list", model: "vector", data: [{ object: "embedding", index: 0, embedding: [1, 2] }] },
      usage: { prompt_tokens: 3, total_tokens: 3 },
    }),
  );
  plexus = await startPlexus({ folder, config });
}, 60_000);

afterAll(async () => {
  upstream.stop();
  await plexus.stop({ keep: true });
  removeFolder(folder);
});

function post(path: string, body: JsonObject, key = quotaKey): Promise<Response> {
  return fetch(plexus.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  });
}

async function used(name: string): Promise<number> {
  const { counters } = await plexus.api(`/api/quotas/${name}`);
  return Number((counters as JsonObject[])[0]?.used);
}

/** What the work counted: requests, tokens, and the tokens that its rows say. */
async function counted(work: () => Promise<Response>): Promise<{ requests: number; tokens: number; row: number }> {
  const before = [await used("requests"), await used("tokens")] as const;
  const response = await work();
  await response.text();
  const tokens = (await plexus.row(response.headers.get("x-request-id"))).tokens as { input: number; output: number };
  return {
    requests: (await used("requests")) - before[0],
    tokens: (await used("tokens")) - before[1],
    row: tokens.input + tokens.output,
  };
}

describe("what counts", () => {
  test("an answer and its tokens", async () => {
    expect(await counted(() => post("/v1/chat/completions", ask("chat", "chat/m")))).toEqual({
      ...{ requests: 1, tokens: 7, row: 7 },
    });
  });

  test("a request that was tried at several targets, once", async () => {
    const { requests } = await counted(() => post("/v1/chat/completions", ask("chat", "gone/m")));
    expect(requests).toBe(1);
  });

  test("a stream that the provider cut, by estimate, as its row says", async () => {
    const { requests, tokens, row } = await counted(() =>
      post("/v1/chat/completions", ask("chat", "chat/cut", { stream: true })),
    );
    expect([requests, tokens]).toEqual([1, row]);
    expect(row).toBeGreaterThan(2);
  });

  test("a request in another protocol, through translation", async () => {
    expect(await counted(() => post("/v1/messages", ask("messages", "chat/m")))).toMatchObject({
      requests: 1,
      tokens: 7,
    });
    expect(await counted(() => post("/v1/responses", { model: "chat/m", input: "hi" }))).toMatchObject({ tokens: 7 });
  });

  test("a request in the background, when it is over", async () => {
    const before = await used("requests");
    const response = await post("/v1/responses", { model: "chat/m", input: "hi", background: true });
    expect([response.status, response.headers.get("ratelimit-limit")]).toEqual([200, "1000"]);
    expect(await used("requests")).toBe(before + 1);
  });

  test("embeddings, which reserve no output", async () => {
    const body = { model: "vectors/vector", input: "hello" };
    expect(await counted(() => post("/v1/embeddings", body))).toMatchObject({ requests: 1, tokens: 3 });
    expect((await post("/v1/embeddings", body, smallKey)).status).toBe(200);
    expect((await post("/v1/embeddings", { ...body, input: "hello ".repeat(100) }, smallKey)).status).toBe(429);
  });

  test("what shows images in words, by its tokens only", async () => {
    const url = `data:image/png;base64,${Buffer.from(`picture ${Math.random()}`).toString("base64")}`;
    const content = [
      { type: "text", text: "what is this?" },
      { type: "image_url", image_url: { url } },
    ];
    const body = ask("chat", "blind", { messages: [{ role: "user", content }] });
    const { requests, tokens } = await counted(() => post("/v1/chat/completions", body));
    expect([requests, tokens]).toEqual([1, 14]);
  });
});

describe("an answer that says nothing, and has its price", () => {
  test.each([
    ["whole", false],
    ["streamed", true],
  ])("counts beside that of the next target, and has a row of its own, %s", async (_form, stream) => {
    const before = [await used("requests"), await used("tokens")] as const;
    const response = await post("/v1/chat/completions", ask("chat", "mute", { stream }));
    expect(await response.text()).toContain("Hi there");
    const row = await plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({ target: "chat/m", attempts: 2, code: null });
    const { data } = await plexus.api("/api/requests?limit=20");
    const made = (data as JsonObject[]).filter(({ parent }) => parent === row.id);
    expect(made).toMatchObject([{ target: "chat/mute", code: "upstream-failed", attempts: 1 }]);
    const sum = [row, ...made].reduce((total, { tokens }) => {
      const { input, output } = tokens as { input: number; output: number };
      return total + input + output;
    }, 0);
    expect([(await used("requests")) - before[0], (await used("tokens")) - before[1]]).toEqual([1, sum]);
    if (!stream) expect([sum, (row.tokens as JsonObject).input]).toEqual([12, 5]);
  });
});

describe("what does not", () => {
  test("a request that is refused, or whose body is broken", async () => {
    for (const body of [
      { model: "none", messages: [] },
      { model: "chat/m", messages: "x", stream: 3 },
    ]) {
      expect(await counted(() => post("/v1/messages", body))).toMatchObject({ requests: 0, tokens: 0 });
    }
  });

  test("keys without quotas have no such headers", async () => {
    const response = await post("/v1/chat/completions", ask("chat", "chat/m"), clientKey);
    expect(response.headers.has("ratelimit-limit")).toBe(false);
  });
});

test("every client protocol has a 429 of its own shape", async () => {
  const contents = [{ role: "user", parts: [{ text: "hi" }] }];
  const bodies: [string, JsonObject, JsonObject][] = [
    ["/v1/chat/completions", ask("chat", "chat/m"), { error: { code: "insufficient_quota" } }],
    ["/v1/responses", { model: "chat/m", input: "hi" }, { error: { code: "insufficient_quota" } }],
    [
      "/v1/messages",
      ask("messages", "chat/m", { max_tokens: 500 }),
      { type: "error", error: { type: "rate_limit_error" } },
    ],
    ["/v1beta/models/chat/m:generateContent", { contents }, { error: { code: 429, status: "RESOURCE_EXHAUSTED" } }],
  ];
  for (const [path, body, shape] of bodies) {
    const response = await post(path, body, smallKey);
    expect([path, response.status, Number(response.headers.get("retry-after")) > 0]).toEqual([path, 429, true]);
    expect(response.headers.get("ratelimit-limit")).toBe("40");
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject(shape);
    expect(text).toMatch(/It resets in .*Z\./);
  }
});

test("counters survive kill -9 and a new start", async () => {
  const before = [await used("requests"), await used("tokens")];
  expect(before[0]).toBeGreaterThan(3);
  await plexus.stop({ signal: "SIGKILL", keep: true });
  plexus = await startPlexus({ folder, config });
  expect([await used("requests"), await used("tokens")]).toEqual(before);
});

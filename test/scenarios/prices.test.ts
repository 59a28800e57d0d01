/** What requests cost, over the compiled binary: on every way to an answer, and later. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/model/json.ts";
import { type Finished, plexusBinary, runToEnd } from "../support/plexus.ts";
import {
  ask,
  clientKey,
  frame,
  framesOf,
  openStage,
  type ProtocolName,
  readUntil,
  type Stage,
  until,
  upstreamKey,
  wholeAnswer,
} from "./stage.ts";

/** A request at 1000 nano-dollars, a token of input at 2000, one of output at 10000. */
const price = {
  ...{ input: 2, output: 10, cache_read: 0.5, cache_write: 3, cache_write_1h: 5, input_image: 7 },
  ...{ per_request: 0.000001, modes: { flex: { input: 1, output: 5, send: { service_tier: "flex" } } } },
};
const priceOf = (calls: number, input: number, output: number) => calls * 1000 + input * 2000 + output * 10_000;
const whole = priceOf(1, 5, 2);
const both: ProtocolName[] = ["chat", "messages"];

let stage: Stage;
beforeAll(async () => {
  stage = await openStage((url) => {
    const own = (protocol: string, more: JsonObject = {}): JsonObject => ({
      ...{ protocols: { [protocol]: `${url}/v1` }, api_key: upstreamKey },
      models: { one: { price }, listed: { price: { source: "mine" } }, "by-list": { price: { source: "mine" } } },
      ...more,
    });
    return {
      providers: {
        chat: own("chat"),
        messages: own("messages"),
        embeddings: own("embeddings"),
        responses: own("responses"),
        google: own("gemini"),
        worded: own("chat", { quirks: ["no_output_schema"] }),
      },
    };
  });
});
afterAll(() => stage.stop());

/** The body's text and the row, once the answer has ended. */
async function sent(protocol: ProtocolName, body: JsonObject): Promise<{ text: string; row: JsonObject }> {
  const response = await stage.send({ protocol, body });
  const text = await response.text();
  return { text, row: await stage.plexus.row(response.headers.get("x-request-id")) };
}

async function post(path: string, body: JsonObject): Promise<{ json: JsonObject; row: JsonObject }> {
  const response = await fetch(`${stage.plexus.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${clientKey}` },
    body: JSON.stringify(body),
  });
  const json = (await response.json()) as JsonObject;
  return { json, row: await stage.plexus.row(response.headers.get("x-request-id")) };
}

/** Answers whole or streamed, as it is asked. */
function answers(protocol: ProtocolName, model: string): void {
  const { opening, text, ending } = framesOf(protocol, model);
  stage.upstream.on(model, (visit) => {
    if (visit.json.stream !== true) return visit.answer(200, wholeAnswer(protocol, model));
    visit.events().send(opening + text("Hi there") + ending);
    visit.end();
  });
}

describe.each(both)("a client of %s", (client) => {
  for (const provider of both) {
    for (const stream of [false, true]) {
      test(`pays for ${stream ? "a stream" : "a whole answer"} of a provider of ${provider}`, async () => {
        answers(provider, "one");
        const { row } = await sent(client, ask(client, `${provider}/one`, { stream }));
        expect(row).toMatchObject({ status: 200, tokens: { input: 5, output: 2, estimated: false } });
        expect(row).toMatchObject({ cost_nano: whole, cost_computed_nano: whole, cost_reported_nano: null });
        expect(row.price_version).toMatch(/^config-[0-9a-f]{8}$/);
      });
    }
  }
});

describe.each(both)("a client of %s, over other providers,", (client) => {
  test("pays for an answer of Responses, at the speed that it was given", async () => {
    const content = [{ type: "output_text", text: "Hi there", annotations: [] }];
    const message = { type: "message", id: "msg_1", role: "assistant", status: "completed", content };
    const usage = { input_tokens: 5, output_tokens: 2, total_tokens: 7 };
    const answer = { id: "resp_1", object: "response", created_at: 1, status: "completed", model: "one" };
    for (const [service_tier, cost] of [
      ["default", whole],
      ["flex", 1000 + (whole - 1000) / 2],
    ] as const) {
      stage.upstream.on("one", (visit) => visit.answer(200, { ...answer, output: [message], usage, service_tier }));
      const { row } = await sent(client, ask(client, "responses/one"));
      expect(row).toMatchObject({ status: 200, cost_nano: cost });
    }
  });

  test("pays for an answer of Gemini, pictures and thoughts included", async () => {
    const content = { role: "model", parts: [{ text: "Hi there" }] };
    const usageMetadata = {
      ...{ promptTokenCount: 50, cachedContentTokenCount: 10, candidatesTokenCount: 20, thoughtsTokenCount: 4 },
      ...{ totalTokenCount: 74, promptTokensDetails: [{ modality: "IMAGE", tokenCount: 30 }] },
    };
    const answer = { candidates: [{ content, finishReason: "STOP", index: 0 }], usageMetadata, modelVersion: "one" };
    stage.upstream.on("one", (visit) => visit.answer(200, answer));
    const { row } = await sent(client, ask(client, "google/one"));
    const cost = 1000 + 10 * 2000 + 30 * 7000 + 10 * 500 + 24 * 10_000;
    expect(row).toMatchObject({ status: 200, cost_nano: cost });
  });

  test("pays for what is written to a cache by how long it stays there", async () => {
    const usage = {
      ...{ input_tokens: 5, output_tokens: 2, cache_read_input_tokens: 100, cache_creation_input_tokens: 30 },
      cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 10 },
    };
    stage.upstream.on("one", (visit) => visit.answer(200, { ...wholeAnswer("messages", "one"), usage }));
    const { row } = await sent(client, ask(client, "messages/one"));
    expect(row).toMatchObject({ tokens: { input: 135, cache_read: 100, cache_write: 30 } });
    expect(row.cost_nano).toBe(whole + 100 * 500 + 20 * 3000 + 10 * 5000);
  });
});

test("a price that nobody knows is unknown", async () => {
  answers("chat", "unheard");
  const { row } = await sent("chat", ask("chat", "chat/unheard"));
  expect(row).toMatchObject({ status: 200, cost_nano: null, cost_computed_nano: null, price_version: null });
});

test("what never reached a provider costs nothing that anybody knows", async () => {
  const { row } = await sent("chat", ask("chat", "chat/without-a-script"));
  expect(row).toMatchObject({ status: 404, cost_nano: null, price_version: null });
});

describe("a cost that the provider reports", () => {
  const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, cost: 0.00012345678 };

  test("is the cost, and ours stands beside it", async () => {
    stage.upstream.on("one", (visit) => visit.answer(200, { ...wholeAnswer("chat", "one"), usage }));
    for (const client of both) {
      const { row } = await sent(client, ask(client, "chat/one"));
      expect(row).toMatchObject({ cost_nano: 123_457, cost_reported_nano: 123_457, cost_computed_nano: whole });
    }
  });

  test("is read in a header of other gateways", async () => {
    const headers = { "x-litellm-response-cost": "0.00025" };
    stage.upstream.on("one", (visit) => visit.answer(200, wholeAnswer("chat", "one"), headers));
    for (const client of both) {
      const { row } = await sent(client, ask(client, "chat/one"));
      expect(row).toMatchObject({ cost_nano: 250_000, cost_reported_nano: 250_000, cost_computed_nano: whole });
    }
  });

  test("is read in streams, and without a price of ours", async () => {
    const { opening, text } = framesOf("chat", "unheard");
    const ended = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }], object: "chat.completion.chunk" };
    stage.upstream.on("unheard", (visit) => {
      visit.events().send(opening + text("Hi") + frame({ ...ended, id: "c", created: 1, model: "unheard" }));
      visit
        .send(frame({ ...ended, id: "c", created: 1, model: "unheard", choices: [], usage }) + frame("[DONE]"))
        .end();
    });
    for (const client of both) {
      const { row } = await sent(client, ask(client, "chat/unheard", { stream: true }));
      expect(row).toMatchObject({ cost_nano: 123_457, cost_reported_nano: 123_457, cost_computed_nano: null });
    }
  });
});

describe("several calls for one answer", () => {
  test("are paid each: copies", async () => {
    answers("messages", "one");
    const { row } = await sent("chat", ask("chat", "messages/one", { n: 3 }));
    expect(row).toMatchObject({ tokens: { input: 15, output: 6 }, cost_nano: priceOf(3, 15, 6) });
  });

  test("are paid each: an answer that is sent back", async () => {
    const said = ["none", '{"a":1}'];
    stage.upstream.on("one", (visit) => visit.answer(200, wholeAnswer("chat", "one", said.shift() ?? "")));
    const schema = { type: "object", properties: { a: { type: "integer" } }, required: ["a"] };
    const format = { type: "json_schema", schema };
    const { text, row } = await sent("messages", ask("messages", "worded/one", { output_config: { format } }));
    expect(text).toContain('{\\"a\\":1}');
    expect(row).toMatchObject({ tokens: { input: 10, output: 4 }, cost_nano: priceOf(2, 10, 4) });
  });
});

describe("other doors", () => {
  test("embeddings are paid by their input", async () => {
    const data = [{ object: "embedding", index: 0, embedding: [0.5, 0.25] }];
    const usage = { prompt_tokens: 8, total_tokens: 8 };
    stage.upstream.on("one", (visit) => visit.answer(200, { object: "list", data, model: "one", usage }));
    const { row } = await post("/v1/embeddings", { model: "embeddings/one", input: "Hello" });
    expect(row).toMatchObject({ status: 200, cost_nano: priceOf(1, 8, 0) });
  });

  test("counting tokens costs nothing", async () => {
    const { row } = await post("/v1/messages/count_tokens", ask("messages", "chat/one"));
    expect(row).toMatchObject({ status: 200, cost_nano: null, tokens: { input: 0, output: 0 } });
  });

  test("what runs in the background is paid when it has ended", async () => {
    answers("chat", "one");
    const { json, row } = await post("/v1/responses", { model: "chat/one", input: "Hello", background: true });
    expect(json.status).toMatch(/queued|in_progress|completed/);
    expect(row).toMatchObject({ status: 200, cost_nano: whole });
  });
});

test.each(both)("a client of %s that leaves pays for what was generated", async (client) => {
  const { opening, text } = framesOf(client, "one");
  stage.upstream.on("one", (visit) => void visit.events().send(opening + text("Hi ") + text("there ") + text("you ")));
  const leaving = new AbortController();
  const body = ask(client, `${client}/one`, { stream: true });
  const response = await stage.send({ protocol: client, body, signal: leaving.signal });
  const reader = response.body?.getReader();
  if (!reader) throw new Error("there is no body");
  await readUntil(reader, "you ");
  leaving.abort();
  const row = await stage.plexus.row(response.headers.get("x-request-id"));
  expect(row).toMatchObject({ code: "cancelled", tokens: { estimated: true } });
  const { input, output } = row.tokens as { input: number; output: number };
  expect(input).toBeGreaterThan(0);
  expect(output).toBeGreaterThanOrEqual(3);
  expect(row.cost_nano).toBe(priceOf(1, input, output));
});

describe("a price list that is loaded", () => {
  const admin = () => ({ authorization: `Bearer ${stage.plexus.adminKey}` });
  const cli = (...args: string[]): Finished =>
    runToEnd({ args: ["prices", ...args, "--config", "config.json"], folder: stage.plexus.folder });
  const list = (models: JsonObject[]) => JSON.stringify({ generated: "2026-12-01", models });
  const inForce = async (target: string) => {
    const { price: found } = await stage.plexus.api(`/api/prices?target=${target}`);
    return found as JsonObject | null;
  };

  test("is in force in a running server, and prices what came before", async () => {
    answers("chat", "listed");
    const before = await sent("chat", ask("chat", "chat/listed"));
    expect(before.row).toMatchObject({ cost_nano: null, price_version: null });
    expect(await inForce("chat/listed")).toBeNull();
    expect(cli("show", "chat/listed")).toMatchObject({ code: 1, out: "" });

    const path = join(stage.plexus.folder, "prices.json");
    writeFileSync(path, list([{ provider: "mine", id: "listed", price: { input: 3, output: 4 } }]));
    expect(cli("update", path)).toMatchObject({ code: 0, out: "update-1: prices of 2026-12-01 for 1 models.\n" });
    let version: unknown;
    const looking = setInterval(async () => {
      version = (await inForce("chat/listed"))?.version;
    }, 20);
    await until(() => version === "update-1", 1500).finally(() => clearInterval(looking));
    const after = await sent("chat", ask("chat", "chat/listed"));
    expect(after.row).toMatchObject({ cost_nano: 5 * 3000 + 2 * 4000, price_version: "update-1" });

    const { out } = cli("recompute");
    expect(out).toMatch(/^1 of \d+ rows have a price now\.\n$/);
    const row = await stage.plexus.row(String(before.row.id));
    expect(row).toMatchObject({ cost_nano: 5 * 3000 + 2 * 4000, price_version: "update-1" });
    expect(cli("show", "chat/listed").out).toStartWith('update-1\n{\n  "input": 3,');
    expect(cli("list").out).toMatch(
      /^In force: update-1, then builtin-\S+\nupdate-1 {2}prices of 2026-12-01, 1 models/,
    );
  });

  test("comes over the API, too, is told with its versions, and rows are priced there", async () => {
    answers("chat", "by-list");
    const { row } = await sent("chat", ask("chat", "chat/by-list"));
    const body = list([{ provider: "mine", id: "by-list", price: { input: 1, output: 0 } }]);
    const place = `${stage.plexus.url}/api/prices`;
    const added = await fetch(`${place}?source=desk`, { method: "POST", headers: admin(), body });
    expect([added.status, await added.json()]).toEqual([201, { version: "update-2", date: "2026-12-01", models: 1 }]);
    let version: unknown;
    const looking = setInterval(async () => {
      version = (await inForce("chat/by-list"))?.version;
    }, 20);
    await until(() => version === "update-2", 1500).finally(() => clearInterval(looking));
    // What the list before had stays in force.
    expect(await inForce("chat/listed")).toMatchObject({ terms: { input: 3, output: 4 } });
    const { lists, in_force } = await stage.plexus.api("/api/prices");
    expect((in_force as string[])[0]).toBe("update-2");
    expect(lists).toMatchObject([{ version: 2, source: "desk", models: 1 }, { version: 1 }]);

    const since = "2026-01-01T00:00:00Z";
    const ran = await fetch(`${place}/recompute`, { method: "POST", headers: admin(), body: `{"since":"${since}"}` });
    expect([ran.status, await ran.json()]).toMatchObject([200, { running: false, priced: 1, error: null }]);
    expect(await stage.plexus.row(String(row.id))).toMatchObject({ cost_nano: 5000, price_version: "update-2" });
    expect(await stage.plexus.api("/api/prices/recompute")).toMatchObject({ running: false, priced: 1 });
  });

  test("that is none is refused with words, and nothing changes", async () => {
    const place = `${stage.plexus.url}/api/prices`;
    const wrong = await fetch(place, { method: "POST", headers: admin(), body: "{}" });
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining("neither models[]")]);
    const asked = await fetch(`${place}/recompute`, { method: "POST", headers: admin(), body: '{"rows":"some"}' });
    expect([asked.status, await asked.text()]).toEqual([400, expect.stringContaining("unknown or all")]);
    const path = join(stage.plexus.folder, "none.json");
    writeFileSync(path, "nonsense");
    expect(cli("update", path)).toMatchObject({ code: 1, out: "" });
    expect(cli("update", join(stage.plexus.folder, "missing.json")).error).toContain("missing.json");
    const { lists } = await stage.plexus.api("/api/prices");
    expect((lists as JsonObject[]).length).toBe(2);
  });

  test("is fetched from an address", async () => {
    const data = [{ id: "vendor/model", pricing: { prompt: "0.000001", completion: "0.000002" } }];
    const site = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ data }) });
    try {
      const place = `http://127.0.0.1:${site.port}/api/v1/models`;
      const run = Bun.spawn([plexusBinary(), "prices", "update", `${place}?key=secret`], {
        env: { PATH: process.env.PATH ?? "", DATA_DIR: join(stage.plexus.folder, "data") },
        stdout: "pipe",
      });
      expect(await new Response(run.stdout).text()).toMatch(/^update-3: prices of \S+ for 1 models\.\n$/);
      const { lists } = await stage.plexus.api("/api/prices");
      expect(lists).toMatchObject([{ version: 3, source: place }, {}, {}]);
    } finally {
      await site.stop(true);
    }
  });
});

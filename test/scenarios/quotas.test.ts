import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { sharedPostgres } from "../support/postgres.ts";
import { ask, clientKey, framesOf, openStage, provider, type Stage, wholeAnswer } from "./stage.ts";

const secrets = {
  three: "sk-of-three-requests-0123456789",
  one: "sk-of-one-shared-01234567890123",
  other: "sk-of-the-other-shared-0123456789",
  tokens: "sk-of-tokens-0123456789012345",
  few: "sk-of-few-tokens-01234567890123",
  cost: "sk-of-cost-012345678901234567890",
  allows: "sk-of-allows-01234567890123456",
  both: "sk-of-both-0123456789012345678901",
  held: "sk-of-held-0123456789012345678901",
};

function config(url: string): JsonObject {
  const quota = (unit: string, limit: number, more: JsonObject = {}): JsonObject => ({
    ...{ unit, limit, window: "daily" },
    ...more,
  });
  const priced = { price: { input: 1, output: 2 } };
  return {
    providers: {
      priced: provider("chat", { url }, { models: { cheap: priced, dear: { price: { input: 10, output: 20 } } } }),
      gone: provider("chat", { url: "http://127.0.0.1:9" }),
    },
    aliases: { mixed: { selector: "in_order", targets: ["chat/free", "priced/cheap"] } },
    quotas: {
      three: quota("requests", 3),
      shared: quota("requests", 2, { shared: true }),
      tokens: quota("tokens", 5000),
      few: quota("tokens", 50),
      cost: quota("cost", 0.01),
      allows: quota("cost", 0.01, { unpriced: "allow" }),
      rolling: quota("requests", 2, { window: "rolling", period: "30s" }),
      held: quota("requests", 1),
    },
    keys: {
      three: { secret: secrets.three, quotas: ["three"] },
      one: { secret: secrets.one, quotas: ["shared"] },
      other: { secret: secrets.other, quotas: ["shared"] },
      tokens: { secret: secrets.tokens, quotas: ["tokens"] },
      few: { secret: secrets.few, quotas: ["few"] },
      cost: { secret: secrets.cost, quotas: ["cost"] },
      allows: { secret: secrets.allows, quotas: ["allows"] },
      both: { secret: secrets.both, quotas: ["rolling", "tokens"] },
      held: { secret: secrets.held, quotas: ["held"], max_concurrency: 1 },
    },
  };
}

await sharedPostgres();

describe.each(["sqlite", "postgres"] as const)("quotas on %s", (dialect) => {
  let stage: Stage;
  let isMissing = false;

  beforeAll(async () => {
    const url = dialect === "sqlite" ? undefined : await (await sharedPostgres())?.createUrl();
    isMissing = dialect === "postgres" && url === undefined;
    stage = await openStage(config, url === undefined ? {} : { DATABASE_URL: url });
    for (const model of ["m", "cheap", "dear", "free"]) {
      stage.upstream.on(model, (visit) => visit.answer(200, wholeAnswer("chat", model)));
    }
    stage.upstream.on("bad", (visit) => visit.answer(400, { error: { message: "no", type: "invalid_request_error" } }));
  }, 90_000);
  afterAll(() => stage.stop());

  const send = (key: string, model: string, more: JsonObject = {}) =>
    stage.send({ key, body: ask("chat", model, more) });
  const status = async (name: string, key?: string): Promise<JsonObject> => {
    const { counters } = await stage.plexus.api(`/api/quotas/${name}`);
    const all = counters as JsonObject[];
    return all.find((one) => key === undefined || one.key === key) ?? {};
  };
  /** Waits until nothing is held any more. */
  const free = async (name: string, key?: string) => {
    const end = performance.now() + 3000;
    while ((await status(name, key)).reserved !== 0 && performance.now() < end) await Bun.sleep(5);
  };
  const post = (path: string) =>
    fetch(`${stage.plexus.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${stage.plexus.adminKey}` },
    });

  test("requests: as many as the limit pass, the next is told when it resets", async () => {
    const left: (string | null)[] = [];
    for (let at = 0; at < 3; at++) {
      const response = await send(secrets.three, "chat/m");
      expect(response.status).toBe(200);
      left.push(response.headers.get("ratelimit-remaining"));
    }
    expect(left).toEqual(["2", "1", "0"]);
    const refused = await send(secrets.three, "chat/m");
    expect(refused.status).toBe(429);
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(86_400);
    expect(refused.headers.get("ratelimit-limit")).toBe("3");
    expect(Math.abs(Number(refused.headers.get("ratelimit-reset")) - wait)).toBeLessThanOrEqual(1);
    const { error } = (await refused.json()) as { error: { message: string } };
    expect(error.message).toMatch(
      /^The quota "three" of this key is used up: 3 requests of 3 requests used\. It resets in .*, at .*Z\.$/,
    );
    const row = await stage.plexus.row(refused.headers.get("x-request-id"));
    expect(row).toMatchObject({ code: "quota-exceeded", attempts: 0, status: 429 });
    expect(await status("three")).toMatchObject({ used: 3, reserved: 0, remaining: 0, level: "spent", key: "three" });
    expect(stage.plexus.error()).not.toContain("level=error");
  });

  test("a shared quota has one counter for all its keys", async () => {
    expect((await send(secrets.one, "chat/m")).status).toBe(200);
    expect((await send(secrets.other, "chat/m")).status).toBe(200);
    expect([(await send(secrets.one, "chat/m")).status, (await send(secrets.other, "chat/m")).status]).toEqual([
      429, 429,
    ]);
    const { keys, counters } = await stage.plexus.api("/api/quotas/shared");
    expect([keys, (counters as JsonObject[]).length, (counters as JsonObject[])[0]?.key]).toEqual([
      ["one", "other"],
      1,
      null,
    ]);
  });

  test("a provider's error counts its request once; what called nobody counts nothing", async () => {
    await post("/api/quotas/three/reset");
    expect(await status("three")).toMatchObject({ used: 0, level: "ok" });
    expect((await send(secrets.three, "chat/bad")).status).toBe(400);
    expect((await send(secrets.three, "nothing")).status).toBe(404);
    expect((await stage.send({ key: secrets.three, body: "{" })).status).toBe(400);
    expect(await status("three")).toMatchObject({ used: 1 });
  });

  test("token counting does not count", async () => {
    const before = await status("three");
    const response = await fetch(`${stage.plexus.url}/v1/messages/count_tokens`, {
      method: "POST",
      headers: { authorization: `Bearer ${secrets.three}` },
      body: JSON.stringify(ask("chat", "chat/m")),
    });
    expect(response.status).toBe(200);
    expect(await status("three")).toEqual(before);
  });

  test("tokens: reserved by estimate, settled by what the provider says", async () => {
    const response = await send(secrets.tokens, "chat/m");
    expect(response.status).toBe(200);
    await free("tokens", "tokens");
    expect(await status("tokens", "tokens")).toMatchObject({ used: 7, remaining: 4993 });
    const first = send(secrets.tokens, "chat/slow-one");
    const slow = new Promise<() => void>((resolve) => {
      stage.upstream.on("slow-one", (visit) => resolve(() => visit.answer(200, wholeAnswer("chat", "slow-one"))));
    });
    const answer = await slow;
    const { reserved } = await status("tokens", "tokens");
    expect(Number(reserved)).toBeGreaterThan(4096);
    const refused = await send(secrets.tokens, "chat/m");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await refused.text()).toContain("held by requests that run");
    expect((await send(secrets.tokens, "chat/m", { max_tokens: 10 })).status).toBe(200);
    answer();
    expect((await first).status).toBe(200);
    expect((await send(secrets.tokens, "chat/m")).status).toBe(200);
  });

  test("a request that is too large by itself is told to ask for less", async () => {
    const refused = await send(secrets.few, "chat/m");
    expect(refused.status).toBe(429);
    expect(await refused.text()).toContain("Send a smaller max_tokens");
    const messages = await stage.send({ protocol: "messages", key: secrets.few, body: ask("messages", "chat/m") });
    expect(messages.status).toBe(429);
    expect(await messages.json()).toMatchObject({ type: "error", error: { type: "rate_limit_error" } });
    expect((await send(secrets.few, "chat/m", { max_tokens: 20 })).status).toBe(200);
  });

  test("cost: targets without a price are left out, the dearest is reserved, dollars are told", async () => {
    const unpriced = await send(secrets.cost, "chat/free");
    expect(unpriced.status).toBe(403);
    expect(await unpriced.text()).toContain("chat/free");
    const explained = await fetch(`${stage.plexus.url}/api/explain`, {
      method: "POST",
      headers: { authorization: `Bearer ${stage.plexus.adminKey}` },
      body: JSON.stringify({ path: "/v1/chat/completions", key: "cost", body: ask("chat", "mixed") }),
    });
    expect(await explained.text()).toContain('"reason":"unpriced"');
    const mixed = await send(secrets.cost, "mixed", { max_tokens: 100 });
    expect([mixed.status, mixed.headers.get("x-plexus-target")]).toEqual([200, "priced/cheap"]);
    expect(mixed.headers.get("ratelimit-limit")).toBe("0.01");
    await free("cost");
    expect(await status("cost")).toMatchObject({ used: 0.000009 });
    const dear = await send(secrets.cost, "priced/dear");
    expect(dear.status).toBe(429);
    expect(await dear.text()).toContain("$0.01");
    const allowed = await send(secrets.allows, "chat/free");
    expect(allowed.status).toBe(200);
    expect(await status("allows")).toMatchObject({ used: 0 });
  });

  test("every quota of a key has to let a request pass, and none keeps what another refused", async () => {
    expect((await send(secrets.both, "chat/m", { max_tokens: 6000 })).status).toBe(200);
    expect(
      (await send(secrets.both, "chat/m", { messages: [{ role: "user", content: "word ".repeat(5000) }] })).status,
    ).toBe(429);
    expect(await status("rolling")).toMatchObject({ used: 1, reserved: 0 });
    const response = await send(secrets.both, "chat/m");
    expect([response.status, response.headers.get("ratelimit-limit")]).toEqual([200, "2"]);
    const refused = await send(secrets.both, "chat/m");
    expect([refused.status, Number(refused.headers.get("retry-after")) <= 31]).toEqual([429, true]);
  });

  test("a key holder sees what is left, and nothing of others", async () => {
    const response = await fetch(`${stage.plexus.url}/api/me`, {
      headers: { authorization: `Bearer ${secrets.both}` },
    });
    const me = (await response.json()) as { key: JsonObject; models: string[]; quotas: JsonObject[] };
    expect(me.key).toMatchObject({ name: "both", last4: secrets.both.slice(-4) });
    expect(me.models).toContain("mixed");
    expect(me.quotas.map(({ name, used }) => [name, used])).toEqual([
      ["rolling", 2],
      ["tokens", 14],
    ]);
    const plain = await fetch(`${stage.plexus.url}/api/me`, { headers: { authorization: `Bearer ${clientKey}` } });
    expect(((await plain.json()) as { quotas: unknown[] }).quotas).toEqual([]);
  });

  test("a client that leaves counts once, with what was generated; headers come with streams, too", async () => {
    await post("/api/quotas/three/reset");
    const { opening, text } = framesOf("chat", "endless");
    stage.upstream.on("endless", (visit) => void visit.events().send(opening).send(text("begun")));
    const gone = new AbortController();
    const body = ask("chat", "chat/endless", { stream: true });
    const response = await stage.send({ key: secrets.three, body, signal: gone.signal });
    expect(response.headers.get("ratelimit-remaining")).toBe("2");
    gone.abort();
    await free("three");
    expect(await status("three")).toMatchObject({ used: 1 });
  });

  test("a recompute counts what the rows say", async () => {
    const before = await status("tokens", "tokens");
    await post("/api/quotas/tokens/reset?key=tokens");
    expect(await status("tokens", "tokens")).toMatchObject({ used: 0 });
    expect(await status("tokens", "both")).toMatchObject({ used: 14 });
    const recomputed = await post("/api/quotas/tokens/recompute");
    expect(recomputed.status).toBe(200);
    expect(await status("tokens", "tokens")).toMatchObject({ used: before.used ?? -1 });
    expect(await status("tokens", "both")).toMatchObject({ used: 14 });
    expect((await post("/api/quotas/tokens/reset?key=three")).status).toBe(404);
    expect((await post("/api/quotas/none/reset")).status).toBe(404);
    expect((await post("/api/quotas/shared/reset?key=one")).status).toBe(400);
  });

  test("there is a PostgreSQL for this", () => {
    if (isMissing) console.log("quotas on postgres: ran on SQLite, for there is no PostgreSQL");
    expect(stage.plexus.url).toStartWith("http");
  });
});

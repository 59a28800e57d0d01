import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { newFolder, type Plexus, removeFolder, startPlexus } from "../support/plexus.ts";
import { type RawUpstream, type Script, startRawUpstream } from "../support/raw-upstream.ts";
import { ask, clientKey, paths, provider, wholeAnswer } from "./stage.ts";

const narrowKey = "sk-narrow-of-the-scenarios-01";
const folder = newFolder();
let upstream: RawUpstream;
let plexus: Plexus;

function config(): JsonObject {
  const many = (name: string) => ["a", "b", "c", "d"].map((id) => `${id}/${name}-${id}`);
  const price = (input: number) => ({ price: { input, output: 5 * input } });
  return {
    providers: {
      a: provider("chat", upstream, {
        models: { "cost-a": price(3), "seen-a": { vision: true }, "small-a": { context: 300 } },
      }),
      b: provider("chat", upstream, {
        models: { "cost-b": price(1), "seen-b": { vision: false }, "small-b": { context: 100 } },
      }),
      c: provider("chat", upstream, { models: { "cost-c": price(2) } }),
      d: provider("chat", upstream),
      off: provider("chat", upstream, { enabled: false }),
    },
    aliases: {
      sticky: { sticky: true, selector: "usage", targets: many("sticky") },
      cost: { selector: "cost", targets: many("cost") },
      latency: { selector: "latency", targets: many("latency").slice(0, 2) },
      chain: { selector: "in_order", targets: ["off/chain-off", "a/chain-a", "b/chain-b", "c/chain-c"] },
      seen: { selector: "in_order", targets: ["b/seen-b", "a/seen-a"] },
      small: { selector: "in_order", targets: ["b/small-b", "a/small-a"] },
      windows: { selector: "allowance", targets: ["a/windows-a", "b/windows-b"] },
    },
    keys: { test: { secret: clientKey }, narrow: { secret: narrowKey, providers: ["c", "d"], aliases: ["cost"] } },
    settings: { exploration: 0 },
  };
}

const start = () => startPlexus({ config: config(), folder });

beforeAll(async () => {
  upstream = await startRawUpstream();
  plexus = await start();
});
afterAll(async () => {
  await plexus.stop({ keep: true });
  upstream.stop();
  removeFolder(folder);
});

function good(model: string, headers: Record<string, string> = {}): Script {
  return (visit) => visit.answer(200, wholeAnswer("chat", model), headers);
}

const busy: Script = (visit) => visit.answer(503, { error: { message: "busy", type: "server_error", code: null } });

function send(body: JsonObject, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(plexus.url + paths.chat, {
    method: "POST",
    headers: { authorization: `Bearer ${clientKey}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function targetOf(body: JsonObject, headers: Record<string, string> = {}): Promise<string | null> {
  const response = await send(body, headers);
  expect(response.status).toBe(200);
  return response.headers.get("x-plexus-target");
}

interface Shown {
  target: string;
  verdict: string;
  reason: string | null;
  score: number | null;
}

interface Explained {
  target: string | null;
  refusal: { code: string; status: number } | null;
  routing: { snapshot: number; candidates: Shown[] } | null;
}

async function post(body: JsonObject): Promise<Response> {
  const headers = { authorization: `Bearer ${plexus.adminKey}` };
  return fetch(`${plexus.url}/api/explain`, { method: "POST", headers, body: JSON.stringify(body) });
}

async function explained(body: JsonObject, more: JsonObject = {}): Promise<Explained> {
  const response = await post({ path: paths.chat, body, ...more });
  expect(response.status).toBe(200);
  return (await response.json()) as unknown as Explained;
}

describe("explain", () => {
  test("says where a request would go and why nowhere else, and calls nobody", async () => {
    const { target, refusal, routing } = await explained(ask("chat", "cost"));
    expect([target, refusal]).toEqual(["b/cost-b", null]);
    const shown = routing?.candidates.map(({ target, verdict }) => `${target} ${verdict}`);
    expect(shown).toEqual(["b/cost-b chosen", "c/cost-c not-tried", "a/cost-a not-tried", "d/cost-d not-tried"]);
    const scores = routing?.candidates.map(({ score }) => score) ?? [];
    expect(scores.at(-1)).toBeNull();
    expect(scores[1]).toBeCloseTo(2 * (scores[0] ?? 0), -2);
    for (const id of "abcd") expect(upstream.visits(`cost-${id}`)).toEqual([]);
    const rows = (await plexus.api("/api/requests?limit=500")) as unknown as { data: { model: string }[] };
    expect(rows.data.filter(({ model }) => model === "cost")).toEqual([]);
  });

  test("goes by a key's lists, and tells the refusal that a client would get", async () => {
    const { target, routing } = await explained(ask("chat", "cost"), { key: "narrow" });
    expect(target).toBe("c/cost-c");
    expect(routing?.candidates.filter(({ reason }) => reason === "denied")).toHaveLength(2);
    const refused = await post({ path: paths.chat, body: ask("chat", "chain"), key: "narrow" });
    expect([refused.status, ((await refused.json()) as { title: string }).title]).toEqual([403, "forbidden"]);
    const off = await explained(ask("chat", "off/chain-off"));
    expect([off.target, off.refusal?.code, off.refusal?.status]).toEqual([null, "no-target", 503]);
    expect(off.routing?.candidates[0]?.reason).toBe("disabled");
  });

  test("knows what images need", async () => {
    const image = { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } };
    const body = { model: "seen", messages: [{ role: "user", content: [{ type: "text", text: "What?" }, image] }] };
    const { target, routing } = await explained(body);
    expect(target).toBe("a/seen-a");
    expect(routing?.candidates[1]).toMatchObject({ target: "b/seen-b", verdict: "passed-over", reason: "unable" });
    expect((await explained(ask("chat", "seen"))).target).toBe("b/seen-b");
  });

  test("leaves out whose context is too small, unless that is everybody's", async () => {
    const said = (characters: number) => ({
      model: "small",
      messages: [{ role: "user", content: "word ".repeat(characters / 5) }],
    });
    expect((await explained(said(100))).target).toBe("b/small-b");
    const { target, routing } = await explained(said(600));
    expect([target, routing?.candidates[1]?.reason]).toEqual(["a/small-a", "unable"]);
    expect((await explained(said(6000))).target).toBe("b/small-b");
  });

  test("names what is wrong with the question", async () => {
    const asked: [JsonObject, string][] = [
      [{ body: {} }, "path"],
      [{ path: "/v1/nowhere", body: {} }, "path"],
      [{ path: paths.chat }, "body"],
      [{ path: paths.chat, body: ask("chat", "cost"), key: "nobody" }, "key"],
      [{ path: paths.chat, body: ask("chat", "cost"), colour: "red" }, "colour"],
    ];
    for (const [body, name] of asked) {
      const response = await post(body);
      expect(response.status).toBe(400);
      expect(((await response.json()) as { detail: string }).detail).toContain(name);
    }
    expect((await post({ path: paths.chat, body: ask("chat", "unknown") })).status).toBe(404);
  });
});

describe("the record of a request", () => {
  test("shows who was passed over, who failed and who answered", async () => {
    upstream.on("chain-a", busy);
    upstream.on("chain-b", good("chain-b"));
    const response = await send(ask("chat", "chain"));
    const { routing } = (await plexus.row(response.headers.get("x-request-id"))) as unknown as Explained;
    expect(routing?.candidates.map(({ target, verdict, reason }) => [target, verdict, reason])).toEqual([
      ["a/chain-a", "failed", null],
      ["b/chain-b", "chosen", null],
      ["c/chain-c", "not-tried", null],
      ["off/chain-off", "passed-over", "disabled"],
    ]);
  });

  test("is there for a single target, too, and not for a name that leads nowhere", async () => {
    upstream.on("chain-b", good("chain-b"));
    const response = await send(ask("chat", "b/chain-b"));
    const { routing } = (await plexus.row(response.headers.get("x-request-id"))) as unknown as Explained;
    expect(routing?.candidates).toHaveLength(1);
    expect(routing?.candidates[0]).toMatchObject({ target: "b/chain-b", verdict: "chosen" });
    const lost = await send(ask("chat", "unknown"));
    expect(await plexus.row(lost.headers.get("x-request-id"))).not.toHaveProperty("routing");
  });
});

describe("sticky conversations", () => {
  const turns = (first: string, count: number): JsonObject => ({
    model: "sticky",
    messages: Array.from({ length: count }, (_, at) => ({
      role: at % 2 === 0 ? "user" : "assistant",
      content: at === 0 ? first : `Turn ${at}`,
    })),
  });

  test("a conversation stays where it began, another one goes where the selector says", async () => {
    for (const id of "abcd") upstream.on(`sticky-${id}`, good(`sticky-${id}`));
    expect(await targetOf(turns("First", 1))).toBe("a/sticky-a");
    expect(await targetOf(turns("Second", 1))).toBe("b/sticky-b");
    expect(await targetOf(turns("First", 3))).toBe("a/sticky-a");
    expect(await targetOf(turns("First", 5))).toBe("a/sticky-a");
    expect(await targetOf(turns("Third", 1))).toBe("c/sticky-c");
  });

  test("it is known by its session, whatever is said in it", async () => {
    const named = { "x-session-id": "session-1" };
    const began = await targetOf(turns("Named", 1), named);
    expect(await targetOf(turns("Something else", 1), named)).toBe(began);
    const keyed = { prompt_cache_key: "session-2" };
    const other = await targetOf({ ...turns("Keyed", 1), ...keyed });
    expect(await targetOf({ ...turns("Anything", 3), ...keyed })).toBe(other);
  });

  test("one that goes on from a kept answer stays, too", async () => {
    const respond = async (body: JsonObject) => {
      const headers = { authorization: `Bearer ${clientKey}`, "content-type": "application/json" };
      const sent = JSON.stringify({ model: "sticky", ...body });
      const response = await fetch(`${plexus.url}/v1/responses`, { method: "POST", headers, body: sent });
      const { id } = (await response.json()) as { id: string };
      return { id, target: response.headers.get("x-plexus-target") };
    };
    const first = await respond({ input: "Kept" });
    const others = new Set<string | null>();
    for (let count = 0; count < 8; count++) others.add((await respond({ input: `Unrelated ${count}` })).target);
    expect(others.size).toBe(4);
    const second = await respond({ input: "Go on", previous_response_id: first.id });
    const third = await respond({ input: "And on", previous_response_id: second.id });
    expect([second.target, third.target]).toEqual([first.target, first.target]);
  });

  test("a target that fails loses it to the one that answers", async () => {
    const began = await targetOf(turns("Unlucky", 1));
    const model = began?.split("/")[1] ?? "";
    upstream.on(model, busy);
    const second = await targetOf(turns("Unlucky", 3));
    expect(second).not.toBe(began);
    upstream.on(model, good(model));
    expect(await targetOf(turns("Unlucky", 5))).toBe(second);
  });
});

describe("measured selectors", () => {
  test("learn from answers, and a new process knows what was learned", async () => {
    const slowly = (ms: number, model: string): Script => {
      return async (visit) => {
        await Bun.sleep(ms);
        good(model)(visit);
      };
    };
    upstream.on("latency-a", slowly(120, "latency-a"));
    upstream.on("latency-b", slowly(5, "latency-b"));
    for (let round = 0; round < 4; round++) await targetOf(ask("chat", "latency"));
    expect(upstream.visits("latency-a")).toHaveLength(1);
    expect(upstream.visits("latency-b")).toHaveLength(3);
    await plexus.stop({ keep: true });
    plexus = await start();
    const { target, routing } = await explained(ask("chat", "latency"));
    expect(target).toBe("b/latency-b");
    expect(routing?.candidates[1]?.score).toBeGreaterThan(100);
  });

  test("an allowance that would be lost is used first", async () => {
    const at = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds);
    const used = (percent: number) => ({ "x-codex-primary-used-percent": String(percent) });
    const window = { "x-codex-primary-window-minutes": "300", "x-codex-primary-reset-at": at(600) };
    upstream.on("windows-a", good("windows-a", { ...used(90), ...window }));
    upstream.on("windows-b", good("windows-b", { ...used(10), ...window }));
    expect(await targetOf(ask("chat", "windows"))).toBe("a/windows-a");
    expect(await targetOf(ask("chat", "windows"))).toBe("b/windows-b");
    expect(await targetOf(ask("chat", "windows"))).toBe("b/windows-b");
    const { routing } = await explained(ask("chat", "windows"));
    expect(routing?.candidates[0]?.score).toBeCloseTo(0.9 * (1 - 600 / 18_000), 1);
  });
});

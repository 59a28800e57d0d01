import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../src/model/json.ts";
import { startPlexus } from "../support/plexus.ts";
import { sharedPostgres } from "../support/postgres.ts";
import { type Script, startRawUpstream } from "../support/raw-upstream.ts";
import { ask, clientKey, framesOf, openStage, provider, type Stage, until, wholeAnswer } from "./stage.ts";

let stage: Stage;
/** Every test has providers and models of its own. */
const count = 30;
const adminKey = "adm-of-the-cooldowns-0123456789";

beforeAll(async () => {
  stage = await openStage(
    (url) => {
      const at = { url };
      const numbers = Array.from({ length: count }, (_, n) => n);
      const cooled = (n: number) => [`p${n}`, provider("chat", at, { cooldown: true })];
      const alias = (n: number) => [`both${n}`, { selector: "in_order", targets: [`p${n}/m${n}`, `spare/s${n}`] }];
      return {
        providers: {
          ...Object.fromEntries(numbers.map(cooled)),
          spare: provider("chat", at),
          gone: { protocols: { chat: "http://127.0.0.1:1/v1" }, api_key: "x" },
        },
        aliases: {
          ...Object.fromEntries(numbers.map(alias)),
          lost: { selector: "in_order", targets: ["gone/m", "spare/s-lost"] },
        },
        settings: { cooldown: { initial_s: 2, max_s: 6, probe_s: 1 } },
      };
    },
    { ADMIN_KEY: adminKey },
  );
});
afterAll(() => stage.stop());

let next = 0;

/** A target that is cooled and one that always answers. */
function scene(script: Script) {
  const n = next++;
  const models = { own: `m${n}`, spare: `s${n}` };
  stage.upstream.on(models.own, script);
  stage.upstream.on(models.spare, (visit) => visit.answer(200, wholeAnswer("chat", models.spare)));
  const visits = () => stage.upstream.visits(models.own).length;
  const alone = (more: JsonObject = {}) => stage.send({ body: ask("chat", `p${n}/m${n}`, more) });
  const both = (more: JsonObject = {}) => stage.send({ body: ask("chat", `both${n}`, more) });
  const listed = async () => (await cooldowns()).filter((one) => one.provider === `p${n}`);
  return { ...models, n, provider: `p${n}`, visits, alone, both, listed };
}

async function api(method: string, path: string): Promise<{ status: number; body: JsonObject }> {
  const headers = { authorization: `Bearer ${adminKey}` };
  const response = await fetch(`${stage.plexus.url}/api/cooldowns${path}`, { method, headers });
  return { status: response.status, body: (await response.json()) as JsonObject };
}

async function cooldowns(): Promise<JsonObject[]> {
  return (await api("GET", "")).body.data as JsonObject[];
}

const refuse =
  (status: number, body: JsonObject = { error: { message: "no" } }, headers: Record<string, string> = {}): Script =>
  (visit) =>
    visit.answer(status, body, headers);
const good: Script = (visit) => visit.answer(200, wholeAnswer("chat", "m"));

/** Answers by the first script until it is told to answer by another. */
function turning(first: Script) {
  const now = { script: first };
  return { now, script: ((visit) => now.script(visit)) as Script };
}

describe("a target that failed", () => {
  test("is left out while others answer, and tried again when its time is over", async () => {
    const { now, script } = turning(refuse(500));
    const one = scene(script);
    for (let at = 0; at < 3; at++) expect((await one.both()).headers.get("x-plexus-target")).toBe(`spare/${one.spare}`);
    expect(one.visits()).toBe(1);
    expect(await one.listed()).toMatchObject([
      { scope: "model", model: one.own, state: "cooled", reason: "upstream-failed", failures: 1, next_step_s: 4 },
    ]);
    now.script = good;
    await Bun.sleep(2100);
    expect((await one.both()).headers.get("x-plexus-target")).toBe(`${one.provider}/${one.own}`);
    expect(await one.listed()).toEqual([]);
  });

  test("is answered for with 503 and the time when nothing else is left", async () => {
    const one = scene(refuse(429, undefined, { "retry-after": "90" }));
    expect((await one.alone()).status).toBe(429);
    const response = await one.alone();
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(response.headers.get("x-plexus-target")).toBeNull();
    expect(one.visits()).toBe(1);
  });

  test("is tried at once when it is the last and its time ends within 5 s", async () => {
    const one = scene(refuse(500));
    await one.alone();
    expect((await one.alone()).status).toBe(502);
    expect(one.visits()).toBe(2);
  });

  test("is only held for a moment that its provider states, and nothing is counted", async () => {
    const one = scene(refuse(429, undefined, { "retry-after-ms": "1500" }));
    await one.both();
    await one.both();
    expect(one.visits()).toBe(1);
    expect(await one.listed()).toEqual([]);
    await Bun.sleep(1600);
    await one.both();
    expect(one.visits()).toBe(2);
  });

  test("counts once for requests that fail together", async () => {
    const one = scene(async (visit) => {
      await Bun.sleep(200);
      visit.answer(500, { error: { message: "no" } });
    });
    await Promise.all(Array.from({ length: 10 }, () => one.alone()));
    expect(one.visits()).toBe(10);
    expect(await one.listed()).toMatchObject([{ failures: 1 }]);
  });

  test("is cooled with its account, and all models of it", async () => {
    const one = scene(refuse(402));
    stage.upstream.on(`other${one.n}`, good);
    await one.alone();
    expect(await one.listed()).toMatchObject([{ scope: "account", model: null, reason: "billing" }]);
    const other = () => stage.send({ body: ask("chat", `p${one.n}/other${one.n}`) });
    expect((await other()).status).toBe(503);
  });

  test("is cooled with its provider when that cannot be reached twice", async () => {
    stage.upstream.on("s-lost", (visit) => visit.answer(200, wholeAnswer("chat", "s-lost")));
    for (let at = 0; at < 2; at++) await stage.send({ body: ask("chat", "lost") });
    const [found] = (await cooldowns()).filter((one) => one.provider === "gone");
    expect(found).toMatchObject({ scope: "provider", model: null, reason: "upstream-unreachable" });
    const response = await stage.send({ body: ask("chat", "lost") });
    expect(response.headers.get("x-plexus-attempts")).toBe("1");
  });
});

describe("a stream", () => {
  const cut: Script = async (visit) => {
    const frames = framesOf("chat", "m");
    visit.events().send(frames.opening).send(frames.text("Hel"));
    await Bun.sleep(100);
    visit.cut();
  };

  test("that breaks after its first bytes cools its model once", async () => {
    const one = scene(cut);
    await (await one.both({ stream: true })).text();
    expect(await one.listed()).toMatchObject([{ scope: "model", failures: 1 }]);
    expect((await one.both({ stream: true })).headers.get("x-plexus-target")).toBe(`spare/${one.spare}`);
  });

  test("whose client left first cools nothing", async () => {
    const one = scene(async (visit) => {
      const frames = framesOf("chat", "m");
      visit.events().send(frames.opening).send(frames.text("Hel"));
      await Bun.sleep(300);
      visit.cut();
    });
    const controller = new AbortController();
    const body = ask("chat", `p${one.n}/m${one.n}`, { stream: true });
    const response = await stage.send({ body, signal: controller.signal });
    await response.body?.getReader().read();
    controller.abort();
    await Bun.sleep(500);
    expect(await one.listed()).toEqual([]);
  });

  test("whose error comes inside a 200 before any content is a failure, and the next target answers", async () => {
    const one = scene((visit) => {
      visit.events().send('data: {"error":{"message":"Insufficient balance","code":402}}\n\n');
      visit.end();
    });
    const response = await one.both({ stream: true });
    expect(await response.text()).toContain("[DONE]");
    expect(await one.listed()).toMatchObject([{ scope: "account", reason: "billing" }]);
  });

  test("that is a trial closes the cooldown at its first content", async () => {
    const { now, script } = turning(refuse(500));
    const one = scene(script);
    await one.both();
    let finish = () => {};
    now.script = async (visit) => {
      const frames = framesOf("chat", "m");
      visit.events().send(frames.opening);
      await Bun.sleep(300);
      visit.send(frames.text("Hello"));
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      visit.send(frames.ending);
      visit.end();
    };
    await Bun.sleep(2100);
    const trial = one.both({ stream: true });
    await until(() => one.visits() === 2);
    expect(await one.listed()).toMatchObject([{ state: "probing" }]);
    expect((await one.both({ stream: true })).headers.get("x-plexus-target")).toBe(`spare/${one.spare}`);
    const response = await trial;
    expect(response.headers.get("x-plexus-target")).toBe(`${one.provider}/${one.own}`);
    expect(await one.listed()).toEqual([]);
    finish();
    await response.text();
  });
});

test("requests that are wrong themselves cool nothing", async () => {
  for (const [status, code] of [
    [400, "x"],
    [404, "model_not_found"],
    [400, "context_length_exceeded"],
    [400, "content_filter"],
    [413, "x"],
  ] as const) {
    const one = scene(refuse(status, { error: { message: "no", code } }));
    await one.alone();
    expect(await one.listed()).toEqual([]);
  }
});

test("a provider that claims 156 hours and recovers is used again within probe_s", async () => {
  const { now, script } = turning(refuse(429, undefined, { "retry-after": String(156 * 3600) }));
  const one = scene(script);
  await one.both();
  let inFlight = 0;
  let most = 0;
  const counted =
    (what: Script): Script =>
    async (visit) => {
      most = Math.max(most, ++inFlight);
      await Bun.sleep(100);
      inFlight--;
      await what(visit);
    };
  now.script = counted(refuse(429, undefined, { "retry-after": String(156 * 3600) }));
  const began = performance.now();
  const asking = async () => {
    while (performance.now() - began < 2300) {
      await one.both();
      await Bun.sleep(10);
    }
  };
  await Promise.all([asking(), asking(), asking(), asking()]);
  expect(one.visits()).toBe(3);
  expect(most).toBe(1);
  now.script = counted(good);
  await Bun.sleep(1100);
  expect((await one.both()).headers.get("x-plexus-target")).toBe(`${one.provider}/${one.own}`);
  expect(await one.listed()).toEqual([]);
});

describe("the management API", () => {
  test("lists, clears one, those of a provider, or all, and tells the history", async () => {
    const one = scene(refuse(500));
    const other = scene(refuse(500));
    const odd = `x/y:free${one.n}`;
    stage.upstream.on(odd, refuse(500));
    await one.alone();
    await other.alone();
    await stage.send({ body: ask("chat", `p${one.n}/${odd}`) });
    expect(await one.listed()).toHaveLength(2);
    expect((await api("DELETE", `/p${one.n}/${odd}`)).body).toEqual({ cleared: 1 });
    expect(await one.listed()).toMatchObject([{ model: one.own }]);
    expect((await api("DELETE", `/p${one.n}/${encodeURIComponent(one.own)}`)).body).toEqual({ cleared: 1 });
    expect((await api("DELETE", `?provider=p${other.n}&scope=account`)).body).toEqual({ cleared: 0 });
    expect((await api("DELETE", `/p${other.n}`)).body).toEqual({ cleared: 1 });
    await one.alone();
    expect(one.visits()).toBe(2);
    await api("DELETE", "");
    expect(await cooldowns()).toEqual([]);
    const history = (await api("GET", "/history?limit=500")).body.data as JsonObject[];
    const own = history.filter(({ provider, model }) => provider === `p${one.n}` && model === one.own);
    expect(own.map(({ kind }) => kind)).toEqual(["cleared", "cooled", "cleared", "cooled"]);
    expect(own[0]).toMatchObject({ reason: "upstream-failed", message: "no" });
  });

  test("wants the admin key, and filters that it knows", async () => {
    expect((await fetch(`${stage.plexus.url}/api/cooldowns`)).status).toBe(401);
    const headers = { authorization: `Bearer ${clientKey}` };
    expect((await fetch(`${stage.plexus.url}/api/cooldowns`, { method: "DELETE", headers })).status).toBe(401);
    expect((await api("DELETE", "?modle=x")).status).toBe(400);
    expect((await api("DELETE", "?scope=world")).status).toBe(400);
  });

  test("shows no secret that a provider repeats", async () => {
    const secret = "up-of-the-scenarios-0123456789";
    const one = scene(refuse(500, { error: { message: `bad key ${secret}` } }));
    await one.alone();
    const [listed] = await one.listed();
    expect(JSON.stringify(listed)).not.toContain(secret);
  });
});

describe("after the end of a process", () => {
  const world = async (
    urls: { databaseUrl?: string; folder?: string },
    upstreamUrl: string,
    apiKey = "up-0123456789",
  ) =>
    startPlexus({
      ...(urls.folder ? { folder: urls.folder } : {}),
      environment: { ADMIN_KEY: adminKey, ...(urls.databaseUrl ? { DATABASE_URL: urls.databaseUrl } : {}) },
      config: {
        providers: { a: provider("chat", { url: upstreamUrl }, { cooldown: true, api_key: apiKey }) },
        keys: { test: { secret: clientKey } },
        settings: { cooldown: { initial_s: 2, max_s: 600, probe_s: 2 } },
      },
    });
  const send = (url: string, model: string) =>
    fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${clientKey}` },
      body: JSON.stringify(ask("chat", `a/${model}`)),
    });

  test("a killed gateway still knows what was cooled, and a new credential begins well", async () => {
    const upstream = await startRawUpstream();
    upstream.on("broken", refuse(500));
    upstream.on("refused", refuse(401));
    const first = await world({}, upstream.url);
    const { folder } = first;
    try {
      expect((await send(first.url, "refused")).status).toBe(502);
      await Bun.sleep(500);
      await first.stop({ signal: "SIGKILL", keep: true });
      const second = await world({ folder }, upstream.url);
      const { data } = (await second.api("/api/cooldowns")) as { data: JsonObject[] };
      expect(data).toMatchObject([{ scope: "account", provider: "a", reason: "upstream-auth", failures: 1 }]);
      expect((await send(second.url, "broken")).status).toBe(503);
      expect(upstream.visits("broken")).toHaveLength(0);
      await second.stop({ keep: true });
      const third = await world({ folder }, upstream.url, "another-key-0123456789");
      expect((await third.api("/api/cooldowns")).data).toEqual([]);
      expect((await send(third.url, "broken")).status).toBe(502);
      await third.stop();
    } finally {
      upstream.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);

  for (const dialect of ["sqlite", "postgres"] as const) {
    test(`two gateways on one ${dialect} share cooldowns and have one trial between them`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "plexus-test-"));
      const databaseUrl =
        dialect === "sqlite" ? `sqlite://${join(folder, "shared.db")}` : await (await sharedPostgres())?.createUrl();
      if (databaseUrl === undefined) return;
      const upstream = await startRawUpstream();
      let inFlight = 0;
      let most = 0;
      let isWell = false;
      upstream.on("m", async (visit) => {
        most = Math.max(most, ++inFlight);
        await Bun.sleep(300);
        inFlight--;
        if (isWell) visit.answer(200, wholeAnswer("chat", "m"));
        else visit.answer(429, { error: { message: "week" } }, { "retry-after": String(156 * 3600) });
      });
      const gateways = [await world({ databaseUrl }, upstream.url), await world({ databaseUrl }, upstream.url)];
      try {
        expect((await send(gateways[0]?.url ?? "", "m")).status).toBe(429);
        await Bun.sleep(1000);
        expect((await send(gateways[1]?.url ?? "", "m")).status).toBe(503);
        const began = performance.now();
        const asking = async (url: string) => {
          while (performance.now() - began < 4000) {
            await send(url, "m").then((response) => response.text());
            await Bun.sleep(20);
          }
        };
        await Promise.all(gateways.flatMap(({ url }) => [asking(url), asking(url)]));
        expect(most).toBe(1);
        expect(upstream.visits("m").length).toBeGreaterThanOrEqual(2);
        expect(upstream.visits("m").length).toBeLessThanOrEqual(4);
        isWell = true;
        const statuses: number[] = [];
        while (!statuses.includes(200) && performance.now() - began < 8000) {
          for (const { url } of gateways) statuses.push((await send(url, "m")).status);
          await Bun.sleep(20);
        }
        await Bun.sleep(800);
        for (const { url } of gateways) expect((await send(url, "m")).status).toBe(200);
      } finally {
        for (const gateway of gateways) await gateway.stop();
        upstream.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    }, 60_000);
  }
});

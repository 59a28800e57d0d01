/** The holder of a client key in the console: own pages, nothing else, and only as long as the key is in force. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ConsoleOptions } from "../../src/console/deps.ts";
import { createConsole } from "../../src/console/index.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

const teamKey = "sk-team-of-the-holder-tests";
const shyKey = "sk-shy-of-the-holder-tests";
let gateway: Gateway;
/** Ids of one request of each key. */
let ids: Record<"test" | "team" | "shy", string>;

beforeAll(async () => {
  gateway = await startGateway({
    config: {
      settings: { trusted_proxies: ["127.0.0.1"] },
      aliases: { one: { targets: ["demo/demo"] }, two: { targets: ["demo/demo"] } },
      quotas: { calls: { unit: "requests", limit: 100, window: "daily" } },
      keys: {
        team: { secret: teamKey, aliases: ["one"], quotas: ["calls"] },
        shy: { secret: shyKey, reveal_target: false },
      },
    },
  });
  ids = { test: await ask(gateway.clientKey), team: await ask(teamKey), shy: await ask(shyKey) };
  await ask(shyKey, "demo/fail-500");
});
afterAll(() => gateway.stop());

function send(key: string, model: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello!" }] }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function ask(key: string, model = "one"): Promise<string> {
  const response = await send(key, model);
  await response.text();
  const id = response.headers.get("x-request-id") ?? "";
  await gateway.request(id);
  return id;
}

function post(path: string, fields: Record<string, string>, cookie = "", address = "192.0.2.1"): Promise<Response> {
  return fetch(gateway.url + path, {
    ...{ method: "POST", redirect: "manual", body: String(new URLSearchParams(fields)) },
    headers: {
      ...{ "content-type": "application/x-www-form-urlencoded", origin: gateway.url, cookie },
      "x-forwarded-for": address,
    },
  });
}

async function signIn(key: string, more: { next?: string; address?: string } = {}): Promise<[string, string | null]> {
  const response = await post("/console/login", { key, next: more.next ?? "" }, "", more.address);
  expect(response.status).toBe(303);
  return [response.headers.get("set-cookie")?.split(";")[0] ?? "", response.headers.get("location")];
}

function get(path: string, cookie: string, address = "192.0.2.1"): Promise<Response> {
  return fetch(gateway.url + path, { headers: { cookie, "x-forwarded-for": address }, redirect: "manual" });
}

async function text(path: string, cookie: string): Promise<string> {
  const response = await get(path, cookie);
  expect([path, response.status]).toEqual([path, 200]);
  return response.text();
}

/** The management API, which changes the configuration. */
async function api(method: string, path: string, body: object): Promise<string> {
  const headers = { authorization: `Bearer ${gateway.adminKey}`, "content-type": "application/json" };
  const response = await fetch(gateway.url + path, { method, headers, body: JSON.stringify(body) });
  const told = await response.text();
  expect([path, response.ok, told]).toEqual([path, true, told]);
  return told;
}

/** A key of the database with its secret. */
async function made(name: string, value: object = {}): Promise<string> {
  return (JSON.parse(await api("POST", "/api/config/keys", { name, value })) as { secret: string }).secret;
}

describe("a client key signs in", () => {
  test("to the pages of its holder, whatever page was wanted", async () => {
    for (const next of ["", "/console", "/console/requests", "/console/meeting"]) {
      expect((await signIn(teamKey, { next }))[1]).toBe("/console/me");
    }
    expect((await signIn(teamKey, { next: "/console/me/usage?by=alias" }))[1]).toBe("/console/me/usage?by=alias");
    expect((await signIn(gateway.adminKey, { next: "/console/me" }))[1]).toBe("/console");
  });

  test("with the label that clients may put behind it, too", async () => {
    expect((await signIn(`${teamKey}:laptop`))[1]).toBe("/console/me");
  });
});

test("a holder finds nothing at any address of the admin", async () => {
  const { routes } = createConsole({ protocols: [] } as unknown as ConsoleOptions);
  const others = routes.filter(({ access }) => access === "session");
  expect(others.length).toBeGreaterThan(8);
  const [cookie] = await signIn(teamKey);
  const csrf = /name="csrf" value="([\w-]+)"/.exec(await text("/console/me", cookie))?.[1] ?? "";
  for (const { method, path } of others) {
    const at = path.replace(/:\w+/g, ids.team).replace(/\*$/, "some/thing");
    const response = method === "GET" ? await get(at, cookie) : await post(at, { csrf }, cookie);
    const page = await response.text();
    expect([method, at, response.status]).toEqual([method, at, 404]);
    expect(page).toContain('href="/console/me"');
    expect(page).not.toContain("/console/quotas");
  }
});

test("the admin has no key whose pages could be shown", async () => {
  const [cookie] = await signIn(gateway.adminKey);
  for (const path of ["/console/me", "/console/me/requests", "/console/me/rotate"]) {
    expect([path, (await get(path, cookie)).status]).toEqual([path, 404]);
  }
});

test("what a holder sees is of the own key alone", async () => {
  const [cookie] = await signIn(teamKey);
  const list = await text("/console/me/requests", cookie);
  expect(list).toContain(`r-${ids.team}`);
  for (const id of [ids.test, ids.shy]) expect(list).not.toContain(id);
  const forced = await text(`/console/me/requests?key=test&q=${ids.test}`, cookie);
  expect(forced).toContain("key, which this list has not");
  expect(forced).not.toContain(`r-${ids.test}`);
  const boxed = await text("/console/me/requests?q=key:test", cookie);
  expect(boxed).not.toContain(`r-${ids.test}`);
  const own = await text(`/console/me/requests/${ids.team}`, cookie);
  expect(own).toContain("Served by demo/demo");
  expect(own).not.toMatch(/href="\/console\/(?!me|assets)/);
  for (const id of [ids.test, ids.shy, "nothing"]) {
    expect((await get(`/console/me/requests/${id}`, cookie)).status).toBe(404);
  }
  const usage = await text("/console/me/usage?by=none&measure=requests&range=24h", cookie);
  expect(usage).toMatch(/<tfoot>.*?Total<\/th><td class="number">1<\/td>/s);
  const page = await text("/console/me", cookie);
  expect(page).toContain("<code>one</code>");
  expect(page).not.toContain("<code>two</code>");
  expect(page).toMatch(/100 requests\s+a day/);
  expect(page).toContain("99 requests");
  expect(await text("/console/me/connect?model=two", cookie)).not.toContain("two");
});

test("where targets are not revealed, neither they nor costs are on any page", async () => {
  const [cookie] = await signIn(shyKey);
  const failed = /r-([\w-]{36})/.exec(await text("/console/me/requests", cookie))?.[1];
  for (const path of ["", "/requests", `/requests/${ids.shy}`, `/requests/${failed}`, "/usage?by=model&measure=cost"]) {
    const page = (await text(`/console/me${path}`, cookie)).replaceAll("demo/fail-500", "");
    expect([path, /demo\/|Served by (?!Plexus)|Cost|\$\d|no price/.exec(page)?.[0]]).toEqual([path, undefined]);
  }
  for (const query of ["model=demo/demo", "q=provider:demo"]) {
    const page = await text(`/console/me/requests?${query}`, cookie);
    expect(page).toContain(`${query.split("=")[0]}, which this list has not`);
    expect(page).toContain(`r-${ids.shy}`);
  }
});

test("what runs is shown as it goes, of the own key alone", async () => {
  const [team] = await signIn(teamKey);
  const [shy] = await signIn(shyKey);
  expect(await text("/console/me/requests", team)).toContain('href="/console/me/running"');
  expect(await text("/console/me/running", team)).toContain("No request of your key is");
  const leaving = new AbortController();
  const left = [gateway.clientKey, shyKey].map((key) => send(key, "demo/hang", leaving.signal).catch(() => "left"));
  const part = { "hx-request": "true", "hx-request-type": "partial" };
  const polled = (path: string, cookie: string) => fetch(gateway.url + path, { headers: { cookie, ...part } });
  let shown = "";
  for (let turn = 0; turn < 100 && !shown.includes("<tr id="); turn++) {
    shown = await (await polled("/console/me/running", shy)).text();
    await Bun.sleep(20);
  }
  const own = [...shown.matchAll(/<tr id="r-([^"]+)"/g)].map(([, id = ""]) => id);
  expect(own).toHaveLength(1);
  expect(shown).toContain("Waiting for the first token of the provider");
  expect(shown).toContain(`href="/console/me/requests/${own[0]}"`);
  expect(await text("/console/me/running", team)).not.toContain("<tr id=");
  const page = await text(`/console/me/requests/${own[0]}`, shy);
  expect(page).toContain(`data-watch="/console/me/live?watch=${own[0]}"`);
  expect(page).toContain(`hx-get="/console/me/requests/${own[0]}"`);
  expect(page.replaceAll("demo/hang", "")).not.toMatch(/demo\/|Cost|href="\/console\/(?!me|assets)/);
  expect((await get(`/console/me/requests/${own[0]}`, team)).status).toBe(404);
  const [admin] = await signIn(gateway.adminKey);
  expect((await (await polled("/console/running", admin)).text()).match(/<tr id=/g)).toHaveLength(2);
  leaving.abort();
  expect(await Promise.all(left)).toEqual(["left", "left"]);
  await gateway.request(own[0] ?? "");
  const over = await polled(`/console/me/requests/${own[0]}`, shy);
  expect(over.headers.get("hx-redirect")).toBe(`/console/me/requests/${own[0]}`);
}, 20_000);

test("the news of a holder's list ends with the key", async () => {
  const secret = await made("listener");
  const [cookie] = await signIn(secret);
  const stream = await get("/console/me/live", cookie);
  expect(stream.headers.get("content-type")).toBe("text/event-stream");
  const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
  const heard = async () => new TextDecoder().decode((await reader.read()).value);
  expect(await heard()).toContain("event: open");
  await ask(gateway.clientKey, "two");
  await ask(secret, "two");
  expect(await heard()).toContain('{"closed":1,"all":1}');
  await reader.cancel();
  await api("PATCH", "/api/config/keys/listener", { enabled: false });
  expect((await get("/console/me/live", cookie)).status).toBe(303);
});

describe("the session of a holder ends", () => {
  const ended = async (cookie: string) => {
    const until = Date.now() + 3000;
    for (;;) {
      const { status } = await get("/console/me", cookie);
      if (status === 303 || Date.now() > until) return status;
      await Bun.sleep(20);
    }
  };

  test("when the key is disabled, and does not go on when it is enabled again", async () => {
    const [cookie] = await signIn(await made("disabled"));
    expect((await get("/console/me", cookie)).status).toBe(200);
    await api("PATCH", "/api/config/keys/disabled", { enabled: false });
    expect(await ended(cookie)).toBe(303);
    await api("PATCH", "/api/config/keys/disabled", { enabled: true });
    expect((await get("/console/me", cookie)).status).toBe(303);
  });

  test("when the key is deleted, also when another one gets its name", async () => {
    const [cookie] = await signIn(await made("deleted"));
    await api("DELETE", "/api/config/keys/deleted", {});
    await made("deleted");
    expect(await ended(cookie)).toBe(303);
  });

  test("when the key expires", async () => {
    const secret = await made("expired");
    const [cookie] = await signIn(secret);
    await api("PATCH", "/api/config/keys/expired", { expires_at: new Date(Date.now() - 1000).toISOString() });
    expect(await ended(cookie)).toBe(303);
    expect((await post("/console/login", { key: secret }, "", "192.0.2.70")).status).toBe(401);
  });

  test("when it is used from an address that the key does not take", async () => {
    const secret = await made("home", { ips: ["192.0.2.0/25"] });
    const [cookie] = await signIn(secret);
    expect((await get("/console/me", cookie)).status).toBe(200);
    expect((await get("/console/me", cookie, "192.0.2.200")).status).toBe(303);
    expect((await post("/console/login", { key: secret }, "", "192.0.2.201")).status).toBe(401);
  });

  test("when the secret is rotated, though requests may use the former one for a while", async () => {
    const secret = await made("rotated");
    const [cookie] = await signIn(secret);
    await api("POST", "/api/config/keys/rotated/rotate", { overlap_s: 3600 });
    expect(await ended(cookie)).toBe(303);
    expect((await post("/console/login", { key: secret }, "", "192.0.2.71")).status).toBe(401);
    await ask(secret, "two");
  });

  test("when its owner signs out", async () => {
    const [cookie] = await signIn(teamKey);
    const csrf = /name="csrf" value="([\w-]+)"/.exec(await text("/console/me", cookie))?.[1] ?? "";
    expect((await post("/console/logout", { csrf: "x" }, cookie)).status).toBe(403);
    expect((await post("/console/logout", { csrf }, cookie)).status).toBe(303);
    expect((await get("/console/me", cookie)).status).toBe(303);
  });
});

test("a holder makes a new secret, sees it once, and stays signed in with it", async () => {
  const former = await made("own");
  const [cookie] = await signIn(former);
  const csrf = /name="csrf" value="([\w-]+)"/.exec(await text("/console/me/rotate", cookie))?.[1] ?? "";
  expect((await post("/console/me/rotate", { csrf, hours: "9000" }, cookie)).status).toBe(400);
  const response = await post("/console/me/rotate", { csrf, hours: "1" }, cookie);
  const page = await response.text();
  expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
  const secret = /id="secret">(sk-[\w-]+)</.exec(page)?.[1] ?? "";
  const renewed = response.headers.get("set-cookie")?.split(";")[0] ?? "";
  expect((await get("/console/me", cookie)).status).toBe(303);
  expect(await text("/console/me", renewed)).not.toContain(secret);
  await ask(secret, "two");
  await ask(former, "two");
  expect(await text("/console/me/requests", renewed)).toContain("200 success");
});

test("a key of the configuration file is changed there", async () => {
  const [cookie] = await signIn(teamKey);
  const page = await text("/console/me/rotate", cookie);
  expect(page).toContain("The configuration file defines this key");
  const csrf = /name="csrf" value="([\w-]+)"/.exec(page)?.[1] ?? "";
  expect((await post("/console/me/rotate", { csrf, hours: "0" }, cookie)).status).toBe(409);
});

/** Incident mode over plain HTTP: failures by their cause, and what is done about them at once. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { putLast } from "../../src/console/alias-draft.ts";
import { clockOf } from "../../views/parts/format.ts";
import { incidentSummary } from "../../views/parts/incident-summary.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

const holderKey = "sk-holder-of-incidents-0123456789";
const teapot = "The teapot takes no more water";
let gateway: Gateway;
let upstream: ReturnType<typeof Bun.serve>;
let admin = "";
const ids: string[] = [];

beforeAll(async () => {
  upstream = Bun.serve({
    port: 0,
    fetch: () => Response.json({ error: { message: teapot } }, { status: 429, headers: { "retry-after": "600" } }),
  });
  const protocols = { chat: `http://127.0.0.1:${upstream.port}/v1` };
  gateway = await startGateway({
    config: { keys: { own: { secret: holderKey } }, providers: { filed: { protocols, api_key: "sk-filed" } } },
  });
  await put("providers/busy", { protocols, api_key: "sk-upstream-of-incidents" });
  await put("aliases/mix", { selector: "cost", targets: ["busy/tea", "filed/tea"] });
  await put("aliases/row", { selector: "in_order", targets: ["busy/tea", "filed/tea"] });
  await put("aliases/only", { targets: ["busy/tea"] });
  for (const model of ["busy/tea", "filed/tea", "nobody/nothing", "only"]) ids.push(await send(model));
  admin = await signIn(gateway.adminKey);
}, 60_000);
afterAll(async () => {
  await gateway.stop();
  await upstream.stop(true);
});

async function put(path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${gateway.adminKey}`, "content-type": "application/json" };
  const options = { method: "PUT", headers, body: JSON.stringify(body) };
  expect((await fetch(`${gateway.url}/api/config/${path}`, options)).ok).toBe(true);
}

async function send(model: string): Promise<string> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.clientKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Water, please." }] }),
  });
  await response.text();
  const id = response.headers.get("x-request-id") ?? "";
  await gateway.request(id);
  return id;
}

async function signIn(key: string): Promise<string> {
  const response = await post("/console/login", { key }, "");
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

function post(path: string, fields: Record<string, string>, cookie = admin): Promise<Response> {
  const headers = { "sec-fetch-site": "same-origin", cookie };
  const body = new URLSearchParams(fields);
  return fetch(gateway.url + path, { method: "POST", headers, body, redirect: "manual" });
}

async function page(path: string, cookie = admin): Promise<string> {
  const response = await fetch(gateway.url + path, { headers: { cookie } });
  expect([path, response.status]).toEqual([path, 200]);
  return response.text();
}

/** As people read it. */
function words(html: string): string {
  return html
    .replace(/<[^>]+>/g, " ")
    .replaceAll("&#39;", "'")
    .replace(/\s+/g, " ");
}

function cards(html: string): string[] {
  return html.split('<li class="card">').slice(1);
}

async function csrf(): Promise<string> {
  return /name="csrf" value="([^"]+)"/.exec(await page("/console/requests?group=cause"))?.[1] ?? "";
}

describe("failures by cause", () => {
  test("are groups with whom they hit, the newest, and what can be done", async () => {
    const html = await page("/console/requests?group=cause&range=1h");
    const all = cards(html);
    const busy = all.find((card) => words(card).includes("busy ✕ rate-limited, answered 429")) ?? "";
    expect(words(busy)).toContain(`The newest ${teapot}`);
    expect(words(busy)).toContain("Keys test (1)");
    expect(busy).toContain(`/console/requests/${ids[0]}?`);
    expect(busy).toContain('action="/console/providers/busy/enabled"');
    expect(words(busy)).toContain("Put busy/tea last in mix, row");
    expect(words(busy)).toContain("Clear its cooldowns");
    expect(words(busy)).not.toContain("Give it more time");
    const filed = all.find((card) => words(card).includes("filed ✕ rate-limited")) ?? "";
    expect(words(filed)).toContain("is of the configuration file");
    expect(filed).not.toContain("/enabled");
    const unknown = all.find((card) => words(card).includes("Before any provider ✕ not-found")) ?? "";
    expect(words(unknown)).not.toMatch(/last in|Switch|Clear/);
    // What belongs to a list is not there.
    expect(html).not.toMatch(/data-live|requests\.csv|Saved views/);
  });

  test("lead to the list of each, which leads back", async () => {
    const [first = ""] = cards(await page("/console/requests?group=cause&provider=busy&q=code:rate-limited"));
    const same = /href="(\/console\/requests\?[^"]+)">\s*See these/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(same).not.toContain("group");
    const list = await page(same);
    expect(list.match(/id="r-[\w-]+"/g)).toEqual([`id="r-${ids[0]}"`]);
    expect(list).toContain("group=cause");
  });

  test("have a summary that says nothing of what was said", async () => {
    const html = await page("/console/requests?group=cause&q=water");
    const summary = /<pre id="incident"[^>]*>(.*?)<\/pre>/s.exec(html)?.[1] ?? "";
    expect(summary).toContain("`busy`: rate-limited, the provider answered 429");
    expect(summary).toContain(`- Newest request: \`${ids[0]}\``);
    expect(summary).not.toMatch(/teapot|water|sk-/i);
    expect(html).toContain('data-copy="incident"');
  });

  test("are told to be none, or not to be what was asked for", async () => {
    expect(words(await page("/console/requests?group=cause&q=never-said"))).toContain("No failure fits these filters.");
    const odd = words(await page("/console/requests?group=colour&range=9y&result=success"));
    expect(odd).toContain("group (there is cause)");
    expect(odd).toContain("range (there are 1h, 24h, 7d, 30d)");
    expect(words(await page("/console/requests?group=cause&result=success"))).toContain("result success");
    const own = words(await page("/console/me/requests?group=cause", await signIn(holderKey)));
    expect(own).toContain("group, which this list has not");
  });

  test("can have their target put last, which each alias can take back", async () => {
    const next = "/console/requests?q=code%3Arate-limited+x&group=cause";
    const done = await post("/console/requests/put-last", { csrf: await csrf(), target: "busy/tea", next });
    expect([done.status, done.headers.get("location")]).toEqual([303, next]);
    const html = await page("/console/requests?group=cause");
    const told = [...html.matchAll(/role="status">([^<]*)<a href="([^"]+)">/g)].map(([, text = "", href]) => [
      text.trim(),
      href,
    ]);
    expect(told.map(([text]) => text)).toEqual(["busy/tea is last in mix.", "busy/tea is last in row."]);
    expect(words(cards(html).find((card) => card.includes("busy/enabled")) ?? "")).not.toContain("last in");
    const revert = told[0]?.[1] ?? "";
    expect(revert).toMatch(/^\/console\/audit\/\d+\.0\/revert$/);
    expect(words(await page(revert))).toContain("Take back the change of aliases: mix?");
    expect((await post(revert, { csrf: await csrf() })).status).toBe(303);
    expect(words(await page("/console/requests?group=cause"))).toContain("Put busy/tea last in mix");
    const none = await post("/console/requests/put-last", { csrf: await csrf(), target: "no/such", next });
    expect(none.status).toBe(303);
    expect(words(await page(next))).toContain("There is no alias in which no/such could be put last.");
  });

  test("can have their provider switched off from here, and on again", async () => {
    const next = "/console/requests?result=failed&group=cause";
    const off = await post("/console/providers/busy/enabled", { csrf: await csrf(), to: "off", next });
    expect([off.status, off.headers.get("location")]).toEqual([303, next]);
    const html = await page(next);
    expect(words(html)).toContain("busy is disabled: no request goes there from now on. Take it back");
    expect(words(html)).toContain("Switch busy on again");
    const back = await post("/console/providers/busy/enabled", { csrf: await csrf(), to: "on", next: "//evil" });
    expect(back.headers.get("location")).toBe("/console");
  });
});

const target = (name: string) => ({ target: name, weight: "1", isEnabled: true });
const group = (selector: string, ...targets: string[]) => ({ name: "", selector, targets: targets.map(target) });

test.each([
  [[group("in_order", "a/a", "b/b")], [group("in_order", "b/b", "a/a")]],
  [[group("cost", "a/a", "b/b")], [group("cost", "b/b"), group("in_order", "a/a")]],
  [
    [group("cost", "a/a"), group("random", "b/b", "c/c")],
    [group("random", "b/b", "c/c"), group("in_order", "a/a")],
  ],
  [
    [group("cost", "a/a", "b/b"), group("in_order", "c/c", "a/a")],
    [group("cost", "b/b"), group("in_order", "c/c", "a/a", "a/a")],
  ],
])("a target that is put last comes behind all others: %j", (before, after) => {
  expect(putLast(before, "a/a")).toEqual(after);
  expect(putLast(after, "a/a")).toBe(after);
});

test("a target that is last, alone or not there stays where it is", () => {
  for (const draft of [
    [group("cost", "a/a")],
    [group("in_order", "b/b", "a/a")],
    [group("cost", "b/b"), group("random", "a/a")],
    [group("cost", "b/b")],
  ]) {
    expect(putLast(draft, "a/a")).toBe(draft);
  }
});

test("names in a summary are no Markdown, and few of them are told", () => {
  const names = ["`x`\n# y", "b", "c", "d", "e", "f"].map((name, at) => ({ name, count: 6000 - at }));
  const cause = {
    ...{ provider: "p", code: "upstream-timeout", upstreamStatus: null, count: 12_000 },
    ...{ firstAt: 1_800_000_000_000, lastAt: 1_800_000_060_000, keys: names, newest: "1" },
    ...{ aliases: [{ name: null, count: 12_000 }], targets: [] },
  };
  const whole = { causes: [cause], groups: 3, failures: 12_009, bounds: ["Cut."], clock: clockOf("UTC") };
  expect(incidentSummary({ ...whole, filters: { q: "secret", provider: "p", group: "cause" } })).toBe(
    [
      "# 12,009 failed requests, 3 causes",
      "",
      "- 15 Jan 2027 08:00:00 to 15 Jan 2027 08:01:00 (UTC)",
      "- Narrowed down by provider `p`, a query",
      "- Cut.",
      "",
      "## 1. `p`: upstream-timeout",
      "",
      "- 12,000 failures, 15 Jan 2027 08:00:00 to 15 Jan 2027 08:01:00",
      "- The provider did not answer in time.",
      "- Keys: `'x''# y` (6,000), `b` (5,999), `c` (5,998), `d` (5,997) and 2 more",
      "- Newest request: `1`",
      "",
      "And 2 causes with fewer failures.",
      "",
    ].join("\n"),
  );
});

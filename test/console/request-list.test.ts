/** The list of requests over plain HTTP: as CSV, and from one request to the next. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";

let gateway: Gateway;
const ids: string[] = [];
const hidden = "sk-hidden-0123456789";
let admin = "";
let holder = "";

beforeAll(async () => {
  const keys = { hidden: { secret: hidden, reveal_target: false } };
  gateway = await startGateway({ config: { keys } });
  for (const model of ["demo", "=SUM(A1)", "demo", "=SUM(A1)", "demo"]) ids.push(await send(gateway.clientKey, model));
  ids.push(await send(hidden, "demo"));
  admin = await signIn(gateway.adminKey);
  holder = await signIn(hidden);
});
afterAll(() => gateway.stop());

async function send(key: string, model: string): Promise<string> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}:robot`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello!" }] }),
  });
  await response.text();
  const id = response.headers.get("x-request-id") ?? "";
  await gateway.request(id);
  return id;
}

async function signIn(key: string): Promise<string> {
  const headers = { "sec-fetch-site": "same-origin" };
  const body = new URLSearchParams({ key });
  const response = await fetch(`${gateway.url}/console/login`, { method: "POST", headers, body, redirect: "manual" });
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

function get(path: string, cookie: string): Promise<Response> {
  return fetch(gateway.url + path, { headers: { cookie }, redirect: "manual" });
}

async function csv(path: string, cookie: string): Promise<string[][]> {
  const lines = (await (await get(path, cookie)).text()).split("\r\n");
  expect(lines.at(-1)).toBe("");
  return lines.slice(0, -1).map((line) => line.split(","));
}

test("what the filter shows is there as CSV, with the columns of the list", async () => {
  const response = await get("/console/requests.csv", admin);
  expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(response.headers.get("content-disposition")).toBe('attachment; filename="requests.csv"');
  const [head = [], ...rows] = await csv("/console/requests.csv", admin);
  expect(head.join()).toBe(
    "time,request,status,result,code,key,label,protocol,model,served_by,tries,tokens_in,tokens_out,first_token_ms,total_ms,cost_usd",
  );
  expect(rows.map((row) => row[1])).toEqual(ids.toReversed());
  const one = Object.fromEntries(head.map((name, at) => [name, rows[1]?.[at]]));
  expect(one).toMatchObject({
    status: "200",
    result: "success",
    code: "",
    key: "test",
    label: "robot",
    served_by: "demo/demo",
  });
  expect(one.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  const failed = await csv("/console/requests.csv?result=failed", admin);
  expect(failed.slice(1).map((row) => [row[1], row[4], row[8]])).toEqual([
    [ids[3] ?? "", "not-found", "'=SUM(A1)"],
    [ids[1] ?? "", "not-found", "'=SUM(A1)"],
  ]);
  expect(await csv("/console/requests.csv?model=none-of-these", admin)).toHaveLength(1);
  const link = /href="([^"]*\.csv[^"]*)"/.exec(await (await get("/console/requests?result=failed", admin)).text())?.[1];
  expect(link).toBe("/console/requests.csv?result=failed");
});

test("a key's holder gets the own list as CSV, without what is not told", async () => {
  const [head = [], ...rows] = await csv("/console/me/requests.csv", holder);
  expect(head).not.toContain("served_by");
  expect(head).not.toContain("cost_usd");
  expect(head).not.toContain("key");
  expect(rows.map((row) => row[1])).toEqual([ids[5] ?? ""]);
  expect((await get("/console/requests.csv", holder)).status).toBe(404);
  expect((await get("/console/me/requests.csv", admin)).status).toBe(404);
  expect((await get("/console/requests.csv", "")).status).toBe(303);
  expect(await (await get("/console/audit?part=operations", admin)).text()).toContain("requests exported");
});

/** Where the links before and behind a request lead. */
async function beside(path: string, cookie = admin): Promise<(string | undefined)[]> {
  const text = await (await get(path, cookie)).text();
  return ["prev", "next"].map((rel) =>
    new RegExp(`href="([^"]*)" rel="${rel}"`).exec(text)?.[1]?.replaceAll("&amp;", "&"),
  );
}

test("one request leads to those beside it in the list that it was opened from", async () => {
  const at = (index: number, query = "") => `/console/requests/${ids[index]}${query}`;
  expect(await beside(at(2))).toEqual([at(3), at(1)]);
  expect(await beside(at(5))).toEqual([undefined, at(4)]);
  expect(await beside(at(0))).toEqual([at(1), undefined]);
  const list = await (await get("/console/requests?model=demo&key=test", admin)).text();
  expect(list).toContain(`"${at(2, "?key=test&amp;model=demo")}"`);
  const query = "?key=test&model=demo";
  expect(await beside(at(2, query))).toEqual([at(4, query), at(0, query)]);
  expect(await beside(at(4, query))).toEqual([undefined, at(2, query)]);
  expect(await beside(at(3, "?q=status%3A4xx"))).toEqual([undefined, at(1, "?q=status%3A4xx")]);
  expect(await beside(`/console/me/requests/${ids[5]}`, holder)).toEqual([undefined, undefined]);
});

async function post(
  path: string,
  form: Record<string, string> | [string, string][],
  cookie = admin,
): Promise<Response> {
  const page = await (await get("/console/requests", cookie)).text();
  const body = new URLSearchParams(form);
  body.set("csrf", /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "");
  const headers = { "sec-fetch-site": "same-origin", cookie };
  return fetch(gateway.url + path, { method: "POST", headers, body, redirect: "manual" });
}

test("a view of the list is saved, found again and forgotten, and must have a name and filters", async () => {
  const query = "result=failed&key=test";
  const saved = await post("/console/requests/views", { name: "What <b>failed</b>", query });
  expect([saved.status, saved.headers.get("location")]).toEqual([303, `/console/requests?${query}`]);
  await post("/console/requests/views", { name: "dear", query: "q=cost%3E0.1" });
  const text = await (await get("/console/requests", admin)).text();
  expect(text).toContain(`href="/console/requests?result=failed&amp;key=test">What &lt;b&gt;failed&lt;/b&gt;</a>`);
  expect(text.indexOf(">dear</a>")).toBeLessThan(text.indexOf(">What &lt;b&gt;"));
  for (const wrong of [
    { name: " ", query },
    { name: "x".repeat(65), query },
    { name: "none", query: "" },
  ]) {
    expect((await post("/console/requests/views", wrong)).status).toBe(400);
  }
  expect((await post("/console/requests/views/remove", { name: "What <b>failed</b>" })).status).toBe(303);
  const after = await (await get("/console/requests", admin)).text();
  expect([after.includes("failed&lt;/b&gt;</a>"), after.includes(">dear</a>")]).toEqual([false, true]);
  // Of the operator's list, not of a holder's.
  expect((await post("/console/requests/views", { name: "mine", query }, holder)).status).toBe(404);
});

test("columns that are not wanted are left out in this browser", async () => {
  const shown = ["key", "model", "target", "input", "output", "first", "total", "cost"];
  const form = shown.map((name): [string, string] => ["column", name]);
  const response = await post("/console/requests/columns", [...form, ["next", "/console/requests?key=test"]]);
  expect([response.status, response.headers.get("location")]).toEqual([303, "/console/requests?key=test"]);
  const cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
  const text = await (await get("/console/requests", `${admin}; ${cookie}`)).text();
  expect([text.includes('data-name="Protocol"'), text.includes('data-name="Model"')]).toEqual([false, true]);
  expect(text).toContain('value="protocol"/>');
  expect(await (await get("/console/requests", admin)).text()).toContain('data-name="Protocol"');
});

test("the last hours narrow the list down, whatever times are named besides, and say so", async () => {
  const rows = (html: string) => [...html.matchAll(/<tr id="r-([^"]+)"/g)].map(([, id]) => id);
  const long = "from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z";
  expect(rows(await (await get(`/console/requests?${long}`, admin)).text())).toEqual([]);
  const html = await (await get(`/console/requests?range=24h&${long}`, admin)).text();
  expect(rows(html)).toEqual(ids.toReversed());
  expect(html).toContain('aria-label="Take out: In the last 24 hours"');
  expect(html).not.toContain("Take out: From");
  expect(html).toMatch(/<option value="24h" selected>/);
});

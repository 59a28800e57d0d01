/** The console over plain HTTP requests: what it refuses, and what it says about itself. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ config: { settings: { trusted_proxies: ["127.0.0.1"] } } });
});
afterAll(() => gateway.stop());

const form = "application/x-www-form-urlencoded";

function post(path: string, body: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  const all = { "content-type": form, origin: gateway.url, ...headers };
  return fetch(gateway.url + path, {
    method: "POST",
    headers: all,
    body: String(new URLSearchParams(body)),
    redirect: "manual",
  });
}

async function cookie(): Promise<string> {
  const response = await post("/console/login", { key: gateway.adminKey }, { "x-forwarded-for": "192.0.2.200" });
  expect(response.status).toBe(303);
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(gateway.url + path, { headers, redirect: "manual" });
}

test("every page says that it runs nothing but its own", async () => {
  const own = { cookie: await cookie() };
  for (const path of [
    "/console/login",
    "/console/setup",
    "/console/requests",
    "/console/requests/none",
    "/console/usage",
    "/console/usage.csv",
    "/console/performance",
    "/console/cooldowns",
    "/console/quotas",
    "/console/nothing",
  ]) {
    const { headers } = await get(path, path === "/console/login" ? {} : own);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toStartWith("default-src 'none'; script-src 'self'; style-src 'self';");
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("same-origin");
    expect(headers.get("cache-control")).toContain("private");
    expect(headers.get("x-request-id")).not.toBeNull();
  }
});

test("an opener policy is said where browsers heed it: over TLS and on the same machine", async () => {
  const policy = async (headers: Record<string, string>) =>
    (await get("/console/login", headers)).headers.get("cross-origin-opener-policy");
  expect(await policy({})).toBe("same-origin");
  expect(await policy({ "x-forwarded-host": "plexus.lan", "x-forwarded-proto": "https" })).toBe("same-origin");
  expect(await policy({ "x-forwarded-host": "plexus.lan", "x-forwarded-proto": "http" })).toBeNull();
});

test("a sign-in from another site is refused, and so is one that does not say where from", async () => {
  const elsewhere: Record<string, string>[] = [
    { origin: "http://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
  ];
  for (const headers of elsewhere) {
    expect((await post("/console/login", { key: gateway.adminKey }, headers)).status).toBe(403);
  }
  const bare = await fetch(`${gateway.url}/console/login`, {
    ...{ method: "POST", headers: { "content-type": form }, body: `key=${gateway.adminKey}` },
  });
  expect(bare.status).toBe(403);
});

test("a session's form counts only with the session's token", async () => {
  const own = await cookie();
  const page = await (await get("/console/usage", { cookie: own })).text();
  const csrf = /name="csrf" value="([\w-]{43})"/.exec(page)?.[1] ?? "";
  const others: Record<string, string>[] = [{}, { csrf: "" }, { csrf: "x".repeat(43) }];
  for (const wrong of others) {
    expect((await post("/console/logout", wrong, { cookie: own })).status).toBe(403);
  }
  expect((await post("/console/logout", { csrf }, { cookie: own, origin: "http://evil.example" })).status).toBe(403);
  expect((await get("/console/usage", { cookie: own })).status).toBe(200);
  expect((await post("/console/logout", { csrf }, { cookie: own })).status).toBe(303);
  expect((await get("/console/usage", { cookie: own })).status).toBe(303);
});

test("who fails five times waits, by the address behind a trusted proxy; others do not", async () => {
  const from = (address: string, key: string) => post("/console/login", { key }, { "x-forwarded-for": address });
  for (let at = 0; at < 5; at++) expect((await from("192.0.2.7", "adm-wrong")).status).toBe(401);
  const blocked = await from("192.0.2.7", gateway.adminKey);
  expect(blocked.status).toBe(429);
  expect(Number(blocked.headers.get("retry-after"))).toBeWithin(50, 61);
  expect((await from("192.0.2.8", gateway.adminKey)).status).toBe(303);
});

test("behind TLS the cookie is for TLS only", async () => {
  const host = new URL(gateway.url).host;
  const more = { "x-forwarded-proto": "https", origin: `https://${host}`, "x-forwarded-for": "192.0.2.201" };
  const response = await post("/console/login", { key: gateway.adminKey }, more);
  const set = response.headers.get("set-cookie") ?? "";
  expect(set).toMatch(/^__Secure-plexus=[\w-]{43}; Path=\/console; HttpOnly; SameSite=Strict; Max-Age=604800; Secure$/);
  expect(response.headers.get("strict-transport-security")).not.toBeNull();
  const page = await get("/console/usage", { cookie: set.split(";")[0] ?? "", "x-forwarded-proto": "https" });
  expect(page.status).toBe(200);
});

test("a form that is too large or none is refused", async () => {
  expect((await post("/console/login", { key: "x".repeat(20_000) })).status).toBe(413);
  expect((await post("/console/login", { key: "x" }, { "content-type": "application/json" })).status).toBe(400);
});

test("style and scripts come packed, and may be kept for ever", async () => {
  const page = await (await get("/console/login")).text();
  const paths = [...page.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map((match) => match[1] ?? "");
  expect(paths.length).toBe(4);
  for (const path of paths) {
    const response = await get(path, { "accept-encoding": "gzip" });
    expect(path).toMatch(/\.[0-9a-f]{16}\.(css|js|svg)$/);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect((await response.text()).length).toBeGreaterThan(100);
    const plain = await get(path, { "accept-encoding": "identity" });
    expect(plain.headers.get("content-encoding")).toBeNull();
  }
});

test("the live list costs nothing while nothing changes", async () => {
  const headers = { cookie: await cookie(), "hx-request": "true", "hx-request-type": "partial" };
  const first = await get("/console/requests", headers);
  const etag = first.headers.get("etag") ?? "";
  expect(await first.text()).not.toContain("<html");
  expect((await get("/console/requests", { ...headers, "if-none-match": etag })).status).toBe(304);
});

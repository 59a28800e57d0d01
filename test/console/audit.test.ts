/** The audit page over plain HTTP: sign-ins and what was done beside the configuration. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";

let gateway: Gateway;
let own: { cookie: string };
beforeAll(async () => {
  const quotas = { day: { unit: "requests", limit: 10, window: "daily" } };
  gateway = await startGateway({ config: { quotas, settings: { trusted_proxies: ["127.0.0.1"] } } });
  own = { cookie: await signIn(gateway.adminKey, "192.0.2.1") };
});
afterAll(() => gateway.stop());

async function post(path: string, form: Record<string, string>, headers: Record<string, string>): Promise<Response> {
  const all = { "sec-fetch-site": "same-origin", ...headers };
  return fetch(gateway.url + path, {
    ...{ method: "POST", headers: all, body: new URLSearchParams(form), redirect: "manual" },
  });
}

async function signIn(key: string, address: string): Promise<string> {
  const { headers } = await post("/console/login", { key }, { "x-forwarded-for": address });
  return headers.get("set-cookie")?.split(";")[0] ?? "";
}

/** The texts of its rows, once there are so many. */
async function rows(query: string, least: number): Promise<string[]> {
  for (let turn = 0; ; turn++) {
    const page = await (await fetch(`${gateway.url}/console/audit${query}`, { headers: own })).text();
    const body = page.split("<tbody>")[1]?.split("</tbody>")[0] ?? "";
    const found = body
      .split("<tr>")
      .slice(1)
      .map((row) =>
        row
          .replace(/<[^>]*>/g, " ")
          .replace(/\s+/g, " ")
          .trim(),
      );
    if (found.length >= least || turn === 50) return found;
    await Bun.sleep(20);
  }
}

test("sign-ins are told with their address and never with what was typed in", async () => {
  for (let turn = 0; turn < 3; turn++) await signIn("sk-a-guess-of-somebody", "192.0.2.66");
  await signIn(gateway.clientKey, "192.0.2.7");
  const found = await rows("?part=sign-ins", 3);
  expect(found.some((row) => /✕ sign-in failed console 192\.0\.2\.66 3 times, last at/.test(row))).toBe(true);
  expect(found.some((row) => /✓ signed in keys: test console 192\.0\.2\.7/.test(row))).toBe(true);
  expect(found.some((row) => /✓ signed in with the admin key console 192\.0\.2\.1/.test(row))).toBe(true);
  const whole = await (await fetch(`${gateway.url}/console/audit`, { headers: own })).text();
  for (const secret of ["a-guess", gateway.adminKey, gateway.clientKey]) expect(whole).not.toContain(secret);
  expect((await rows("?part=keys&name=test", 1)).join()).toContain("signed in");
});

test("resets and clearings are told, from the console and from the API", async () => {
  const page = await (await fetch(`${gateway.url}/console/quotas/day/reset`, { headers: own })).text();
  const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
  expect((await post("/console/quotas/day/reset", { csrf }, own)).status).toBe(303);
  expect((await post("/console/cooldowns/clear", { csrf, provider: "demo" }, own)).status).toBe(303);
  const machine = { authorization: `Bearer ${gateway.adminKey}` };
  await fetch(`${gateway.url}/api/quotas/day/recompute`, { method: "POST", headers: machine });
  await fetch(`${gateway.url}/api/refusals?model=m`, { method: "DELETE", headers: machine });
  const found = await rows("?part=operations", 4);
  expect(found.map((row) => row.replace(/^\S+ \S+ \S+ \S+ /, ""))).toHaveLength(4);
  expect(found[0]).toContain("refusals forgotten API");
  expect(found[0]).toContain("0 parameters, model m");
  expect(found[1]).toContain("quota recomputed quotas: day API");
  expect(found[2]).toContain("cooldowns cleared providers: demo console");
  expect(found[3]).toContain("quota reset quotas: day console");
  expect(await rows("?part=quotas&name=day", 2)).toHaveLength(2);
});

test("what was changed and what was done come in the order in which they did, page after page", async () => {
  const machine = { authorization: `Bearer ${gateway.adminKey}`, "content-type": "application/json" };
  for (let turn = 0; turn < 30; turn++) {
    const patch = JSON.stringify({ heartbeat_s: 10 + turn });
    await fetch(`${gateway.url}/api/config/settings`, { method: "PATCH", headers: machine, body: patch });
    await fetch(`${gateway.url}/api/refusals?parameter=p${turn}`, { method: "DELETE", headers: machine });
  }
  const first = await rows("", 50);
  expect(first).toHaveLength(50);
  expect(first.slice(0, 2).join()).toContain("parameter p29");
  expect(first.slice(0, 2).join()).toContain("heartbeat_s 38 39");
  const page = await (await fetch(`${gateway.url}/console/audit`, { headers: own })).text();
  const older = /href="(\/console\/audit\?[^"]*)">Older/.exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "";
  const second = await rows(older.replace("/console/audit", ""), 10);
  expect(second.slice(0, 2).join()).toContain("parameter p4");
  expect(second.slice(0, 2).join()).toContain("heartbeat_s 13 14");
  expect(second.some((row) => first.includes(row))).toBe(false);
});

/** The settings page: it shows all there is, and saving a topic loses nothing of the others. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { KindGuard, type TSchema } from "@sinclair/typebox";
import { settings as schema, settingsNotInForce } from "../../src/config/schema/settings.ts";
import { topicsOf } from "../../src/console/settings-topics.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

const topics = topicsOf({ aliases: ["demo"], timezones: ["UTC", "Europe/Rome"] });

/** Every setting, as a path. */
function leaves(node: TSchema, at: readonly string[] = []): string[] {
  if (!KindGuard.IsObject(node)) return [at.join(".")];
  return Object.entries(node.properties).flatMap(([name, member]) => leaves(member, [...at, name]));
}

let gateway: Gateway;
let cookie = "";
beforeAll(async () => {
  gateway = await startGateway({ config: { settings: { heartbeat_s: 7 } } });
  cookie = (await post("/console/login", { key: gateway.adminKey })).headers.get("set-cookie")?.split(";")[0] ?? "";
});
afterAll(() => gateway.stop());

function post(at: string, form: Record<string, string>): Promise<Response> {
  const headers = { "sec-fetch-site": "same-origin", cookie };
  return fetch(gateway.url + at, { method: "POST", headers, body: new URLSearchParams(form), redirect: "manual" });
}

async function page(at: string): Promise<string> {
  return (await fetch(gateway.url + at, { headers: { cookie } })).text();
}

async function stored(): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${gateway.adminKey}`, "content-type": "application/json" };
  const { value } = (await (await fetch(`${gateway.url}/api/config/settings`, { headers })).json()) as {
    value: Record<string, unknown>;
  };
  return value;
}

/** What a browser would send of a form as it stands. */
function formOf(html: string): Record<string, string> {
  const main = html.split('class="edit"')[1] ?? "";
  const form: Record<string, string> = {};
  for (const [tag] of main.matchAll(/<input[^>]*>/g)) {
    const read = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];
    const name = read("name");
    if (name === undefined || / disabled/.test(tag)) continue;
    if (/type="checkbox"/.test(tag)) {
      if (/ checked/.test(tag)) form[name] = read("value") ?? "on";
    } else form[name] = read("value") ?? "";
  }
  for (const [, name, body] of main.matchAll(/<select[^>]* name="([^"]*)"[^>]*>([\s\S]*?)<\/select>/g)) {
    const option = /<option[^>]*selected[^>]*>/.exec(body ?? "")?.[0] ?? "";
    if (name) form[name] = / value="([^"]*)"/.exec(option)?.[1] ?? "";
  }
  for (const [, name, text] of main.matchAll(/<textarea[^>]* name="([^"]*)"[^>]*>([^<]*)<\/textarea>/g)) {
    if (name) form[name] = (text ?? "").replaceAll("\n", "\r\n");
  }
  return form;
}

test("every setting of the schema is shown by one topic", () => {
  const shown = topics.flatMap(({ specs }) => specs.map(({ path }) => path));
  expect(shown.toSorted()).toEqual(leaves(schema).toSorted());
});

test("what is not in force says so in words, and nothing else does", async () => {
  const words = "Accepted and kept, but not in force yet.";
  for (const { name, specs } of topics) {
    const html = await page(`/console/settings/${name}`);
    const later = specs.filter(({ path }) =>
      Object.keys(settingsNotInForce).some((one) => path === one || path.startsWith(`${one}.`)),
    );
    expect([name, html.split(words).length - 1]).toEqual([name, later.length]);
  }
  expect((await page("/console/settings")).split("not in force yet").length - 1).toBe(2);
});

test("saving every topic as it stands changes nothing, and one change changes one field", async () => {
  const headers = { authorization: `Bearer ${gateway.adminKey}`, "content-type": "application/json" };
  const own = {
    currency: { code: "EUR", per_usd: 0.9 },
    capture: { mode: "all", max_mb: 12.5 },
    usage: { retention_days: 30 },
    timeouts: { connect_s: 3 },
    trusted_proxies: ["10.0.0.0/8"],
    vision: { prompt: "Say all,\nand more.\n" },
  };
  const patch = { method: "PATCH", headers, body: JSON.stringify(own) };
  expect((await fetch(`${gateway.url}/api/config/settings`, patch)).status).toBe(200);
  const before = await stored();
  for (const { name } of topics) {
    const at = `/console/settings/${name}`;
    expect([name, (await post(at, formOf(await page(at)))).status]).toEqual([name, 303]);
  }
  expect(await stored()).toEqual(before);
  const at = "/console/settings/timeouts";
  expect((await post(at, { ...formOf(await page(at)), "timeouts.idle_s": "44" })).status).toBe(303);
  expect(await stored()).toEqual({ ...before, timeouts: { connect_s: 3, idle_s: 44 } });
  const saved = /role="status"[^>]*>([^<]*)/.exec(await page(at))?.[1] ?? "";
  expect(saved.trim()).toBe("Timeouts is saved and holds from the next request on.");
  const home = await page("/console/system");
  for (const topic of ["capture", "currency", "retention"]) expect(home).toContain(`"/console/settings/${topic}"`);
});

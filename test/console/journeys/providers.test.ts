/** A provider added, looked through, edited: nothing but what was asked for changes, and its key is never seen. */
import { afterAll, beforeAll, expect } from "bun:test";
import { startChat } from "../../support/upstream/chat.ts";
import type { Answer } from "../../support/upstream/script.ts";
import type { Upstream } from "../../support/upstream/server.ts";
import { fieldsOf } from "../../support/upstream/shape.ts";
import { ask, openVisits, type Visits } from "../visits.ts";
import { journey } from "./journey.ts";

const hello: Answer = { text: "OK", counts: { input: 9, cached: 0, written: 0, visible: 1, reasoning: 0 } };

/** Pages that are much like others are looked at closely where the journeys are gone in all looks. */
const isLong = process.env.JOURNEY_LOOKS === "all";
const quickly = async () => {};

let upstream: Upstream;
let visits: Visits;
beforeAll(async () => {
  upstream = startChat({ router: false });
  visits = await openVisits();
}, 60_000);
afterAll(async () => {
  await visits.stop();
  await upstream.stop();
}, 60_000);

async function stored(name: string): Promise<Record<string, unknown>> {
  const { url, adminKey } = visits.gateway;
  const headers = { authorization: `Bearer ${adminKey}` };
  return fieldsOf(fieldsOf(await (await fetch(`${url}/api/config/providers/${name}`, { headers })).json()).value);
}

const options = { visits: () => visits };

journey("added after a test that failed; of what it tells, only what is ticked is taken", options, async (scene) => {
  const { page, open, step, tag } = scene;
  const closely = isLong ? step : quickly;
  const name = `added-${tag}`;
  const models = ["one", "two", "three"].map((each) => upstream.script(`${each}-${tag}`, Array(3).fill(hello)));
  const [one = "", two = "", three = ""] = models;
  upstream.lists([one, two]);
  await open("/console/providers/new?preset=custom");
  await page.fill("#f-id", name);
  await page.fill("#f-api_key", upstream.key);
  await page.fill("#f-protocols-chat", upstream.url.replace("http:", "https:"));
  await page.click("button[value=test]");
  await page.waitForSelector(".stages");
  const failed = page.locator(".stages li:has-text('Encryption')");
  expect(await failed.innerText()).toMatch(/failed[\s\S]*ms[\s\S]*does not speak TLS[\s\S]*http:\/\//);
  expect(await page.innerText("#f-protocols-chat-error")).toContain("TLS");
  await closely("TLS fails");
  await page.fill("#f-protocols-chat", upstream.url);
  await page.click("button[value=test]");
  await page.waitForSelector(".trial [role=status]:has-text('It works.')");
  for (const box of await page.locator("input[name=models]").all()) await box.uncheck();
  await page.check(`input[name=models][value="${one}"]`);
  await step("it works");
  await page.click("button:has-text('Add provider')");
  await page.waitForURL(new RegExp(`/console/providers/${name}$`));
  expect(Object.keys(fieldsOf((await stored(name)).models))).toEqual([one]);
  await closely("saved");
  upstream.lists([one, two, three]);
  await page.click("nav.tabs a:has-text('Models')");
  await page.click("button[value=discover]");
  await page.waitForSelector(`input[name=models][value="${two}"]`);
  expect(await page.locator(`input[name=models][value="${one}"]`).count()).toBe(0);
  await page.check(`input[name=models][value="${three}"]`);
  await step("what differs");
  await page.click("button:has-text('Apply what is ticked')");
  await page.waitForSelector(".banner:has-text('is saved')");
  expect(Object.keys(fieldsOf((await stored(name)).models))).toEqual([one, three]);
  upstream.lists([]);
  await page.click("button[value=discover]");
  await page.waitForSelector("h2:text-is('0 models returned')");
  expect(await page.locator("input[name=models]:checked").count()).toBe(0);
  await step("0 models");
  await page.click("button:has-text('Apply what is ticked')");
  await page.waitForURL(/\/models$/);
  expect(Object.keys(fieldsOf((await stored(name)).models))).toEqual([one, three]);
});

journey("its label changed, its switches turned: key and everything else stay", options, async (scene) => {
  const { page, open, step, tag, gateway } = scene;
  const closely = isLong ? step : quickly;
  const name = `edited-${tag}`;
  const model = upstream.script(`edited-${tag}`, Array(3).fill(hello));
  const headers = { authorization: `Bearer ${gateway.adminKey}`, "content-type": "application/json" };
  const value = {
    ...{ protocols: { chat: upstream.url }, api_key: upstream.key, enabled: true, models: { [model]: {} } },
    headers: { "x-team": "a-secret-of-the-team" },
  };
  const body = JSON.stringify({ name, value });
  expect((await fetch(`${gateway.url}/api/config/providers`, { method: "POST", headers, body })).status).toBe(201);
  await open(`/console/providers/${name}/settings`);
  for (const secret of [upstream.key, "a-secret-of-the-team"]) expect(await page.content()).not.toContain(secret);
  await step("its settings");
  await page.fill("#f-name", "Renamed");
  await page.click("button:text-is('Save')");
  await page.waitForURL(new RegExp(`/console/providers/${name}$`));
  await closely("the label is changed");
  await page.click("button:has-text('Never leave it alone')");
  await page.waitForSelector("button:has-text('Leave it alone after failures')");
  expect(await page.innerText("main")).toContain("Disable");
  await closely("the switch is turned");
  for (const path of ["", "/key", "/models", "/settings"]) {
    await open(`/console/providers/${name}${path}`);
    for (const secret of [upstream.key, "a-secret-of-the-team"]) expect(await page.content()).not.toContain(secret);
  }
  const last4 = (secret: string) => ({ keep: secret.slice(-4) });
  expect(await stored(name)).toEqual({
    ...{ ...value, name: "Renamed", cooldown: false },
    ...{ api_key: last4(upstream.key), headers: { "x-team": last4("a-secret-of-the-team") } },
  });
  const id = await ask(gateway, `${name}/${model}`);
  expect(await gateway.request(id)).toMatchObject({ status: 200 });
  expect(upstream.credentials()).toEqual([upstream.key]);
  await open(`/console/providers/${name}/key`);
  await page.fill("#f-api_key", "up-another-key-0123456789");
  await page.click("button:has-text('Replace the key')");
  await page.waitForURL(new RegExp(`/console/providers/${name}$`));
  expect((await stored(name)).api_key).toEqual({ keep: "6789" });
  await step("the key is replaced");
  await open(`/console/providers/${name}/remove`);
  await page.fill("#typed", "something else");
  await page.click("button:has-text('Delete it')");
  await page.waitForSelector(".error");
  await page.fill("#typed", name);
  await page.click("button:has-text('Delete it')");
  await page.waitForURL(/\/console\/providers$/);
  expect(await page.innerText("main")).not.toContain(name.concat("\n"));
});

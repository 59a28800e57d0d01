/** Client keys and quotas as those who run the gateway handle them. */
import { afterAll, beforeAll, expect } from "bun:test";
import { openVisits, type Visits } from "../visits.ts";
import { journey, type Scene } from "./journey.ts";

let visits: Visits;
beforeAll(async () => {
  visits = await openVisits();
}, 60_000);
afterAll(() => visits.stop(), 60_000);
const options = { visits: () => visits };

async function call(key: string, model = "demo/demo"): Promise<[number, string]> {
  const response = await fetch(`${visits.gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello!" }] }),
  });
  await response.text();
  return [response.status, response.headers.get("x-request-id") ?? ""];
}

async function makeKey({ page, open, tag }: Scene, name: string): Promise<string> {
  await open("/console/keys/new");
  await page.fill("#f-id", `${name}-${tag}`);
  await page.click("button:has-text('Make the key')");
  const secret = (await page.innerText("#secret")).trim();
  expect(secret).toStartWith("sk-");
  return secret;
}

journey("a secret made anew is seen once, and the former one goes on until it is ended", options, async (scene) => {
  const { page, open, step, tag } = scene;
  const former = await makeKey(scene, "turn");
  await page.click("text=I have it");
  expect(await page.content()).not.toContain(former);
  await step("made");
  await page.click("a:has-text('New secret')");
  await page.selectOption("#f-hours", "1");
  await step("asked for a new one");
  await page.click("button:has-text('Make a new secret')");
  const fresh = (await page.innerText("#secret")).trim();
  expect(fresh).not.toBe(former);
  expect(await page.innerText("main")).toContain("The former secret is valid until");
  await step("the new secret");
  const both = [await call(former), await call(fresh)];
  expect(both.map(([status]) => status)).toEqual([200, 200]);
  for (const [, id] of both) await visits.gateway.request(id);
  // Where it was shown, it is not shown again.
  await open(`/console/keys/turn-${tag}/rotate`);
  await page.goBack();
  await open(`/console/keys/turn-${tag}`);
  expect(await page.content()).not.toContain(fresh);
  expect(await page.innerText("main")).toMatch(/The former secret is valid until[\s\S]*Last used/);
  await step("both work");
  await page.click("a:has-text('End it now')");
  await page.click("button:has-text('End it now')");
  await page.waitForSelector(".banner.ok");
  expect([(await call(former))[0], (await call(fresh))[0]]).toEqual([401, 200]);
  expect(await page.innerText("main")).not.toContain("valid until");
  await step("the former one is over");
  await page.click("button:has-text('Disable')");
  await page.waitForSelector(".badge:has-text('disabled')");
  expect((await call(fresh))[0]).toBe(401);
  await page.click("a:has-text('Delete')");
  await page.fill("#typed", "another");
  await page.click("button:has-text('Delete it')");
  expect(await page.innerText("form.narrow")).toContain("That is not its name");
  await step("a name that is not its own");
  await page.fill("#typed", `turn-${tag}`);
  await page.click("button:has-text('Delete it')");
  await page.waitForURL(/\/console\/keys$/);
  expect(await page.innerText("main")).toContain(`The key turn-${tag} is deleted`);
  await open(`/console/audit?part=keys&name=turn-${tag}`);
  const changes = await page.innerText("table.audit");
  for (const words of ["made", "deleted", "rotate", "secret ending", "console"]) expect(changes).toContain(words);
  for (const secret of [former, fresh]) expect(await page.content()).not.toContain(secret);
  await step("what was changed");
});

journey("a quota warns, refuses, is reset, and tells of edits that cross", options, async (scene) => {
  const { page, open, step, tag } = scene;
  const secret = await makeKey(scene, "metered");
  const name = `ten-${tag}`;
  await open("/console/quotas/new");
  await page.fill("#f-id", name);
  await page.selectOption("#f-unit", "requests");
  await page.fill("#f-limit", "10");
  await page.selectOption("#f-window", "daily");
  await page.click(".buttons button:has-text('Add quota')");
  await page.waitForURL(new RegExp(`/console/quotas/${name}$`));
  await page.check(`input[name=key][value="metered-${tag}"]`);
  await page.click("button:has-text('Save keys')");
  await page.waitForSelector(".banner.ok:has-text('One key was changed')");
  await step("a quota of ten");
  for (let count = 0; count < 8; count++) expect((await call(secret))[0]).toBe(200);
  await open("/console/quotas");
  const row = page.locator(`section:has(h2:has-text("${name}")) tbody tr`);
  expect(await row.innerText()).toContain("nearly used up");
  await step("eight of ten");
  await open(`/console/quotas/${name}`);
  await page.fill("#f-limit", "5");
  await page.click("button[value=preview]");
  expect(await page.innerText("fieldset .banner")).toContain(`1 of 1 key would be blocked now: metered-${tag}`);
  await step("what five would do");
  expect([(await call(secret))[0], (await call(secret))[0]]).toEqual([200, 200]);
  const [status, id] = await call(secret);
  expect(status).toBe(429);
  await visits.gateway.request(id);
  await open("/console/keys");
  expect(await page.locator(`tr:has-text("metered-${tag}")`).innerText()).toContain("over quota");
  await open(`/console/requests/${id}`);
  expect(await page.innerText("main")).toContain(name);
  await step("the eleventh");
  await open(`/console/quotas/${name}/reset`);
  await page.click("button:has-text('Reset it')");
  await page.waitForSelector(".banner.ok");
  expect((await call(secret))[0]).toBe(200);
  const tabs = [page, await page.context().newPage(), await page.context().newPage()];
  for (const tab of tabs) await tab.goto(`${visits.gateway.url}/console/quotas/${name}`);
  for (const [at, tab] of tabs.entries()) {
    await tab.fill("#f-limit", String(20 + at));
    await tab.click(".buttons button:text-is('Save')");
    await tab.waitForLoadState();
  }
  for (const [at, tab] of tabs.entries()) {
    if (at === 0) continue;
    expect(await tab.innerText("#problems")).toContain("changed by somebody else");
    expect(await tab.inputValue("#f-limit")).toBe(String(20 + at));
    expect(await tab.innerText(".field:has(#f-limit)")).toContain("Stored meanwhile: 20");
    await tab.close({ runBeforeUnload: false });
  }
  await page.bringToFront();
  await step("edits that cross");
});

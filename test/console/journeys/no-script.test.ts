/** Everything that changes something works in a browser that runs no scripts. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { ask, openVisits, type Visits } from "../visits.ts";

let visits: Visits;
beforeAll(async () => {
  visits = await openVisits();
  await ask(visits.gateway, "demo");
}, 60_000);
afterAll(() => visits.stop(), 60_000);

async function opened(): Promise<Page | undefined> {
  const owner = visits.browser?.context.browser();
  if (!owner) return undefined;
  const context = await owner.newContext({ javaScriptEnabled: false, viewport: { width: 375, height: 800 } });
  const page = await context.newPage();
  await page.goto(`${visits.gateway.url}/console/login`);
  await page.fill("#key", visits.gateway.adminKey);
  await page.click("button[type=submit]");
  await page.waitForURL(`${visits.gateway.url}/console`);
  return page;
}

test("without scripts requests are looked through, and a quota, a key and an alias are made", async () => {
  const page = await opened();
  if (!page) return console.log("skipped: this platform has no browser");
  const { url } = visits.gateway;
  await page.click("nav[aria-label=Pages] a:has-text('Requests')");
  expect(await page.locator("#rows tr").count()).toBe(1);
  await page.goto(`${url}/console/requests?key=nobody`);
  expect(await page.locator("#rows tr").count()).toBe(0);
  // The pages that a phone does not show at once are behind a button of the browser's own.
  await page.click("button:has-text('More')");
  await page.click("nav[aria-label=Pages] a:has-text('Quotas')");
  await page.click("a:has-text('Add a quota')");
  await page.fill("#f-id", "ten");
  await page.selectOption("#f-unit", "requests");
  await page.fill("#f-limit", "10");
  await page.selectOption("#f-window", "daily");
  await page.press("#f-limit", "Enter");
  await page.waitForURL(/quotas\/ten$/);
  await page.goto(`${url}/console/keys/new`);
  await page.fill("#f-id", "web");
  await page.check("input[name=quotas][value=ten]");
  await page.check("input[name='aliases:which'][value=only]");
  await page.fill("textarea[name='aliases:others']", "demo/demo");
  await page.click("button:has-text('Make the key')");
  expect(await page.innerText("#secret")).toStartWith("sk-");
  await page.goto(`${url}/console/keys/web`);
  expect(await page.isChecked("input[name=quotas][value=ten]")).toBe(true);
  expect(await page.inputValue("textarea[name='aliases:others']")).toBe("demo/demo");
  await page.context().close();
}, 60_000);

test("without scripts the targets of an alias are added, moved and taken away, and nothing typed in is lost", async () => {
  const page = await opened();
  if (!page) return console.log("skipped: this platform has no browser");
  const { url } = visits.gateway;
  const targets = (group: number) =>
    page
      .locator(`input[name^="g${group}.t"][name$=".target"]`)
      .evaluateAll((all) => all.map((one) => one.getAttribute("value")));
  await page.goto(`${url}/console/aliases/new`);
  // A name that is also the last part of a page's address.
  await page.fill("#f-id", "import");
  await page.fill("#f-also", "claude");
  await page.fill("[name='g0.t0.target']", "demo/one");
  await page.click("button[value='add g0']");
  await page.fill("[name='g0.t1.target']", "demo/two");
  await page.fill("[name='g0.t1.weight']", "3");
  await page.click("button[value='up g0.t1']");
  expect(await targets(0)).toEqual(["demo/two", "demo/one"]);
  expect(await page.inputValue("[name='g0.t0.weight']")).toBe("3");
  await page.click("button[value='add']");
  await page.fill("[name='g1.t0.target']", "nobody/three");
  await page.selectOption("[name='g1.selector']", "in_order");
  await page.click("button[value='up g1']");
  expect([await targets(0), await targets(1)]).toEqual([["nobody/three"], ["demo/two", "demo/one"]]);
  await page.click(".buttons button:has-text('Add alias')");
  expect(await page.innerText("#problems")).toContain('Target 1 of group 1: there is no provider "nobody"');
  expect(await page.inputValue("#f-also")).toBe("claude");
  await page.fill("[name='g0.t0.target']", "demo/three");
  await page.press("[name='g0.t0.target']", "Enter");
  await page.waitForURL(/aliases\/%69mport$/);
  expect([await targets(0), await targets(1)]).toEqual([["demo/three"], ["demo/two", "demo/one"]]);
  await page.goto(`${url}/console/aliases/claude/explain?tools=on&images=on`);
  expect(await page.innerText(".verdict")).toContain("To demo/");
  await page.goto(`${url}/console/aliases/%69mport/remove`);
  await page.click("button:has-text('Delete it')");
  await page.waitForURL(/aliases$/);
  await page.context().close();
}, 60_000);

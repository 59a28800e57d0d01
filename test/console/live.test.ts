/** The list of requests while it updates itself: it leaves the reader in peace, and says when it cannot. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { ask, openVisits, signIn, type Visits, type Watched, watch } from "./visits.ts";

let visits: Visits;
beforeAll(async () => {
  visits = await openVisits();
}, 60_000);
afterAll(() => visits.stop(), 60_000);

async function onTheList(work: (watched: Watched) => Promise<void>): Promise<void> {
  const watched = await watch(visits);
  if (!watched) return;
  await signIn(watched, visits.gateway);
  await watched.page.goto(`${visits.gateway.url}/console/requests`);
  await work(watched);
  expect(watched.faults).toEqual([]);
  await watched.context.close();
}

test("an empty list says what to do, with a request that works as pasted", async () => {
  await onTheList(async ({ page }) => {
    const text = await page.innerText("main");
    expect(text).toContain("No request has come in yet");
    expect(text).toContain("export PLEXUS_KEY=");
    expect(await page.locator("table:visible").count()).toBe(0);
    const ranks = await page
      .locator("h1:visible, h2:visible, h3:visible")
      .evaluateAll((all) => all.map((h) => h.tagName));
    expect(ranks).toEqual(["H1", "H2"]);
    const { url, clientKey } = visits.gateway;
    await page.goto(`${url}/console`);
    expect(await page.innerText("main")).toContain("The figures appear here by themselves");
    await page.goto(`${url}/console/requests`);
    const shell = Bun.spawn(["sh", "-c", `${await page.innerText("pre")} -s -w '%{http_code}'`], {
      env: { ...process.env, PLEXUS_KEY: clientKey },
      stdout: "pipe",
      stderr: "ignore",
    });
    expect((await new Response(shell.stdout).text()).slice(-3)).toBe("200");
    await page.waitForSelector("#rows tr", { timeout: 8000 });
    expect(await page.locator(".empty:visible").count()).toBe(0);
  });
}, 60_000);

test("new rows come by themselves, without a word from the status line", async () => {
  await ask(visits.gateway, "demo");
  await onTheList(async ({ page }) => {
    await page.waitForSelector("#live:text-is('live')");
    await page.evaluate(`new MutationObserver(() => document.body.setAttribute("data-said", "something"))
      .observe(document.querySelector("#live"), { childList: true, characterData: true, subtree: true })`);
    const id = await ask(visits.gateway, "demo");
    await page.waitForSelector(`#r-${id}`, { timeout: 8000 });
    expect(await page.getAttribute("body", "data-said")).toBeNull();
    expect(await page.getAttribute(`#r-${id} time`, "title")).toMatch(/ UTC$/);
  });
}, 60_000);

test("a reader in a row is left in peace, told how many are new, and shown them by a key", async () => {
  await ask(visits.gateway, "demo");
  await onTheList(async ({ page }) => {
    await page.waitForSelector("#live:text-is('live')");
    await page.evaluate(`document.querySelector("#rows a").focus()`);
    const before = await page.locator(":focus").getAttribute("href");
    const ids = [await ask(visits.gateway, "demo"), await ask(visits.gateway, "demo")];
    await page.waitForSelector("button[data-news]:text-is('2 new, press . to show')", { timeout: 8000 });
    expect(await page.locator(`#r-${ids[0]}`).count()).toBe(0);
    await page.keyboard.press(".");
    await page.waitForSelector(`#r-${ids[0]}`);
    expect(await page.locator(`#r-${ids[1]}`).count()).toBe(1);
    expect(await page.locator(":focus").getAttribute("href")).toBe(before);
    expect(await page.locator("button[data-news]:visible").count()).toBe(0);
  });
}, 60_000);

test("only what the list would show is news for it", async () => {
  await onTheList(async ({ page }) => {
    const { url } = visits.gateway;
    await page.goto(`${url}/console/requests?q=${encodeURIComponent("status:5xx -code:internal")}`);
    await page.waitForSelector("#live:text-is('live')");
    await page.click("button[data-pause]");
    await ask(visits.gateway, "demo");
    const failed = await ask(visits.gateway, "demo/fail-500");
    await page.waitForSelector("button[data-news]:text-is('1 new, press . to show')", { timeout: 8000 });
    await page.click("button[data-news]");
    await page.waitForSelector(`#r-${failed}`);
    await page.goto(`${url}/console/requests?q=colour%3Ared`);
    expect(await page.innerText("main")).toContain("colour:red: there is no colour; there are id, key,");
  });
}, 60_000);

test("an error instead of rows leaves the rows, and is said until rows come again", async () => {
  const id = await ask(visits.gateway, "demo");
  const watched = await watch(visits);
  if (!watched) return;
  const { page, context } = watched;
  await signIn(watched, visits.gateway);
  const address = "**/console/requests";
  await page.goto(`${visits.gateway.url}/console/requests`);
  await page.waitForSelector("#live:text-is('live')");
  await page.route(address, (route) => route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad</h1>" }));
  const next = await ask(visits.gateway, "demo");
  await page.waitForSelector("#live:text('Plexus answered 502')");
  expect(await page.locator(`#r-${id}`).count()).toBe(1);
  expect(await page.locator("h1").count()).toBe(1);
  await page.unroute(address);
  await page.waitForSelector(`#r-${next}`, { timeout: 8000 });
  await page.waitForSelector("#live:text-is('live')");
  await context.close();
}, 60_000);

test("the keyboard reaches the content by a link first, then all in the order of the page, with a ring", async () => {
  await ask(visits.gateway, "demo");
  await onTheList(async ({ page }) => {
    const links = await page.locator("nav[aria-label=Pages] a").allInnerTexts();
    const menu = links.map((name) => name.trim());
    expect(menu.slice(0, 2)).toEqual(["Overview", "Requests"]);
    const rail = ["Skip to the content", "Plexus", "Find", ...menu, "Sign out"];
    const all = [
      ...rail,
      "Pause",
      "Filter",
      "The numbers of this chart",
      "Requests that run",
      "Failures by cause",
      "Columns",
      "Requests, newest first",
      "row",
    ];
    const seen: string[] = [];
    for (let step = 0; step < all.length; step++) {
      await page.keyboard.press("Tab");
      const [name, ring] = (await page.evaluate(`(() => {
        const at = document.activeElement;
        return [at.getAttribute("aria-label") ?? at.textContent, getComputedStyle(at).outlineStyle];
      })()`)) as [string, string];
      seen.push(`${name.trim().replace(/^\d.*\d$/, "row")} ${ring}`);
    }
    expect(seen).toEqual(all.map((name) => `${name} solid`));
  });
}, 60_000);

test("a session that is over is called so at the sign-in, one that was ended by its owner is not", async () => {
  await onTheList(async ({ page, context }) => {
    const { url } = visits.gateway;
    const [cookie] = await context.cookies(`${url}/console`);
    if (!cookie) throw new Error("there is no session");
    await page.click("text=Sign out");
    await page.waitForURL(`${url}/console/login`);
    expect(await page.innerText("form")).not.toContain("session is over");
    await context.addCookies([{ ...cookie, value: "x".repeat(43) }]);
    await page.goto(`${url}/console/requests`);
    expect(await page.innerText("form")).toContain("session is over");
  });
}, 60_000);

test("at 1280 px every column of the list is in view, whatever names are long", async () => {
  const model = "a-very-long-name-of-a-model-".repeat(20);
  await ask(visits.gateway, model);
  await ask(visits.gateway, "demo/fail-500");
  await onTheList(async ({ page }) => {
    const widths = await page
      .locator(".scroll:has(#rows)")
      .evaluate((region) => [region.scrollWidth, region.clientWidth]);
    expect(widths[0]).toBe(widths[1] ?? 0);
    expect(await page.locator(`.model[title="${model}"]`).count()).toBe(1);
  });
}, 60_000);

test("without scripts one signs in and reads, and nothing is offered that would do nothing", async () => {
  const id = await ask(visits.gateway, "demo");
  const owner = visits.browser?.context.browser();
  if (!owner) return;
  const viewport = { width: 375, height: 800 };
  const context = await owner.newContext({ javaScriptEnabled: false, viewport, reducedMotion: "reduce" });
  const page = await context.newPage();
  const { url, adminKey } = visits.gateway;
  await page.goto(`${url}/console/requests`);
  await page.fill("#key", adminKey);
  await page.click("button[type=submit]");
  await page.waitForURL(`${url}/console/requests`);
  expect(await page.locator(`#r-${id}`).count()).toBe(1);
  expect(await page.locator("noscript:visible").count()).toBe(1);
  expect(await page.locator("[data-pause]:visible, [data-copy]:visible, #live:visible").count()).toBe(0);
  // On a narrow page the whole card of a request leads to it.
  await page.locator(`#r-${id} .model`).click({ force: true });
  await page.waitForURL(`${url}/console/requests/${id}`);
  expect(await page.locator("[data-copy]").count()).toBe(1);
  expect(await page.locator("[data-copy]:visible").count()).toBe(0);
  await context.close();
}, 60_000);

/** The console in a real browser: what people see, and that its pages do nothing else. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { looks, wrongs } from "./checks.ts";
import { ask, type Look, openVisits, signIn, type Visits, type Watched, watch } from "./visits.ts";

const hostile = `"><img src=x onerror=alert(1)>{{7*7}}`;
let visits: Visits;
beforeAll(async () => {
  visits = await openVisits();
}, 60_000);
afterAll(() => visits.stop(), 60_000);

/** A signed-in page, closed and found without fault when the work is done. Nothing where there is no browser. */
async function signedIn(work: (watched: Watched) => Promise<void>, look?: Look): Promise<void> {
  const watched = await watch(visits, look);
  if (!watched) return;
  await signIn(watched, visits.gateway);
  await work(watched);
  expect(watched.faults).toEqual([]);
  await watched.context.close();
}

test("a wrong key is refused in words, the right one leads to where one wanted to go", async () => {
  const watched = await watch(visits);
  if (!watched) return;
  const { page, context, faults } = watched;
  const { url, adminKey } = visits.gateway;
  await page.goto(`${url}/console/requests?after=zzz`);
  expect(new URL(page.url()).pathname).toBe("/console/login");
  await page.fill("#key", "adm-wrong");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=alert]");
  expect(await page.textContent("[role=alert]")).toContain("neither the admin key");
  expect(await page.inputValue("#key")).toBe("");
  await page.fill("#key", adminKey);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${url}/console/requests?after=zzz`);
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/console" });
  expect(cookie?.value).toMatch(/^[\w-]{43}$/);
  await page.click("text=Sign out");
  await page.waitForURL(`${url}/console/login`);
  await page.goBack();
  await page.waitForURL(/\/console\/login/);
  expect(await page.content()).not.toContain(adminKey);
  expect(faults).toEqual([]);
  await context.close();
}, 60_000);

test("a link from another site finds one signed in", async () => {
  const site = Bun.serve({
    port: 0,
    fetch: () =>
      new Response(`<a href="${visits.gateway.url}/console/requests">go</a>`, {
        headers: { "content-type": "text/html" },
      }),
  });
  const watched = await watch(visits);
  if (watched) {
    await signIn(watched, visits.gateway);
    await watched.page.goto(`http://localhost:${site.port}/`);
    await watched.page.click("a");
    await watched.page.waitForSelector("h1:text-is('Requests')");
    await watched.context.close();
  }
  await site.stop(true);
}, 60_000);

test("the overview says how the gateway is, and its requests work as pasted", async () => {
  await signedIn(async ({ page }) => {
    const text = await page.innerText("main");
    for (const words of ["Version", "SQLite", "Encryption at rest", "Nothing needs attention"])
      expect(text).toContain(words);
    const snippets = await page.locator("pre").allInnerTexts();
    expect(snippets.length).toBe(4);
    for (const snippet of snippets) {
      expect(snippet).toContain("$PLEXUS_KEY");
      const { url, clientKey } = visits.gateway;
      const shell = Bun.spawn(["sh", "-c", `${snippet} -s -w '%{http_code}'`], {
        env: { ...process.env, PLEXUS_KEY: clientKey },
        stdout: "pipe",
        stderr: "ignore",
      });
      expect(snippet).toContain(url);
      expect([snippet, (await new Response(shell.stdout).text()).slice(-3)]).toEqual([snippet, "200"]);
    }
  });
}, 60_000);

test("a request that comes in appears without a reload, and opens", async () => {
  await signedIn(async ({ page }) => {
    await page.goto(`${visits.gateway.url}/console/requests`);
    await page.evaluate("globalThis.stillHere = true");
    const id = await ask(visits.gateway, "demo");
    await page.waitForSelector(`#r-${id}`, { timeout: 8000 });
    expect(await page.evaluate("globalThis.stillHere")).toBe(true);
    expect(await page.innerText(`#r-${id}`)).toContain("200 success");
    expect(await page.locator("#rows tr").first().getAttribute("id")).toBe(`r-${id}`);
    await page.click(`#r-${id} a`);
    await page.waitForSelector("h1:text-is('Request')");
    const text = await page.innerText("main");
    for (const words of [id, "Served by demo/demo", "Where the time went", "tokens"]) expect(text).toContain(words);
  });
}, 60_000);

test("a paused list stays as it is until it goes on", async () => {
  await signedIn(async ({ page }) => {
    await page.goto(`${visits.gateway.url}/console/requests`);
    await page.click("button[data-pause]");
    const id = await ask(visits.gateway, "demo");
    await page.waitForSelector("button[data-news]:text-is('1 new, press . to show')", { timeout: 8000 });
    expect(await page.locator(`#r-${id}`).count()).toBe(0);
    await page.click("button[data-pause]");
    await page.waitForSelector(`#r-${id}`, { timeout: 8000 });
  });
}, 60_000);

test("a list whose session has ended leads to the sign-in", async () => {
  await signedIn(async ({ page, context }) => {
    await page.goto(`${visits.gateway.url}/console/requests`);
    await page.waitForSelector("#live:text-is('live')");
    await context.clearCookies();
    await ask(visits.gateway, "demo");
    await page.waitForURL(/\/console\/login\?next=/, { timeout: 8000 });
  });
}, 60_000);

test("older requests are a page away", async () => {
  await Promise.all(Array.from({ length: 60 }, () => ask(visits.gateway, "demo")));
  await signedIn(async ({ page }) => {
    await page.goto(`${visits.gateway.url}/console/requests`);
    expect(await page.locator("#rows tr").count()).toBe(50);
    const last = await page.locator("#rows tr").last().getAttribute("id");
    await page.click("nav.pages >> text=Older");
    await page.waitForURL(/after=/);
    const ids = await page.locator("#rows tr").evaluateAll((rows) => rows.map((row) => row.id));
    expect(ids.length).toBeGreaterThan(9);
    expect(ids.every((id) => id < String(last))).toBe(true);
    await page.click("nav.pages >> text=Newest");
    await page.waitForURL(`${visits.gateway.url}/console/requests`);
  });
}, 60_000);

test("what a client wrote is shown as text", async () => {
  const id = await ask(visits.gateway, hostile, { messages: [{ role: "user", content: hostile }] });
  await signedIn(async ({ page }) => {
    page.on("dialog", () => {
      throw new Error("a script of the request ran");
    });
    await page.goto(`${visits.gateway.url}/console/requests`);
    expect(await page.innerText(`#r-${id} .model`)).toContain(hostile);
    await page.goto(`${visits.gateway.url}/console/requests/${id}`);
    expect(await page.innerText("main")).toContain(hostile);
    expect(await page.locator("main img").count()).toBe(0);
  });
}, 60_000);

test("a failed request says after how many tries, why, and what its causes were", async () => {
  const id = await ask(visits.gateway, "demo/fail-500");
  await signedIn(async ({ page }) => {
    await page.goto(`${visits.gateway.url}/console/requests/${id}`);
    const text = await page.innerText("main");
    for (const words of ["502 upstream error", "Failed after 1 try", "The client got 502.", "from demo/fail-500"]) {
      expect(text).toContain(words);
    }
    await page.click("summary");
    expect(await page.innerText("details pre")).toContain("GatewayError");
  });
}, 60_000);

test("an address that is none says so and leads back", async () => {
  await signedIn(async ({ page }) => {
    const back = { "/console/nothing": "/console", "/console/requests/none": "/console/requests" };
    for (const [path, to] of Object.entries(back)) {
      const response = await page.goto(visits.gateway.url + path);
      expect(response?.status()).toBe(404);
      expect(await page.locator("nav[aria-label=Pages] a").count()).toBeGreaterThan(5);
      await page.click("main a.button");
      await page.waitForURL(visits.gateway.url + to);
    }
  });
}, 60_000);

describe.each(looks)("at $width px, $scheme", (look) => {
  test("no page scrolls sideways, and axe finds nothing", async () => {
    const { url } = visits.gateway;
    const ids = [
      await ask(visits.gateway, "demo", { stream: true, seed: 3 }),
      await ask(visits.gateway, hostile.repeat(4)),
    ];
    const watched = await watch(visits, { ...look, bypassCSP: true });
    if (!watched) return;
    const { page, context } = watched;
    await page.goto(`${url}/console/login`);
    expect(["/console/login", await wrongs(page)]).toEqual(["/console/login", []]);
    await signIn(watched, visits.gateway);
    const paths = [
      "/console",
      "/console/requests",
      "/console/requests?after=0",
      "/console/running",
      "/console/nothing",
    ];
    for (const path of [...paths, ...ids.map((id) => `/console/requests/${id}`)]) {
      await page.goto(url + path);
      expect([path, await wrongs(page)]).toEqual([path, []]);
    }
    await context.close();
  }, 120_000);
});

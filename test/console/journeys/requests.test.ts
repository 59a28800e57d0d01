/** Finding a request, and finding out why it went as it went. */
import { afterAll, beforeAll, expect } from "bun:test";
import { type Figures, openFigures, webKey } from "../figures.ts";
import { watch } from "../visits.ts";
import { journey, type Scene } from "./journey.ts";

let figures: Figures;
beforeAll(async () => {
  figures = await openFigures();
}, 60_000);
afterAll(() => figures.stop(), 60_000);
const options = { visits: () => figures, secrets: [webKey, "sk-upstream"] };

const ids = ({ page }: Scene) => page.locator("#rows tr").evaluateAll((rows) => rows.map((row) => row.id.slice(2)));

journey(
  "filters are in the address: reloaded, copied and gone back to, they show the same rows",
  options,
  async (scene) => {
    const { page, open, step, gateway, tag } = scene;
    const label = { "x-plexus-label": tag };
    const dear = await figures.send("paid/good");
    const failed = await figures.send("off/none", {}, label);
    await open("/console/requests");
    await page.click("summary:text-is('Filter')");
    await page.fill("#f-q", `key:web cost>0.001 -code:cancelled`);
    await page.click(".filters button[type=submit]");
    await page.waitForURL(/q=key/);
    await step("a query");
    const shown = await ids(scene);
    expect(shown).toContain(dear);
    expect(shown).not.toContain(failed);
    expect(await page.inputValue("#f-q")).toBe("key:web cost>0.001 -code:cancelled");
    expect(await page.innerText(".chips")).toContain("cost>0.001");
    await page.reload();
    expect(await ids(scene)).toEqual(shown);
    const elsewhere = await watch(figures);
    await elsewhere?.context.addCookies(await page.context().cookies());
    await elsewhere?.page.goto(page.url());
    const copied = await elsewhere?.page.locator("#rows tr").evaluateAll((rows) => rows.map((row) => row.id.slice(2)));
    expect(copied).toEqual(shown);
    await elsewhere?.context.close();
    await page.click("#rows tr a");
    await page.waitForSelector("h1:text-is('Request')");
    await page.goBack();
    await page.waitForURL(/q=key/);
    await page.waitForSelector("#rows tr");
    expect(await page.inputValue("#f-q")).toBe("key:web cost>0.001 -code:cancelled");
    await open("/console/requests?q=colour%3Ared+status%3A5xx");
    expect(await page.innerText(".banner.warn")).toContain("colour:red: there is no colour; there are id, key, label");
    await step("a term that is none");
    expect(gateway.url).toBeString();
  },
);

journey("a request that failed says why, what each try came to, and what to do", options, async (scene) => {
  const { page, open, step } = scene;
  const id = await figures.send("busy/busy");
  await open(`/console/requests/${id}`);
  await step("the request");
  expect(await page.innerText(".verdict")).toMatch(/429|cooling down|left alone/);
  expect(await page.innerText(".diagnosis")).toMatch(/cooldown/i);
  await page.click(".diagnosis a.button");
  await page.waitForURL(/\/console\/cooldowns/);
  expect(await page.innerText("main")).toContain("busy");
  await step("what the diagnosis leads to");
});

journey("failures are told by their cause, with what each leads to, and back", options, async (scene) => {
  const { page, open, step } = scene;
  const id = await figures.send("busy/busy");
  await open("/console/requests?result=failed");
  await page.click("text=Failures by cause");
  await page.waitForURL(/group=cause/);
  expect(await page.innerText(".failures")).toContain("busy");
  await step("the causes");
  await page.click("text=Incident summary");
  await page.click("[data-copy=incident]");
  expect(await page.innerText("#incident")).toContain("busy");
  await page.click(`.failures a[href*='${id}']`);
  await page.waitForSelector("h1:text-is('Request')");
  await page.goBack();
  await page.click("text=Show them as a list");
  await page.waitForSelector("#rows tr");
  expect(await ids(scene)).toContain(id);
});

journey("a success that passed two targets over shows each of them with its reason", options, async (scene) => {
  const { page, open, step } = scene;
  // The first try makes the cooldown that the second one passes over.
  await figures.send("mix");
  const id = await figures.send("mix");
  await open(`/console/requests/${id}`);
  const routing = await page.innerText("section[aria-labelledby=routing]");
  expect(routing).toMatch(/off\/none[\s\S]*left out[\s\S]*disabled/);
  expect(routing).toMatch(/busy\/busy[\s\S]*left out[\s\S]*cooled: It is left alone until/);
  expect(routing).toMatch(/paid\/good[\s\S]*chosen/);
  await step("the routing table");
  await page.click("section[aria-labelledby=routing] a:text-is('Where would it go now?')");
  await page.waitForURL(/\/console\/aliases\/mix\/explain\?/);
  expect(await page.innerText("main")).toMatch(/busy\/busy[\s\S]*left out/);
  await step("the same question today");
});

/** `1.2 ms`, `3.4 s`. */
function milliseconds(text: string): number {
  const [, digits = "", unit = ""] = /([\d.,]+)\s*(ms|s)\b/.exec(text) ?? [];
  return Number(digits.replace(",", "")) * (unit === "s" ? 1000 : 1);
}

journey("the phases of a request add up to its whole time", options, async (scene) => {
  const { page, open, step } = scene;
  for (const id of [await figures.send("paid/good"), await figures.send("mix"), await figures.send("nothing")]) {
    await open(`/console/requests/${id}`);
    const row = await scene.gateway.request(id);
    const phases = page.locator("section[aria-labelledby=timing] table tbody tr");
    const spans = await phases.evaluateAll((rows) => rows.map((line) => line.lastElementChild?.textContent ?? ""));
    expect(spans.length).toBeGreaterThan(0);
    const sum = spans.map(milliseconds).reduce((all, one) => all + one, 0);
    // Each number is shown rounded.
    expect(Math.abs(sum - Number(row.total_ms))).toBeLessThanOrEqual(1 + spans.length * 0.05);
    const [, whole = "", , own = ""] =
      /([\d.<]+ m?s) in all, ([\s\S]*?) of it[\s\S]*took ([\d.<]+ m?s)/.exec(await page.innerText("main")) ?? [];
    expect([whole, own].every((text) => text !== "")).toBe(true);
    await step(`phases of ${id}`);
  }
});

journey("a request that runs is shown as it goes, and as it went when it is over", options, async (scene) => {
  const { page, open, step } = scene;
  const sent = figures.send("paid/late");
  await open("/console/running");
  await page.waitForSelector("#running tbody tr");
  expect(await page.innerText("#running")).toContain("Waiting for the first token of paid/late");
  await step("what runs");
  await page.click("#running tbody a");
  await page.waitForSelector("#growing");
  expect(await page.innerText(".verdict")).toMatch(/running For .* Waiting for the first token of paid\/late/);
  const timing = page.locator("section[aria-labelledby=timing] tbody tr:last-child");
  expect(await timing.innerText()).toContain("Wait for the provider");
  await step("one that runs");
  const took = async () => milliseconds(await timing.locator("td").last().innerText());
  const before = await took();
  const until = Date.now() + 10_000;
  while ((await took()) < before + 1000 && Date.now() < until) await Bun.sleep(100);
  expect(await took()).toBeGreaterThanOrEqual(before + 1000);
  figures.letGo();
  const id = await sent;
  await page.waitForSelector(".verdict:has-text('Served by paid/late')");
  expect(await page.locator("#growing").count()).toBe(0);
  expect(page.url()).toEndWith(id);
  await step("the same when it is over");
  await open("/console/running");
  expect(await page.innerText("#running")).toContain("No request is running");
  await step("nothing runs");
});

journey("requests that were refused before any provider was asked are rows like all others", options, async (scene) => {
  const { page, open, step, gateway } = scene;
  const send = async (headers: Record<string, string>, body: string) => {
    const all = { "content-type": "application/json", ...headers };
    const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", headers: all, body });
    await response.text();
    const id = response.headers.get("x-request-id") ?? "";
    await gateway.request(id);
    return [id, response.status] as const;
  };
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  const hello = (model: string, more = {}) =>
    JSON.stringify({ model, messages: [{ role: "user", content: "Hello!" }], ...more });
  const refused = [
    [await send(as("sk-nobody-has-this-key"), hello("paid/good")), 401, "unauthenticated"],
    [await send(as(webKey), hello("no-such-alias")), 404, "not-found"],
    [await send(as("sk-tight-of-the-tests"), hello("paid/good", { max_tokens: 100_000 })), 429, "quota-exceeded"],
    [await send(as("sk-else-of-the-tests"), hello("paid/good")), 403, "forbidden"],
    [await send(as(webKey), "{not json"), 400, "invalid-request"],
  ] as const;
  for (const [[id, status], expected, code] of refused) {
    expect([code, status]).toEqual([code, expected]);
    await open(`/console/requests/${id}`);
    expect(await page.innerText("main")).toContain(code);
    expect(await page.locator("section[aria-labelledby=attempts]").count()).toBe(0);
    expect((await gateway.request(id)).attempts).toBe(0);
  }
  await step("one of them");
  await open("/console/requests?q=tries:0");
  const shown = await ids(scene);
  for (const [[id]] of refused) expect(shown).toContain(id);
  await step("their list");
});

/** The live list under traffic: what it shows, when it leaves the reader in peace, what it does when the line is cut. */
import { afterAll, beforeAll, expect } from "bun:test";
import { type Figures, openFigures, webKey } from "../figures.ts";
import { journey, type Scene } from "./journey.ts";
import { type Line, openLine } from "./line.ts";

/** Seconds of traffic, 200 requests in each. */
const seconds = process.env.JOURNEY_LOOKS === "all" ? 20 : 0.6;
const perSecond = 200;

let figures: Figures;
let line: Line;
beforeAll(async () => {
  figures = await openFigures();
  line = await openLine(figures.gateway.url);
}, 60_000);
afterAll(async () => {
  await line.stop();
  await figures.stop();
}, 60_000);

/** What the browser sees: the gateway behind the line. */
const options = {
  visits: () => ({ ...figures, gateway: { ...figures.gateway, url: line.url } }),
  secrets: [webKey, "sk-upstream"],
};

const shown = ({ page }: Scene) => page.locator("#rows tr").evaluateAll((rows) => rows.map((row) => row.id.slice(2)));

/** Half of them succeed, half are refused. */
async function traffic(): Promise<void> {
  const { url } = figures.gateway;
  const headers = { authorization: `Bearer ${webKey}`, "content-type": "application/json" };
  const send = async (model: string) => {
    const body = JSON.stringify({ model, messages: [{ role: "user", content: "Hello!" }] });
    await (await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body })).text();
  };
  for (let tenths = 0; tenths < seconds * 10; tenths++) {
    const tenth = Bun.sleep(100);
    await Promise.all(
      Array.from({ length: perSecond / 10 }, (_, at) => send(at % 2 ? "paid/good" : "nothing-like-this")),
    );
    await tenth;
  }
}

/** Its row is there; the page is told a little later. */
async function failOnce(): Promise<string> {
  return figures.send("nothing-like-this");
}

journey("a live list shows what fits, waits for its reader, and finds back after a cut", options, async (scene) => {
  const { page, open, step } = scene;
  await open("/console/requests?q=status%3A404");
  await page.waitForSelector("#live:text-is('live')");
  await traffic();
  const last = await failOnce();
  await page.waitForSelector(`#r-${last}`, { timeout: 15_000 });
  expect(await page.locator("#rows tr:not(:has-text('404'))").count()).toBe(0);
  const first = await shown(scene);
  expect(first).toHaveLength(50);
  expect(new Set(first).size).toBe(50);
  await step("after the traffic");

  await page.evaluate(`document.querySelector("#rows a").focus()`);
  const waiting = await failOnce();
  await page.waitForSelector("button[data-news]:text-is('1 new, press . to show')", { timeout: 15_000 });
  expect(await shown(scene)).toEqual(first);
  await step("while a row has the focus");
  await page.keyboard.press(".");
  await page.waitForSelector(`#r-${waiting}`);
  await page.evaluate("document.activeElement.blur()");

  await page.keyboard.press("Space");
  await page.waitForSelector("#live:text-is('paused')");
  const paused = await failOnce();
  await page.waitForSelector("button[data-news]:text-is('1 new, press . to show')", { timeout: 15_000 });
  await step("while it is paused");
  await page.keyboard.press("Space");
  await page.waitForSelector(`#r-${paused}`);

  await line.cut();
  await page.waitForSelector("#live:text-is('reconnecting')", { timeout: 15_000 });
  const missed = [await failOnce(), await failOnce()];
  await line.mend();
  await page.waitForSelector("#live:text-is('live')", { timeout: 30_000 });
  for (const id of missed) await page.waitForSelector(`#r-${id}`, { timeout: 15_000 });
  const after = await shown(scene);
  expect(new Set(after).size).toBe(after.length);
  expect(after.slice(0, 2)).toEqual(missed.reverse());

  await page.context().clearCookies();
  await line.cut();
  await line.mend();
  // Each part that is fetched leads there, so one way there may cut another short.
  await page.waitForSelector("input[type=password]", { timeout: 30_000 });
  expect(page.url()).toMatch(/\/console\/login\?next=/);
  // The browser tells of each connection that failed, and it was meant to.
  scene.watched.faults.splice(0);
  await step("the session is over");
});

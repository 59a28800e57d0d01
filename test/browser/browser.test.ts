import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Browser, openBrowser } from "../support/browser.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

let browser: Browser | undefined;
let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({ config: {} });
  browser = await openBrowser();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await gateway.stop();
}, 30_000);

test("a page reads a stream of the gateway event by event", async () => {
  if (!browser) return;
  const page = await browser.context.newPage();
  await page.goto(`${gateway.url}/healthz`);
  expect(await page.textContent("body")).toBe("ok");
  const { reads, text } = await page.evaluate(async (key) => {
    const response = await fetch("/v1/chat/completions", {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "demo", stream: true, messages: [{ role: "user", content: "Grüße" }] }),
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let all = "";
    let count = 0;
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      all += part.value;
      count++;
    }
    return { reads: count, text: all };
  }, gateway.clientKey);
  expect(reads).toBeGreaterThan(5);
  expect(text).toContain("Grüße");
  expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
}, 60_000);

test("an error that a page shows is text, not markup", async () => {
  if (!browser) return;
  const page = await browser.context.newPage();
  const response = await page.goto(`${gateway.url}/v1/<img src=x onerror=document.title=1>`);
  expect(response?.status()).toBe(404);
  expect(response?.headers()["content-type"]).toContain("application/json");
  expect(await page.locator("img").count()).toBe(0);
}, 60_000);

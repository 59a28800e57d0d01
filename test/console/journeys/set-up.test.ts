/** From nothing to the first request, as a new user goes; with the mistakes that new users make. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import OpenAI from "openai";
import { openBrowser } from "../../support/browser.ts";
import { startGateway } from "../../support/gateway.ts";
import { startChat } from "../../support/upstream/chat.ts";
import type { Answer } from "../../support/upstream/script.ts";
import type { Upstream } from "../../support/upstream/server.ts";
import type { Visits } from "../visits.ts";
import { journey, type Scene } from "./journey.ts";

const longestMs = 20_000;
const hello: Answer = { text: "Hello there.", counts: { input: 9, cached: 0, written: 0, visible: 3, reasoning: 0 } };

/** Pages that are much like others are looked at closely where the journeys are gone in all looks. */
const isLong = process.env.JOURNEY_LOOKS === "all";
const quickly = async () => {};

let upstream: Upstream;
let visits: Visits;
let startedAt = 0;
beforeAll(async () => {
  upstream = startChat({ router: false });
  const browser = await openBrowser();
  startedAt = Date.now();
  const gateway = await startGateway({ config: {} });
  visits = {
    gateway,
    browser,
    async stop() {
      await browser?.close();
      await gateway.stop();
    },
  };
}, 60_000);
afterAll(async () => {
  await visits.stop();
  await upstream.stop();
}, 60_000);

async function signIn({ page, open, gateway }: Scene): Promise<void> {
  await open("/console");
  await page.fill("#key", gateway.adminKey);
  await page.click("button[type=submit]");
}

/** OpenAI's form with the URL of the scripted upstream. */
async function fillIn({ page }: Scene, { name, key, url }: { name: string; key: string; url: string }): Promise<void> {
  await page.fill("#f-id", name);
  if (key !== "") await page.fill("#f-api_key", key);
  if (!(await page.isVisible("#f-protocols-chat"))) await page.click("summary:has-text('Details')");
  await page.fill("#f-protocols-chat", url);
  for (const other of ["responses", "embeddings"]) await page.fill(`#f-protocols-${other}`, "");
}

const options = { visits: () => visits, isSignedOut: true };
let looks = 0;

journey("from nothing to a request of the client's own, and one of the page's", options, async (scene) => {
  const { page, open, step, gateway, tag } = scene;
  const closely = isLong ? step : quickly;
  const isFirst = looks++ === 0;
  const models = ["large", "small"].map((name) => upstream.script(`${name}-${tag}`, Array(5).fill(hello)));
  upstream.lists([...models, "never-ticked"]);
  await signIn(scene);
  if (isFirst) await page.waitForURL(`${gateway.url}/console/setup`);
  else await open("/console/setup?step=provider");
  await step("which provider");
  await page.click(".presets a:has-text('OpenAI') >> nth=0");
  await fillIn(scene, { name: `openai-${tag}`, key: upstream.key, url: upstream.url });
  await closely("its form");
  await page.click("button[value=test]");
  await page.waitForSelector(".stages");
  expect(await page.innerText(".trial [role=status]")).toBe("It works.");
  expect(await page.content()).not.toContain(upstream.key);
  await closely("tested");
  for (const box of await page.locator("input[name=models]").all()) await box.uncheck();
  for (const model of models) await page.check(`input[name=models][value="${model}"]`);
  await page.click("button:has-text('Save and go on')");
  await page.waitForURL(/step=key/);
  await step("saved");
  await page.fill("#name", `laptop-${tag}`);
  await page.click("button:has-text('Make the key')");
  const secret = await page.innerText("#secret");
  expect(secret).toMatch(/^sk-[\w-]{43}$/);
  expect(await page.innerText("#client-0")).toContain(secret);
  if (isFirst) expect(await page.innerText("#first")).toContain("Waiting for your client");
  await step("the key, once");
  const client = new OpenAI({ apiKey: secret, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "Hello!" }];
  const answer = await client.chat.completions.create({ model: models[0] ?? "", messages });
  expect(answer.choices[0]?.message.content).toBe("Hello there.");
  if (isFirst) expect(Date.now() - startedAt).toBeLessThan(longestMs);
  await page.waitForSelector(`#first .verdict:has-text("via openai-${tag}/${models[0]}")`, { timeout: 5000 });
  expect(await page.innerText("#first .verdict")).toMatch(/200 success in .+ via .+, no price/);
  await closely("the client's request has come");
  await page.selectOption("#f-model", models[1] ?? "");
  await page.click("button:has-text('Send test request')");
  await page.waitForSelector(`#first .verdict:has-text("via openai-${tag}/${models[1]}")`);
  expect(await page.content()).not.toContain(secret);
  await step("the page's own request");
  await page.click("#first a:has-text('See the request')");
  await page.waitForURL(/\/console\/requests\/[\w-]+$/);
  const rows = (await gateway.requests()).filter(({ key }) => key === `laptop-${tag}`);
  expect(rows.map(({ model }) => model).sort()).toEqual([...models].sort());
  await open("/console");
  expect(new URL(page.url()).pathname).toBe("/console");
});

journey("a wrong key, then a URL without its version, then right", options, async (scene) => {
  const { page, open, step, tag } = scene;
  const model = upstream.script(`third-${tag}`, Array(3).fill(hello));
  upstream.lists([model]);
  await signIn(scene);
  await open("/console/setup?preset=openai");
  await fillIn(scene, { name: `second-${tag}`, key: "sk-of-somebody-else-0001", url: upstream.url });
  await page.click("button[value=test]");
  await page.waitForSelector("#f-api_key-error");
  expect(await page.innerText("#f-api_key-error")).toContain("does not accept the key (401)");
  expect([await page.inputValue("#f-id"), await page.inputValue("#f-api_key")]).toEqual([`second-${tag}`, ""]);
  expect(await page.content()).not.toContain("sk-of-somebody-else-0001");
  await step("a wrong key");
  await fillIn(scene, { name: `second-${tag}`, key: upstream.key, url: upstream.url.replace("/v1", "") });
  await page.click("button[value=test]");
  await page.waitForSelector("#f-protocols-chat-error");
  expect(await page.innerText("#f-protocols-chat-error")).toContain("is /v1 missing?");
  await step("a web page");
  // The key is not typed in again: the server has kept it for this form.
  await fillIn(scene, { name: `second-${tag}`, key: "", url: upstream.url });
  await page.click("button[value=test]");
  await page.waitForSelector(".trial [role=status]:has-text('It works.')");
  await page.check(`input[name=models][value="${model}"]`);
  await page.click("button:has-text('Save and go on')");
  await page.waitForURL(/step=key/);
  await step("saved");
});

test("without JavaScript a provider is tested and added, too", async () => {
  const owner = visits.browser?.context.browser();
  if (!owner) return console.log("skipped: this platform has no browser");
  const { url, adminKey } = visits.gateway;
  const model = upstream.script("plain", [hello]);
  upstream.lists([model]);
  const context = await owner.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${url}/console/providers/new?preset=custom`);
  await page.fill("#key", adminKey);
  await page.click("button[type=submit]");
  await page.fill("#f-id", "plain");
  await page.fill("#f-api_key", upstream.key);
  await page.fill("#f-protocols-chat", upstream.url);
  await page.click("button[value=test]");
  expect(await page.innerText(".trial [role=status]")).toBe("It works.");
  await page.check(`input[name=models][value="${model}"]`);
  await page.click("button:has-text('Add provider')");
  expect(page.url()).toBe(`${url}/console/providers/plain`);
  expect(await page.innerText("main")).toContain("plain is saved");
  await context.close();
}, 60_000);

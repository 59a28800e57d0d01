/** The overview while a provider turns bad: it is said within seconds, and the line leads to the requests. */
import { afterAll, afterEach, beforeEach, expect } from "bun:test";
import { openVisits, type Visits } from "../visits.ts";
import { journey } from "./journey.ts";

const smallKey = "sk-small-of-the-overview";
let mode: "good" | "bad" | "busy" = "good";
const upstream = Bun.serve({
  port: 0,
  fetch() {
    const error = { message: "It is not well.", type: "some_error" };
    if (mode === "busy") return Response.json({ error }, { status: 429, headers: { "retry-after": "600" } });
    if (mode === "bad") return Response.json({ error }, { status: 400 });
    return Response.json({
      ...{ id: "chatcmpl-1", object: "chat.completion", created: 1_800_000_000, model: "m" },
      choices: [{ index: 0, message: { role: "assistant", content: "Well." }, finish_reason: "stop" }],
      usage: { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 },
    });
  },
});

let visits: Visits;
beforeEach(async () => {
  mode = "good";
  visits = await openVisits({
    providers: { shaky: { protocols: { chat: `http://127.0.0.1:${upstream.port}/v1` }, api_key: "sk-upstream" } },
    aliases: { one: { targets: ["shaky/m"] } },
    quotas: { calls: { unit: "requests", limit: 4, window: "daily", warn: 0.5 } },
    keys: { small: { secret: smallKey, quotas: ["calls"] } },
  });
}, 60_000);
afterEach(() => visits.stop(), 60_000);
afterAll(() => upstream.stop(true));

async function send(count: number, key = visits.gateway.clientKey): Promise<void> {
  for (let sent = 0; sent < count; sent++) {
    const response = await fetch(`${visits.gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "one", messages: [{ role: "user", content: "Hello!" }] }),
    });
    await response.text();
    await visits.gateway.request(response.headers.get("x-request-id") ?? "");
  }
}

const options = { visits: () => visits, secrets: [smallKey, "sk-upstream"] };

journey(
  "a provider that turns bad needs attention within 5 s, and the line leads to its requests",
  options,
  async (scene) => {
    const { page, open, step } = scene;
    await open("/console");
    expect(await page.innerText("#overview")).toContain("Nothing needs attention");
    expect(await page.locator("pre").count()).toBe(4);
    await step("before the first request");
    await send(2);
    await send(3, smallKey);
    mode = "bad";
    await send(12);
    mode = "busy";
    await send(1);
    const within = { timeout: 5000, state: "attached" as const };
    const badge = page.waitForSelector("#badge-cooldowns:not([hidden])", within);
    const line = page.waitForSelector(".attention li:has-text('shaky/m is cooling down (rate-limited)')", within);
    expect(((await (await badge).textContent()) ?? "").replace(/\s+/g, " ")).toContain("1 in force");
    await line;
    const failing = page.locator(".attention li", { hasText: "shaky fails more often than usual" });
    // What came in the meantime is part of the next figures.
    await failing.filter({ hasText: "72.2% in the last hour" }).waitFor({ timeout: 15_000 });
    expect(await page.innerText("#overview .figures")).toMatch(/Requests\s+18/);
    expect(await page.locator(".recent tbody tr").count()).toBe(8);
    expect(await page.locator("#badge-keys:not([hidden])").count()).toBe(1);
    await step("while it is bad");
    await failing.locator("a").click();
    await page.waitForURL(/\/console\/requests\?.*provider=shaky.*group=cause/);
    expect(await page.locator(".failures > li").allInnerTexts()).toEqual([
      expect.stringMatching(/shaky[\s\S]*12 failures/),
      expect.stringMatching(/rate-limited, answered 429[\s\S]*1 failure\b/),
    ]);
    await step("what they failed of");
    await page.click("text=Show them as a list");
    await page.waitForSelector("#rows tr");
    expect(await page.locator("#rows tr").count()).toBe(13);
    await step("its requests");
  },
);

/** What clients, providers and people write is text on every page, whatever it looks like. */
import { afterAll, beforeAll, expect } from "bun:test";
import { openVisits, type Visits } from "../visits.ts";
import { journey } from "./journey.ts";

const hostile = `"><svg onload=alert(1)><b hx-get=/x>{{7*7}}\u202Eback`;
let visits: Visits;
let upstream: ReturnType<typeof Bun.serve>;
let id: string;

beforeAll(async () => {
  upstream = Bun.serve({
    port: 0,
    fetch: () => Response.json({ error: { message: hostile, type: hostile, code: hostile } }, { status: 400 }),
  });
  visits = await openVisits();
  const { url, adminKey } = visits.gateway;
  const put = async (section: string, name: string, value: object) => {
    const response = await fetch(`${url}/api/config/${section}/${encodeURIComponent(name)}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      body: JSON.stringify(value),
    });
    expect([section, response.ok]).toEqual([section, true]);
    return (await response.json()) as { secret?: string };
  };
  const models = { [hostile]: {} };
  const protocols = { chat: `http://127.0.0.1:${upstream.port}/v1` };
  await put("providers", "evil", { name: hostile, protocols, api_key: "sk-of-evil-0123456789", models });
  await put("aliases", hostile, { also: [`${hostile}2`], targets: [`evil/${hostile}`] });
  await put("quotas", "calls", { unit: "requests", limit: 100, window: "daily" });
  const { secret } = await put("keys", hostile, {
    comment: hostile,
    quotas: ["calls"],
    aliases: [hostile, "evil/other"],
  });
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${secret}`,
      "content-type": "application/json",
      "user-agent": hostile.slice(0, -5),
      "x-plexus-label": hostile.slice(0, -5),
    },
    body: JSON.stringify({ model: hostile, messages: [{ role: "user", content: hostile }] }),
  });
  await response.text();
  id = response.headers.get("x-request-id") ?? "";
  await visits.gateway.request(id);
}, 60_000);
afterAll(async () => {
  await visits.stop();
  await upstream.stop(true);
}, 60_000);

journey("is shown literally, and nothing of it runs", { visits: () => visits }, async (scene) => {
  const { page, open, step } = scene;
  page.on("dialog", () => {
    throw new Error("a script of somebody else ran");
  });
  const name = encodeURIComponent(hostile);
  const pages: Record<string, "shown" | "may be"> = {
    "/console": "may be",
    "/console/requests": "shown",
    [`/console/requests/${id}`]: "shown",
    [`/console/requests?key=${name}`]: "shown",
    "/console/usage?by=key": "shown",
    "/console/usage?by=model": "shown",
    "/console/performance": "may be",
    "/console/keys": "shown",
    [`/console/keys/${name}`]: "shown",
    [`/console/keys/${name}/rotate`]: "shown",
    [`/console/keys/${name}/remove`]: "shown",
    "/console/aliases": "shown",
    [`/console/aliases/${name}`]: "shown",
    [`/console/aliases/${name}/explain`]: "shown",
    "/console/aliases/import": "shown",
    "/console/quotas": "shown",
    "/console/quotas/calls": "shown",
    "/console/audit": "shown",
    "/console/providers": "may be",
    "/console/providers/evil": "shown",
    "/console/settings/vision": "may be",
    "/console/playground": "may be",
  };
  for (const [path, wanted] of Object.entries(pages)) {
    await open(path);
    expect([path, await page.locator("h1").count()]).toEqual([path, 1]);
    const written = await page.evaluate(
      `document.body.textContent + [...document.querySelectorAll("input, textarea")].map((field) => field.value).join(" ")`,
    );
    if (wanted === "shown") expect([path, String(written).includes(hostile)]).toEqual([path, true]);
    const made = await page.locator("[onload], [hx-get='/x'], b[hx-get]").count();
    const isNarrow = await page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth");
    expect([path, made, isNarrow]).toEqual([path, 0, true]);
  }
  await open(`/console/keys/${name}`);
  await step("a key");
  await open(`/console/aliases/${name}`);
  await step("an alias");
  await open(`/console/requests/${id}`);
  await step("a request");
});

journey(
  "names that are too long or hold control characters are refused in words",
  { visits: () => visits },
  async (scene) => {
    const { page, open, step } = scene;
    await open("/console/keys/new");
    await page.evaluate(`document.getElementById("f-id").removeAttribute("maxlength")`);
    await page.fill("#f-id", "k".repeat(10_000));
    await page.click("button:has-text('Make the key')");
    expect(await page.innerText("#problems")).toContain("Name");
    expect((await page.inputValue("#f-id")).length).toBe(10_000);
    await page.fill("#f-id", "a\u0001b");
    await page.click("button:has-text('Make the key')");
    expect(await page.innerText("#problems")).toContain("a control character");
    await step("refused");
  },
);

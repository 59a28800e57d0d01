/** The pages of keys, aliases, quotas, settings and what was changed: nothing is wrong with any, in any look. */
import { afterAll, beforeAll, expect } from "bun:test";
import { ask, openVisits, type Visits } from "../visits.ts";
import { journey } from "./journey.ts";

let visits: Visits;
beforeAll(async () => {
  visits = await openVisits({
    settings: { failover: { max_attempts: 3 } },
    aliases: { "of-file": { targets: ["demo/demo"] } },
    quotas: { "of-file": { unit: "tokens", limit: 1_000_000, window: "rolling", period: "5h" } },
  });
  const { url, adminKey } = visits.gateway;
  const send = async (method: string, path: string, body: object) => {
    const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
    const response = await fetch(`${url}/api/config/${path}`, { method, headers, body: JSON.stringify(body) });
    expect([path, response.ok]).toEqual([path, true]);
  };
  await send("PUT", "quotas/calls", { unit: "requests", limit: 3, window: "daily", shared: true });
  const groups = [
    { name: "first", selector: "cost", targets: ["demo/demo", { provider: "demo", model: "two", enabled: false }] },
    { name: "last", selector: "in_order", targets: ["demo/three"] },
  ];
  await send("PUT", "aliases/sonnet", { also: ["claude"], groups, sticky: true });
  await send("PUT", "keys/web", { comment: "The shop", quotas: ["calls"], aliases: ["sonnet"], providers: ["demo"] });
  await send("POST", "keys/web/rotate", { overlap_s: 3600 });
  await send("PATCH", "settings", { exploration: 0.1, timezone: "Asia/Kolkata" });
  await ask(visits.gateway, "demo/demo");
}, 60_000);
afterAll(() => visits.stop(), 60_000);

/** All of them where the journeys are gone in all looks; else those that differ from one another. */
const isLong = process.env.JOURNEY_LOOKS === "all";
const more = (...paths: string[]) => (isLong ? paths : []);

const pages = {
  keys: ["keys", "keys/new", "keys/web", ...more("keys/test", "keys/web/rotate", "keys/web/revoke", "keys/web/remove")],
  aliases: [
    "aliases",
    "aliases/new",
    "aliases/sonnet",
    "aliases/sonnet/explain",
    ...more("aliases/of-file", "aliases/import"),
  ],
  quotas: [
    "quotas",
    "quotas/new",
    "quotas/calls",
    "quotas/of-file",
    ...more("quotas/calls/reset", "quotas/calls/recompute"),
  ],
  settings: [
    ...["", "/routing", "/network", "/appearance", "/prices?target=demo/demo"],
    ...more("/cooldowns", "/timeouts", "/limits", "/vision", "/retention", "/time", "/prices/recompute?rows=all"),
  ].map((path) => `settings${path}`),
  "what was changed": ["audit", "audit?part=keys&name=web", "jobs", "system", "find?q=s"],
};

for (const [name, paths] of Object.entries(pages)) {
  journey(`the pages of ${name}`, { visits: () => visits }, async ({ page, open, step }) => {
    for (const path of paths) {
      await open(`/console/${path}`);
      expect([path, await page.locator("h1").count()]).toEqual([path, 1]);
      await step(path);
    }
  });
}

journey("a setting is changed, shown with its source, and taken back", { visits: () => visits }, async (scene) => {
  const { page, open, step } = scene;
  await open("/console/settings/routing");
  const field = (name: string) => page.innerText(`.field:has([name="${name}"])`);
  expect(await field("failover.max_attempts")).toContain("Set by the configuration file; change it there.");
  expect(await field("exploration")).toContain("Default: 0.05. Set here or through the API.");
  await page.fill("[name=exploration]", "0.2");
  await page.click(".buttons button:text-is('Save')");
  await page.waitForSelector(".banner.ok");
  expect(await page.inputValue("[name=exploration]")).toBe("0.2");
  await open("/console/audit?part=settings");
  const newest = page.locator("table.audit tbody tr").first();
  expect(await newest.innerText()).toMatch(/changed[\s\S]*console[\s\S]*exploration 0.1 0.2/);
  await newest.locator("a:has-text('Take back')").click();
  await step("asked whether to take it back");
  await page.click("button:has-text('Take it back')");
  await page.waitForSelector(".banner.ok");
  await open("/console/settings/routing");
  expect(await page.inputValue("[name=exploration]")).toBe("0.1");
  await open("/console/settings/appearance");
  await page.check("[name=theme][value=dark]");
  await page.uncheck("[name=shortcuts]");
  await page.click("button:text-is('Save')");
  await page.waitForSelector(".banner.ok");
  expect(await page.getAttribute("html", "data-theme")).toBe("dark");
  await step("dark");
});

journey(
  "single keys lead to pages and to finding, until they are switched off",
  { visits: () => visits },
  async (scene) => {
    const { page, open, step, gateway } = scene;
    await open("/console");
    await page.keyboard.press("g");
    await page.keyboard.press("k");
    await page.waitForURL(`${gateway.url}/console/keys`);
    await page.keyboard.press("/");
    await page.keyboard.type("gk sonnet");
    expect(page.url()).toBe(`${gateway.url}/console/keys`);
    await page.fill("#find", "sonnet");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/console\/find\?q=sonnet$/);
    expect(await page.innerText("main")).toMatch(/Aliases[\s\S]*sonnet[\s\S]*claude/);
    await step("found");
    const id = await ask(gateway, "demo/demo");
    await page.fill("#find", id);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${gateway.url}/console/requests/${id}`);
    await page.keyboard.press("c");
    await page.waitForSelector("button[data-copy=id]:not(:text-is('Copy'))");
    const focused = () => page.evaluate("document.activeElement.getAttribute('href') ?? document.activeElement.name");
    for (const [path, keys, reached] of [
      ["/console/requests", "kj", `/console/requests/${id}`],
      ["/console/keys", "jjjjk", "/console/keys/test"],
      ["/console/requests", "f", "q"],
      ["/console/usage", "t", "range"],
      ["/console", "t", "/console?range=24h"],
      ["/console/aliases/sonnet", "e", "g0.selector"],
    ] as const) {
      await open(path);
      for (const key of keys) await page.keyboard.press(key);
      expect([path, keys, await focused()]).toEqual([path, keys, reached]);
    }
    await open("/console/requests");
    await page.keyboard.press("j");
    await step("a row has the focus");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${gateway.url}/console/requests/${id}`);
    await page.keyboard.press("?");
    await page.waitForURL(/appearance#shortcuts$/);
    await page.uncheck("[name=shortcuts]");
    await page.click("button:text-is('Save')");
    await page.waitForSelector(".banner.ok");
    await page.keyboard.press("g");
    await page.keyboard.press("k");
    await page.keyboard.press("?");
    await page.waitForTimeout(200);
    expect(page.url()).toContain("/console/settings/appearance");
  },
);

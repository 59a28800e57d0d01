/** Sums and comparisons over a month of known requests: what the pages say is what the rows add up to, in any timezone. */
import { afterAll, beforeAll, expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrations } from "../../../migrations/index.ts";
import type { RequestRecord } from "../../../src/model/record.ts";
import { migrate } from "../../../src/store/migrate.ts";
import { openDatabase } from "../../../src/store/open.ts";
import { insertRequests } from "../../../src/store/requests.ts";
import { openBrowser } from "../../support/browser.ts";
import { startGateway } from "../../support/gateway.ts";
import { closedRecord } from "../../support/records.ts";
import type { Visits } from "../visits.ts";
import { journey, type Scene } from "./journey.ts";

const dayMs = 86_400_000;
const now = Date.now();
const targets = ["fast/small", "slow/large", "rare/one"] as const;
/** Three targets with times of their own, three keys, some without a price; one of them was hardly asked. */
const rows: RequestRecord[] = Array.from({ length: 700 }, (_, place) => {
  const at = now - Math.floor((place / 700) * 28 * dayMs) - 600_000;
  const target = place % 100 === 0 ? targets[2] : targets[place % 2 === 0 ? 0 : 1];
  const isSlow = target === targets[1];
  return closedRecord({
    id: Bun.randomUUIDv7("hex", at),
    ...{ at, key: ["web", "cron", "laptop"][place % 3] ?? null, alias: "mix", model: "mix", errors: [], attempts: 1 },
    ...{ target, provider: target.split("/")[0] ?? null, costNano: place % 10 === 0 ? null : 1_000_000 },
    ...{ ttftMs: isSlow ? 2000 : 200, totalMs: isSlow ? 6000 : 900 },
  });
});

let folder: string;
let visits: Visits;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "plexus-journey-"));
  const database = openDatabase(`sqlite://${join(folder, "plexus.db")}`);
  await migrate(database, migrations);
  await database.transaction((sql) => insertRequests(sql, rows));
  await database.close();
  const providers = Object.fromEntries(
    targets.map((target) => [target.split("/")[0], { protocols: { chat: "http://127.0.0.1:9/v1" } }]),
  );
  const gateway = await startGateway({
    config: { providers, aliases: { mix: { selector: "in_order", targets: [...targets] } } },
    environment: { DATA_DIR: folder },
  });
  const browser = await openBrowser();
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
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const options = { visits: () => visits };

async function cells({ page }: Scene, table: string): Promise<string[][]> {
  return page
    .locator(`${table} tr`)
    .evaluateAll((lines) =>
      lines.map((line) => [...line.children].map((cell) => (cell.textContent ?? "").replace(/\s+/g, " ").trim())),
    );
}

const amount = (text: string | undefined) => Number((text ?? "").replace(/[$,]/g, ""));

/** The day in which a time lies, by the clocks of a zone. */
function dayIn(zone: string, at: number): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" }).format(at);
}

async function setZone({ gateway }: Scene, timezone: string): Promise<void> {
  const headers = { authorization: `Bearer ${gateway.adminKey}`, "content-type": "application/json" };
  const body = JSON.stringify({ timezone });
  const response = await fetch(`${gateway.url}/api/config/settings`, { method: "PATCH", headers, body });
  expect(response.status).toBe(200);
}

journey("usage of a month adds up by key, by day and in the list, in any timezone", options, async (scene) => {
  const { page, open, step } = scene;
  for (const zone of ["UTC", "Asia/Kolkata", "America/St_Johns"]) {
    await setZone(scene, zone);
    await open("/console/usage?by=key&measure=requests&range=30d");
    expect(await page.innerText("main")).toContain(`Days in ${zone}`);
    const keys = await cells(scene, "table.sums tbody");
    const told = Object.fromEntries(keys.map(([name, requests]) => [name, amount(requests)]));
    const count = (key: string) => rows.filter((row) => row.key === key).length;
    expect(told).toMatchObject({ web: count("web"), cron: count("cron"), laptop: count("laptop") });
    const [total] = await cells(scene, "table.sums tfoot");
    expect(amount(total?.[1])).toBe(rows.length);
    const days = await cells(scene, ".chart table tbody");
    expect(days.reduce((sum, day) => sum + amount(day.at(-1)), 0)).toBe(rows.length);
    expect(await page.innerText("main")).toContain(`${rows.filter(({ costNano }) => costNano === null).length}`);
    await step(`a month in ${zone}`);
    const day = dayIn(zone, now - 9 * dayMs);
    await open(`/console/usage?by=key&measure=requests&from=${day}&to=${day}`);
    const [single] = await cells(scene, "table.sums tfoot");
    expect([zone, amount(single?.[1])]).toEqual([zone, rows.filter(({ at }) => dayIn(zone, at) === day).length]);
  }
  const week = new Date(now - 7 * dayMs).toISOString();
  await open(`/console/requests?key=cron&from=${week}`);
  const bars = await cells(scene, ".volume table tbody");
  const ofWeek = rows.filter(({ key, at }) => key === "cron" && at >= Date.parse(week));
  expect(bars.reduce((sum, bar) => sum + amount(bar.at(-1)), 0)).toBe(ofWeek.length);
  await step("the bars above the list");
  await open(`/console/requests?key=cron&from=${week}&q=status%3A200`);
  expect(await page.locator(".volume").count()).toBe(0);
  await open("/console/usage?by=key&range=30d");
  await page.click("table.sums a:text-is('cron')");
  await page.waitForURL(/\/console\/requests\?.*key=cron/);
  let listed = await page.locator("#rows tr").count();
  for (
    let next = page.locator("a:text-is('Older')");
    (await next.count()) > 0;
    next = page.locator("a:text-is('Older')")
  ) {
    await next.click();
    await page.waitForLoadState();
    listed += await page.locator("#rows tr").count();
    if (listed > rows.length) break;
  }
  expect(listed).toBe(rows.filter(({ key }) => key === "cron").length);
  await setZone(scene, "UTC");
});

journey(
  "performance compares the targets of an alias with the truth, and marks what is few",
  options,
  async (scene) => {
    const { page, open, step } = scene;
    await open("/console/performance?alias=mix&range=30d");
    const lines = await cells(scene, "table.sums tbody");
    const of = (target: string) => lines.find(([name]) => name === target) ?? [];
    expect(lines).toHaveLength(3);
    expect(of("rare/one")[1]).toBe("7 (few)");
    expect(of("fast/small")[1]).not.toContain("few");
    // Kept as logarithmic classes: within a tenth of the truth.
    const milliseconds = (text = "") => Number(/[\d.]+/.exec(text)?.[0]) * (/\d\s*s$/.test(text) ? 1000 : 1);
    for (const [target, truth] of [
      ["fast/small", 200],
      ["slow/large", 2000],
    ] as const) {
      for (const cell of [of(target)[4], of(target)[5]]) {
        expect(Math.abs(milliseconds(cell) - truth) / truth).toBeLessThan(0.1);
      }
    }
    expect(await page.locator("table.heat tbody tr").count()).toBe(3);
    await step("the comparison");
  },
);

/** Signing in: wrong, too often wrong, right; and out again. */
import { afterAll, beforeAll, expect } from "bun:test";
import { openVisits, type Visits } from "../visits.ts";
import { journey } from "./journey.ts";

let visits: Visits;
beforeAll(async () => {
  visits = await openVisits({ settings: { trusted_proxies: ["127.0.0.1"] } });
}, 60_000);
afterAll(() => visits.stop(), 60_000);

const options = { visits: () => visits, isSignedOut: true };
let looks = 0;

journey(
  "a wrong key is refused in the same words, then has to wait; the right one leads where one wanted",
  options,
  async (scene) => {
    const { page, open, step, gateway } = scene;
    // Each look comes from an address of its own, for failures are counted by address.
    await page.setExtraHTTPHeaders({ "x-forwarded-for": `192.0.2.${++looks}` });
    await open("/console/usage?by=key");
    await page.waitForURL(/\/console\/login\?next=/);
    const told = new Set<string>();
    for (let attempt = 0; attempt < 5; attempt++) {
      await page.fill("#key", `adm-wrong-${attempt}`);
      await page.click("button[type=submit]");
      await page.waitForSelector("[role=alert]");
      told.add(await page.innerText("[role=alert]"));
      expect(await page.inputValue("#key")).toBe("");
    }
    expect([...told]).toHaveLength(1);
    await step("a wrong key");
    await page.fill("#key", gateway.adminKey);
    await page.click("button[type=submit]");
    await page.waitForSelector("[role=alert]:has-text('Too many failed attempts')");
    await step("too many of them");
    // Somebody at another address is not kept out by it.
    await page.setExtraHTTPHeaders({ "x-forwarded-for": `198.51.100.${looks}` });
    await page.fill("#key", gateway.adminKey);
    await page.click("button[type=submit]");
    await page.waitForURL(`${gateway.url}/console/usage?by=key`);
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/console" });
    await step("signed in");
    await page.click("text=Sign out");
    await page.waitForURL(/\/console\/login/);
    await page.goBack();
    await page.waitForURL(/\/console\/login/);
    expect(await page.innerText("main")).not.toContain("Usage");
    await step("back after the sign-out");
  },
);

// `npm run gallery [-- --out DIR]`: a picture of every page of the console at two widths in light and dark, over a seeded
// database; what each page transfers, and what is wrong with it. 1 when something is.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { BrowserContext, Browser as Chromium } from "playwright-core";
import { looks as allLooks, wrongs } from "../test/console/checks.ts";
import { openBrowser } from "../test/support/browser.ts";
import { type FoundPage, madeByForms, signIn, surveyPages } from "./console/pages.ts";
import { openStage } from "./console/stage.ts";

const { out = "gallery", rows = "20000" } = parseArgs({
  options: { out: { type: "string" }, rows: { type: "string" } },
}).values;
const folder = resolve(out);
const looks = allLooks.filter(({ width }) => width === 1280 || width === 375);
mkdirSync(folder, { recursive: true });

const stage = await openStage({ rows: Number(rows), say: (line) => console.error(line) });
const browser = await openBrowser();
let faults = 0;
try {
  const chromium = browser?.context.browser();
  if (!chromium) throw new Error("There is no browser here; set CHROME to one.");
  const { url, adminKey } = stage.plexus;
  for (let sent = 0; sent < 3; sent++) await stage.send();
  await addOwn(url, adminKey);
  await Bun.sleep(600);
  const visitors = [await signIn(url, adminKey, "admin"), await signIn(url, stage.clientKey, "holder")];
  // There is a session that can be ended, too.
  await signIn(url, stage.clientKey, "holder");
  const { pages, unseen } = await surveyPages(url, visitors);
  const [visitor] = visitors;
  for (const pattern of unseen)
    if (visitor && madeByForms[pattern]) pages.push({ pattern, visitor, ...madeByForms[pattern] });
  // Of the same route as the list.
  if (visitor) pages.push({ pattern: "/console/requests by cause", path: "/console/requests?group=cause", visitor });
  console.log(`${"page".padEnd(44)} ${"cold".padStart(9)}  faults`);
  for (const page of pages) {
    const { bytes, wrong } = await visit({ chromium, url, page });
    const name = `${page.visitor.who === "holder" ? "(holder) " : ""}${page.pattern}`;
    console.log(`${name.padEnd(44)} ${`${(bytes / 1024).toFixed(1)} KB`.padStart(9)}  ${wrong.length}`);
    for (const line of told(wrong)) console.log(`    ${line}`);
    faults += wrong.length;
  }
  for (const pattern of unseen.filter((one) => !madeByForms[one])) console.log(`no page links to ${pattern}`);
  console.log(`${pages.length} pages, ${faults} faults; pictures in ${folder}`);
} finally {
  await browser?.close();
  await stage.stop();
}
process.exit(faults === 0 ? 0 : 1);

/** One of each in the database: what the file has can neither be deleted nor get a new secret. */
async function addOwn(url: string, adminKey: string): Promise<void> {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
  const send = async (method: string, path: string, body: object) => {
    const response = await fetch(`${url}/api/config/${path}`, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  };
  const protocols = { chat: "http://127.0.0.1:9/v1" };
  await send("PUT", "providers/own", { protocols, api_key: "up-of-the-gallery-0123456789" });
  // A setting that is not in force is warned of, and can be taken out.
  await send("PUT", "providers/warned", { protocols, oauth: { kind: "claude" } });
  await send("PUT", "quotas/own", { unit: "requests", limit: 100, window: "daily" });
  await send("PUT", "aliases/own", { targets: ["own/model"] });
  await send("PUT", "keys/own", { secret: "sk-of-the-gallery-0123456789" });
  await send("POST", "keys/own/rotate", {});
}

/** The same fault once, with the looks that have it. */
function told(wrong: readonly string[]): string[] {
  const looksOf = new Map<string, string[]>();
  for (const line of wrong) {
    const [look = "", ...words] = line.split(": ");
    const fault = words.join(": ");
    looksOf.set(fault, [...(looksOf.get(fault) ?? []), look]);
  }
  return [...looksOf].map(([fault, seen]) => `${fault} (${seen.join("; ")})`);
}

interface Opened {
  chromium: Chromium;
  url: string;
  page: FoundPage;
}

interface Seen {
  bytes: number;
  wrong: string[];
}

async function visit(opened: Opened): Promise<Seen> {
  const { url, page } = opened;
  const cold = await transfer(opened);
  const wrong = cold.wrong.map((line) => `at first: ${line}`);
  for (const look of looks) {
    const { width, scheme } = look;
    const context = await open(opened, { ...look, bypassCSP: true });
    const tab = await context.newPage();
    tab.on("pageerror", (error) => wrong.push(`${width} px, ${scheme}: ${error}`));
    await tab.goto(url + page.path);
    await page.act?.(tab);
    await tab.screenshot({ path: join(folder, fileName(page, look)), fullPage: true });
    wrong.push(...(await wrongs(tab)).map((line) => `${width} px, ${scheme}: ${line}`));
    await context.close();
  }
  return { bytes: cold.bytes, wrong };
}

/** With the page's own policy in force and nothing in the cache. */
async function transfer(opened: Opened): Promise<Seen> {
  const context = await open(opened, { width: 1280, height: 800, scheme: "light" });
  const tab = await context.newPage();
  const wrong: string[] = [];
  let bytes = 0;
  tab.on("console", (message) => {
    if (message.type() === "error") wrong.push(message.text());
  });
  tab.on("pageerror", (error) => wrong.push(String(error)));
  const network = await context.newCDPSession(tab);
  network.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await network.send("Network.enable");
  const response = await tab.goto(opened.url + opened.page.path, { waitUntil: "load" });
  if (response?.status() !== 200) wrong.push(`answered with ${response?.status()}`);
  const cold = bytes;
  await context.close();
  if (cold > 100 * 1024) wrong.push(`transfers ${Math.round(cold / 1024)} KB`);
  return { bytes: cold, wrong };
}

interface Opening {
  width: number;
  height: number;
  scheme: "light" | "dark";
  /** So that a check may bring its own script. */
  bypassCSP?: boolean;
}

async function open({ chromium, url, page }: Opened, look: Opening): Promise<BrowserContext> {
  const { width, height, scheme, bypassCSP = false } = look;
  const viewport = { width, height };
  const context = await chromium.newContext({ viewport, colorScheme: scheme, bypassCSP, reducedMotion: "reduce" });
  const [name = "", value = ""] = page.visitor.cookie.split("=");
  await context.addCookies([{ name, value, url: `${url}/console` }]);
  return context;
}

/** `requests--id-375-dark.png`. */
function fileName({ pattern, visitor }: FoundPage, { width, scheme }: Opening): string {
  const words =
    pattern
      .replace(/^\/console\/?/, "")
      .replaceAll(/[/ ]/g, "-")
      .replaceAll(":", "-") || "overview";
  return `${visitor.who === "holder" && !words.startsWith("me") ? "holder-" : ""}${words}-${width}-${scheme}.png`;
}

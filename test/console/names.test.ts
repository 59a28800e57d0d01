/** What a screen reader is told of every page: a name for everything that can be used, one heading, where the content is. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { CDPSession } from "playwright-core";
import { signIn, surveyPages, type Visitor } from "../../scripts/console/pages.ts";
import { plant } from "../../scripts/seed/plant.ts";
import { type Browser, openBrowser } from "../support/browser.ts";
import { newFolder, type Plexus, removeFolder, startPlexus } from "../support/plexus.ts";

const secretOf = (name: string) => `sk-of-the-names-${name}-0123456789`;
const folder = newFolder();
let plexus: Plexus;
let browser: Browser | undefined;

beforeAll(async () => {
  const environment = { DATA_DIR: join(folder, "data"), PORT: "0" };
  const seeding = { rows: 300, seed: 3, until: Date.now() - 1000, force: false, secretOf, environment };
  await plant({ ...seeding, say: () => undefined, progress: () => undefined });
  plexus = await startPlexus({ folder });
  browser = await openBrowser();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await plexus.stop();
  removeFolder(folder);
}, 60_000);

/** What can be used, and what one jumps to. */
const named = new Set(
  "table region navigation image meter button link textbox searchbox combobox listbox checkbox radio switch spinbutton slider tab menuitem DisclosureTriangle Date DateTime".split(
    " ",
  ),
);

/** What is wrong with the page, in words. What is folded is unfolded before. */
async function wrongs(session: CDPSession): Promise<string[]> {
  const unfold = 'for (const one of document.querySelectorAll("details")) one.open = true';
  await session.send("Runtime.evaluate", { expression: unfold });
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const shown = nodes.filter(({ ignored }) => !ignored);
  const roleOf = ({ role }: (typeof nodes)[number]) => String(role?.value ?? "");
  const nameless = shown.filter((node) => named.has(roleOf(node)) && String(node.name?.value ?? "").trim() === "");
  const mains = shown.filter((node) => roleOf(node) === "main").length;
  const headings = shown.filter(
    (node) =>
      roleOf(node) === "heading" && node.properties?.some(({ name, value }) => name === "level" && value.value === 1),
  );
  const told = headings.filter(({ name }) => String(name?.value ?? "").trim() !== "").length;
  return [
    ...nameless.map((node) => `a ${roleOf(node)} has no name`),
    ...(mains === 1 ? [] : [`${mains} main landmarks`]),
    ...(headings.length === 1 && told === 1 ? [] : [`${headings.length} headings of the first level, ${told} named`]),
  ];
}

test("all that can be used on a page has a name, and each page has one heading and one main part", async () => {
  const owner = browser?.context.browser();
  if (!owner) return console.log("skipped: this platform has no browser");
  const { url, adminKey } = plexus;
  const visitors = [await signIn(url, adminKey, "admin"), await signIn(url, secretOf("laptop"), "holder")];
  const { pages } = await surveyPages(url, visitors);
  expect(pages.length).toBeGreaterThan(40);
  const found: [string, string[]][] = [];
  const look = async (visitor: Visitor | undefined, paths: readonly string[]) => {
    const context = await owner.newContext();
    const [name = "", value = ""] = visitor?.cookie.split("=") ?? [];
    if (visitor) await context.addCookies([{ name, value, url: `${url}/console` }]);
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    for (const path of paths) {
      await page.goto(url + path, { waitUntil: "domcontentloaded" });
      found.push([path, await wrongs(session)]);
    }
    await context.close();
  };
  await look(undefined, ["/console/login"]);
  for (const visitor of visitors) {
    const own = pages.filter((page) => page.visitor === visitor).map(({ path }) => path);
    await look(visitor, [...own, "/console/nothing"]);
  }
  expect(found.filter(([, faults]) => faults.length > 0)).toEqual([]);
}, 60_000);

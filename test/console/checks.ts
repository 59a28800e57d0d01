/** What holds for every page: no sideways scroll, nothing too small to hit, nothing that axe finds. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";

const axe = readFileSync(join(import.meta.dir, "../../node_modules/axe-core/axe.min.js"), "utf8");

export const looks = [1280, 768, 375, 320].flatMap((width) =>
  (width === 1280 || width === 375 ? (["light", "dark"] as const) : (["light"] as const)).map((scheme) => ({
    width,
    height: 800,
    scheme,
  })),
);

/** What is wrong with the page, in words. Its context has to bypass the policy, for axe is a script of ours. */
export async function wrongs(page: Page): Promise<string[]> {
  const isNarrow = await page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth");
  const small = (await page.evaluate(smallTargets)) as string[];
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as AxeWindow).axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
  return [...(isNarrow ? [] : ["it scrolls sideways"]), ...small, ...found];
}

/** Links and buttons that stand alone and are lower than 24 px. */
const smallTargets = `[...document.querySelectorAll("a, button, summary, select, input")]
  .filter((element) => !element.closest("p:not(:has(label)), .skip, .why, label"))
  .map((element) => ({ text: element.textContent, ...element.getBoundingClientRect().toJSON() }))
  .filter(({ width, height }) => width > 0 && height < 24)
  .map(({ text, height }) => height + " px: " + text)`;

interface AxeWindow {
  axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
}

/**
 * A journey through the console in a real browser, as a person would go it. After each of its steps nothing may be wrong:
 * no error in the browser's console, nothing that the policy refused, nothing from another host, no secret in the page or
 * its address, no sideways scroll, nothing that axe finds. With `JOURNEY_LOOKS=all` it is gone at both widths in both
 * themes, else in one look, which differs from journey to journey.
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CDPSession, Page } from "playwright-core";
import type { Gateway } from "../../support/gateway.ts";
import { signIn, type Visits, type Watched, watch } from "../visits.ts";

const axe = readFileSync(join(import.meta.dir, "../../../node_modules/axe-core/axe.min.js"), "utf8");

const looks = ([1280, 375] as const).flatMap((width) =>
  (["light", "dark"] as const).map((scheme) => ({ width, height: 800, scheme })),
);
const isLong = process.env.JOURNEY_LOOKS === "all";
let declared = 0;

export interface Scene {
  page: Page;
  gateway: Gateway;
  watched: Watched;
  /** Says that a step is done: everything is looked at. */
  step(name: string): Promise<void>;
  /** Opens a page of the console. */
  open(path: string): Promise<void>;
  /** Tells apart what several looks leave in one gateway: a short word. */
  tag: string;
}

export interface JourneyOptions {
  visits(): Visits;
  /** Texts that must never be in a page; those of the gateway itself are known. */
  secrets?: readonly string[];
  /** Begins before the sign-in. */
  isSignedOut?: boolean;
}

export function journey(name: string, options: JourneyOptions, play: (scene: Scene) => Promise<void>): void {
  const look = looks[declared++ % looks.length];
  for (const { width, height, scheme } of isLong ? looks : look ? [look] : []) {
    test(`${name} (${width} px, ${scheme})`, async () => {
      const visits = options.visits();
      const watched = await watch(visits, { width, height, scheme });
      if (!watched) return console.log(`skipped: ${name}: this platform has no browser`);
      const { page, context } = watched;
      const { gateway } = visits;
      if (!options.isSignedOut) await signIn(watched, gateway);
      const session = await context.newCDPSession(page);
      const secrets = [gateway.adminKey, gateway.clientKey, ...(options.secrets ?? [])];
      await play({
        ...{ page, gateway, watched, tag: `${width}${scheme}` },
        open: async (path) => void (await page.goto(`${gateway.url}${path}`)),
        step: async (step) => expect([step, await wrongs(watched, session, secrets)]).toEqual([step, []]),
      });
      await context.close();
    }, 120_000);
  }
}

async function wrongs({ page, faults }: Watched, session: CDPSession, secrets: readonly string[]): Promise<string[]> {
  await page.waitForLoadState();
  const isNarrow = await page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth");
  const content = `${page.url()} ${await page.content()}`;
  return [
    ...faults,
    ...(isNarrow ? [] : [`${page.url()} scrolls sideways`]),
    ...secrets.filter((secret) => content.includes(secret)).map((secret) => `${secret.slice(0, 8)}… is in the page`),
    ...(await axeFindings(session)),
  ];
}

/** In a world of its own, which the page's policy does not hold for, and which the page does not see. */
async function axeFindings(session: CDPSession): Promise<string[]> {
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", {
    frameId: frameTree.frame.id,
    worldName: "axe",
  });
  const run = `${axe}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) =>
    id + ": " + nodes.map(({ html }) => html).join(" ")))`;
  const answer = { contextId, expression: run, awaitPromise: true, returnByValue: true };
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", answer);
  if (exceptionDetails) throw new Error(`axe did not run: ${exceptionDetails.text}`);
  return result.value as string[];
}

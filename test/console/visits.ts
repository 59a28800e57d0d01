/** A browser that is watched: whatever a page does that it must not is in `faults`. */
import { expect } from "bun:test";
import type { BrowserContext, Page } from "playwright-core";
import { type Browser, openBrowser } from "../support/browser.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

export interface Visits {
  gateway: Gateway;
  /** Undefined where the platform has no browser. */
  browser: Browser | undefined;
  stop(): Promise<void>;
}

export async function openVisits(config = {}): Promise<Visits> {
  const gateway = await startGateway({ config });
  await skipSetup(gateway);
  const browser = await openBrowser();
  return {
    gateway,
    browser,
    async stop() {
      await browser?.close();
      await gateway.stop();
    },
  };
}

/** Without a provider the console would begin with the set-up. */
export async function skipSetup({ url, adminKey }: Pick<Gateway, "url" | "adminKey">): Promise<void> {
  const post = (path: string, form: Record<string, string>, cookie = "") =>
    fetch(`${url}${path}`, {
      ...{ method: "POST", redirect: "manual", body: new URLSearchParams(form) },
      headers: { "sec-fetch-site": "same-origin", cookie },
    });
  const cookie = (await post("/console/login", { key: adminKey })).headers.get("set-cookie")?.split(";")[0] ?? "";
  const page = await (await fetch(`${url}/console/setup`, { headers: { cookie } })).text();
  const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const skipped = await post("/console/setup/skip", { csrf }, cookie);
  if (skipped.status !== 303) throw new Error(`the set-up could not be skipped: ${skipped.status}`);
}

export interface Look {
  width: number;
  height: number;
  scheme: "light" | "dark";
  /** Lets a test put its own script into pages: such a context says nothing about the policy. */
  bypassCSP?: boolean;
}

export interface Watched {
  context: BrowserContext;
  page: Page;
  /** Console errors, refused content, requests to other hosts. */
  faults: string[];
}

/** Expected answers of 4xx are told by the browser as errors, too. */
const expected = /the server responded with a status of 4\d\d/;

export async function watch(visits: Visits, look?: Look): Promise<Watched | undefined> {
  const owner = visits.browser?.context.browser();
  if (!owner) return undefined;
  const { width, height, scheme, bypassCSP = false } = look ?? { width: 1280, height: 800, scheme: "light" };
  const context = await owner.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    bypassCSP,
    reducedMotion: "reduce",
  });
  const faults: string[] = [];
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" && !expected.test(message.text())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${visits.gateway.url}/`) && !url.startsWith("data:")) faults.push(`request to ${url}`);
  });
  return { context, page, faults };
}

/** Sends what the form would send, which has a test of its own, and opens the overview. */
export async function signIn({ page }: Watched, { url, adminKey }: Gateway): Promise<void> {
  const options = { form: { key: adminKey }, headers: { origin: url }, maxRedirects: 0 };
  expect((await page.request.post(`${url}/console/login`, options)).status()).toBe(303);
  await page.goto(`${url}/console`);
}

/** Sends one chat request; resolves to its id when its row is there. */
export async function ask({ url, clientKey, request }: Gateway, model: string, more: object = {}): Promise<string> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${clientKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello!" }], ...more }),
  });
  await response.text();
  const id = response.headers.get("x-request-id") ?? "";
  await request(id);
  return id;
}

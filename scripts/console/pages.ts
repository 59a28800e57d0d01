// Every page of the console, found by itself: the routes say what there is, links on the pages say which examples.
import type { Page } from "playwright-core";
import type { ConsoleOptions } from "../../src/console/deps.ts";
import { createConsole } from "../../src/console/index.ts";
import type { ConsoleRoute } from "../../src/console/route.ts";

export interface Visitor {
  who: "admin" | "holder";
  /** `name=value` of the session. */
  cookie: string;
}

export interface FoundPage {
  /** As the route has it: `/console/requests/:id`. */
  pattern: string;
  /** With its query. */
  path: string;
  visitor: Visitor;
  /** What somebody does on the page before it looks as it is meant. */
  act?(tab: Page): Promise<unknown>;
}

export interface Survey {
  pages: FoundPage[];
  /** Routes to which no page links. */
  unseen: string[];
}

/** The table needs nothing that runs. */
function routes(): readonly ConsoleRoute[] {
  return createConsole({ protocols: [] } as unknown as ConsoleOptions).routes.filter(
    ({ method, path, access }) => method === "GET" && access !== "public" && !path.endsWith("*"),
  );
}

export async function signIn(url: string, key: string, who: Visitor["who"]): Promise<Visitor> {
  const response = await fetch(`${url}/console/login`, {
    method: "POST",
    headers: { origin: url, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ key, next: "" }),
    redirect: "manual",
  });
  const [cookie = ""] = (response.headers.get("set-cookie") ?? "").split(";");
  if (response.status !== 303 || cookie === "") throw new Error(`signing in was answered with ${response.status}`);
  return { who, cookie };
}

/** Pieces that no page links to, for they are what comes of a form: where it is, and what is done with it. */
export const madeByForms: Readonly<Record<string, Pick<FoundPage, "path"> & Required<Pick<FoundPage, "act">>>> = {
  "/console/playground/:id": {
    path: "/console/playground?model=fast&key=web-app&max_tokens=200",
    async act(tab) {
      await tab.click("button[value=send]");
      await tab.waitForSelector("#played .verdict");
    },
  },
};

/** Not every example has a link to what is below it: what the file has cannot be deleted. */
const mostExamples = 30;

/** Walks from the pages without parameters along their links until every route has an example. */
export async function surveyPages(url: string, visitors: readonly Visitor[]): Promise<Survey> {
  const survey: Survey = { pages: [], unseen: [] };
  for (const visitor of visitors) {
    const accesses = visitor.who === "admin" ? ["session", "signed-in"] : ["holder"];
    const wanted = new Map(routes().flatMap(({ path, access }) => (accesses.includes(access) ? [[path, access]] : [])));
    const queue = [...wanted.keys()].filter((path) => !path.includes(":"));
    const all = [...wanted.keys()];
    const seen = new Set<string>();
    const examples = new Map<string, number>();
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const pattern = patternOf(path, all);
      if (pattern === undefined || seen.has(path)) continue;
      const before = examples.get(pattern) ?? 0;
      const isBelowWanted = () => [...wanted.keys()].some((other) => other.startsWith(`${pattern}/`));
      if (!wanted.has(pattern) && (before >= mostExamples || !isBelowWanted())) continue;
      seen.add(path);
      examples.set(pattern, before + 1);
      const found = await linksOf(url + path, visitor);
      if (found === undefined) continue;
      if (found.isPage && wanted.has(pattern)) survey.pages.push({ pattern, path, visitor });
      wanted.delete(pattern);
      queue.push(...found.links);
    }
    survey.unseen.push(...wanted.keys());
  }
  return survey;
}

/** Plain words win over parameters, as in the server. */
function patternOf(path: string, patterns: Iterable<string>): string | undefined {
  const parts = (path.split("?")[0] ?? "").split("/");
  const fits = [...patterns].filter((pattern) => {
    const words = pattern.split("/");
    return words.length === parts.length && words.every((word, at) => word.startsWith(":") || word === parts[at]);
  });
  return fits.sort((one, other) => one.split(":").length - other.split(":").length)[0];
}

/** Undefined where it leads elsewhere, or needs a query that nobody knows. */
async function linksOf(address: string, { cookie }: Visitor) {
  const response = await fetch(address, { headers: { cookie }, redirect: "manual" });
  if (response.status !== 200 || !(response.headers.get("content-type") ?? "").startsWith("text/html")) {
    // Streams of news have no end.
    await response.body?.cancel();
    return response.status === 200 ? { isPage: false, links: [] } : undefined;
  }
  const text = await response.text();
  // Others are pieces that pages ask for.
  const isPage = text.startsWith("<!doctype html>");
  const links = [...text.matchAll(/ (?:href|action|formaction)="(\/console[^"#]*)"/g)].map(([, href = ""]) => href);
  return { isPage, links: links.map((href) => href.replaceAll("&amp;", "&")) };
}

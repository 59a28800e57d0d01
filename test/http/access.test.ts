/** Deny by default: walks the route table itself, so that a new route is held to it, too. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ConsoleOptions } from "../../src/console/deps.ts";
import { createConsole } from "../../src/console/index.ts";
import { httpRoutes, type ServerDeps } from "../../src/http/server.ts";
import { countWires, embeddingWires, protocols } from "../../src/protocols/index.ts";
import { clientKey, openStage, type Stage } from "../scenarios/stage.ts";

/** The table needs nothing that runs. */
const consolePart = createConsole({ protocols: protocols.map(({ name }) => name) } as unknown as ConsoleOptions);
const routes = httpRoutes({
  gateway: { protocols, embeddingWires, countWires },
  console: consolePart,
} as unknown as ServerDeps);
/** PRODUCT.md section 3: what answers without a credential. */
const open = ["/healthz", "/readyz", "/api/schema/config.json", "/console/login", "/console/login"];

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.stop());

function place(path: string): string {
  return stage.plexus.url + path.replace(/:\w+/g, "some").replace(/\*$/, "some/thing");
}

test("only what must be is public", () => {
  const all = routes.filter((route) => route.access === "public").map((route) => route.path);
  const open_ = all.filter((path) => !path.startsWith("/console/assets/"));
  expect(open_.sort()).toEqual([...open].sort());
  expect(routes.filter((route) => route.access === "client").length).toBeGreaterThanOrEqual(4);
  expect(routes.filter((route) => route.access === "admin").length).toBeGreaterThanOrEqual(2);
});

test("what begins with /api is for the admin key but for what a key holder may see of himself, what begins with /console for the admin but for the pages of key holders, the rest for client keys", () => {
  for (const { path, access } of routes) {
    if (open.includes(path) || path.startsWith("/console/assets/")) continue;
    if (path === "/api/me") continue;
    const wanted = path.startsWith("/api/") ? "admin" : path.startsWith("/console") ? consoleAccess(path) : "client";
    expect([path, access]).toEqual([path, wanted]);
  }
});

function consoleAccess(path: string): string {
  if (path === "/console/logout") return "signed-in";
  return path === "/console/me" || path.startsWith("/console/me/") ? "holder" : "session";
}

const ofPeople = ["session", "holder", "signed-in"];

describe.each(routes.filter((route) => ofPeople.includes(route.access)))(
  "$method $path leads to the sign-in",
  (route) => {
    const credentials: [string, () => Record<string, string>][] = [
      ["nothing", () => ({})],
      ["the admin key as bearer", () => ({ authorization: `Bearer ${stage.plexus.adminKey}` })],
      ["a made-up session", () => ({ cookie: `plexus-console=${"A".repeat(43)}` })],
      ["the admin key as session", () => ({ cookie: `plexus-console=${stage.plexus.adminKey}` })],
      ["an empty session", () => ({ cookie: "plexus-console=; __Secure-plexus=" })],
      ["a session of the other cookie", () => ({ cookie: `__Secure-plexus=${"A".repeat(43)}` })],
    ];

    test.each(credentials)("with %s", async (_name, headers) => {
      const more = { "sec-fetch-site": "same-origin", ...headers() };
      const { method } = route;
      const response = await fetch(place(route.path), { method, headers: more, redirect: "manual" });
      expect(response.status).toBe(303);
      expect(response.headers.get("location")).toStartWith("/console/login");
      expect(await response.text()).toBe("");
    });
  },
);

describe.each(routes.filter((route) => route.access === "admin" || route.access === "client"))(
  "$method $path is 401",
  ({ method, path, access }) => {
    const other = () => (access === "admin" ? clientKey : stage.plexus.adminKey);
    const wrong = "sk-wrong-0123456789abcdefgh";
    const credentials: [string, () => Record<string, string>][] = [
      ["no credential", () => ({})],
      ["an empty one", () => ({ authorization: "Bearer " })],
      ["a wrong one", () => ({ authorization: `Bearer ${wrong}` })],
      ["a wrong one in every header", () => ({ authorization: wrong, "x-api-key": wrong, "x-goog-api-key": wrong })],
      ["the other kind of key", () => ({ authorization: `Bearer ${other()}`, "x-api-key": other() })],
      ["a cookie", () => ({ cookie: `session=${other()}` })],
      ["basic authentication", () => ({ authorization: `Basic ${btoa(`admin:${other()}`)}` })],
      [
        "the right key cut short",
        () => ({ authorization: `Bearer ${(access === "admin" ? stage.plexus.adminKey : clientKey).slice(0, -1)}` }),
      ],
    ];

    test.each(credentials)("with %s", async (_name, headers) => {
      for (const query of ["", `?key=${wrong}`, `?access_token=${clientKey}`, `?api_key=${clientKey}`]) {
        const body = method === "POST" ? { body: '{"model":"demo"}' } : {};
        const response = await fetch(place(path) + query, { method, headers: headers(), ...body });
        expect([query, response.status]).toEqual([query, 401]);
        expect(response.headers.get("x-request-id")).not.toBeNull();
        expect(await response.text()).not.toContain("0123456789");
      }
    });
  },
);

test("the right key of each kind is let in", async () => {
  for (const { method, path, access } of routes.filter((route) => !route.path.startsWith("/console"))) {
    const key = access === "admin" ? stage.plexus.adminKey : clientKey;
    const body = method === "POST" ? { body: "{}" } : {};
    const response = await fetch(place(path), { method, headers: { authorization: `Bearer ${key}` }, ...body });
    expect([path, response.status === 401]).toEqual([path, false]);
    // Some of them go on for ever.
    await response.body?.cancel();
  }
});

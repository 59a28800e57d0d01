/** Deny by default: walks the route table itself, so that a new route is held to it, too. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { httpRoutes, type ServerDeps } from "../../src/http/server.ts";
import { protocols } from "../../src/protocols/index.ts";
import { clientKey, openStage, type Stage } from "../scenarios/stage.ts";

/** The table needs nothing that runs. */
const routes = httpRoutes({ gateway: { protocols } } as unknown as ServerDeps);
/** PRODUCT.md section 3: what answers without a credential. */
const open = ["/healthz", "/readyz", "/api/schema/config.json"];

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.stop());

function place(path: string): string {
  return stage.plexus.url + path.replace(/:\w+/g, "some").replace(/\*$/, "some/thing");
}

test("only what must be is public", () => {
  const open_ = routes.filter((route) => route.access === "public").map((route) => route.path);
  expect(open_.sort()).toEqual([...open].sort());
  expect(routes.filter((route) => route.access === "client").length).toBeGreaterThanOrEqual(4);
  expect(routes.filter((route) => route.access === "admin").length).toBeGreaterThanOrEqual(2);
});

test("what begins with /api is for the admin key, what begins with /v1 for client keys", () => {
  for (const { path, access } of routes) {
    if (open.includes(path)) continue;
    expect([path, access]).toEqual([path, path.startsWith("/api/") ? "admin" : "client"]);
  }
});

describe.each(routes.filter((route) => route.access !== "public"))(
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
  for (const { method, path, access } of routes) {
    const key = access === "admin" ? stage.plexus.adminKey : clientKey;
    const body = method === "POST" ? { body: "{}" } : {};
    const response = await fetch(place(path), { method, headers: { authorization: `Bearer ${key}` }, ...body });
    expect([path, response.status === 401]).toEqual([path, false]);
    await response.text();
  }
});

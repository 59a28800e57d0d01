/** The console while the database does not answer. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Plexus, startPlexus } from "../support/plexus.ts";

let plexus: Plexus;
let cookie = "";
beforeAll(async () => {
  plexus = await startPlexus({ config: { providers: { own: { protocols: { chat: "http://127.0.0.1:9/v1" } } } } });
  const response = await fetch(`${plexus.url}/console/login`, {
    method: "POST",
    headers: { origin: plexus.url },
    body: new URLSearchParams({ key: plexus.adminKey }),
    redirect: "manual",
  });
  cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
  const database = new Database(join(plexus.folder, "data/plexus.db"));
  database.run("ALTER TABLE requests RENAME TO elsewhere");
  database.close();
}, 30_000);
afterAll(() => plexus.stop(), 60_000);

async function get(path: string): Promise<[number, string]> {
  const response = await fetch(plexus.url + path, { headers: { cookie } });
  return [response.status, await response.text()];
}

test("the overview says what it could not count, and shows the rest", async () => {
  const [status, text] = await get("/console");
  expect(status).toBe(200);
  expect(text).toContain("This could not be loaded: the database does not answer.");
  expect(text).toMatch(/<a href="\/console[^"]*">Try again<\/a>/);
  expect(text).toContain("This gateway");
});

test.each(["/console/requests", "/console/requests?after=x%22y&b=1", "/console/requests/some"])(
  "%s says that Plexus failed, and is a click away from being tried again",
  async (path) => {
    const [status, text] = await get(path);
    expect(status).toBe(500);
    expect(text).toContain("Plexus failed");
    expect(text).not.toContain("no such table");
    const again = /<a class="button" href="([^"]*)">\s*Try again/.exec(text)?.[1] ?? "";
    expect(again.replaceAll("&amp;", "&")).toBe(path);
  },
);

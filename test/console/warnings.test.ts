/** What the configuration warns of, and what is wrong with one that is not taken, over plain HTTP. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { newFolder, type Plexus, removeFolder, startPlexus } from "../support/plexus.ts";

const adminKey = "adm-0123456789abcdef0123456789abcdef";
const folder = newFolder();
const path = join(folder, "config.json");
const machine = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
let plexus: Plexus;
let cookie = "";

function write(targets: string[]): void {
  const providers = { up: { protocols: { chat: "http://127.0.0.1:9/v1" }, raw: "http://127.0.0.1:9" } };
  const aliases = { words: { targets, vision_fallthrough: true } };
  writeFileSync(path, JSON.stringify({ providers, aliases, keys: { file: { secret: "sk-of-the-file-1234" } } }));
}

beforeAll(async () => {
  write(["up/model"]);
  const environment = { ADMIN_KEY: adminKey, LOG_LEVEL: "error" };
  plexus = await startPlexus({ folder, args: ["serve", "--config", path], environment });
  cookie = (await post("/console/login", { key: adminKey })).headers.get("set-cookie")?.split(";")[0] ?? "";
});
afterAll(async () => {
  await plexus.stop();
  removeFolder(folder);
});

function post(at: string, form: Record<string, string>): Promise<Response> {
  const headers = { "sec-fetch-site": "same-origin", cookie };
  return fetch(plexus.url + at, { method: "POST", headers, body: new URLSearchParams(form), redirect: "manual" });
}

async function page(at: string): Promise<string> {
  return (await fetch(plexus.url + at, { headers: { cookie } })).text();
}

/** What needs attention: its words, and where each leads. */
async function attention(): Promise<string[]> {
  const list = (await page("/console")).split('class="card attention"')[1]?.split("</ul>")[0] ?? "";
  return list
    .split("<li>")
    .slice(1)
    .map((line) => {
      const href = /href="([^"]*)"/.exec(line)?.[1]?.replaceAll("&amp;", "&");
      return `${line
        .replace(/<[^>]*>/g, " ")
        .replace(/\s+/g, " ")
        .trim()} -> ${href}`;
    });
}

test("warnings are on the overview, each with the page that mends it", async () => {
  const key = { secret: "sk-of-the-database-1", aliases: ["gone"], allow_raw: true };
  const put = { method: "POST", headers: machine, body: JSON.stringify({ name: "web.v2", value: key }) };
  expect((await fetch(`${plexus.url}/api/config/keys`, put)).status).toBe(201);
  const lines = await attention();
  const [raw, listed, alias] = [
    "keys.web.v2.allow_raw",
    'keys.web.v2.aliases.0: there is no alias "gone"',
    "aliases.words",
  ].map((text) => lines.find((line) => line.replaceAll("&quot;", '"').includes(text)));
  expect(raw).toEndWith("configuration Take it out -> /console/system/take-out?path=keys.web.v2.allow_raw");
  expect(listed).toEndWith("Mend it -> /console/keys/web.v2");
  expect(alias).toEndWith("in the file See it -> /console/aliases/words");
  expect(lines.find((line) => line.includes("providers.up.raw"))).toEndWith("See it -> /console/providers/up/settings");
});

test("what is not in force can be taken out, and nothing else with it", async () => {
  const at = "/console/system/take-out?path=keys.web.v2.allow_raw";
  const asked = await page(at);
  expect(asked).toContain("It is true.");
  const csrf = /name="csrf" value="([^"]+)"/.exec(asked)?.[1] ?? "";
  const done = await post("/console/system/take-out", { csrf, path: "keys.web.v2.allow_raw" });
  expect([done.status, done.headers.get("location")]).toEqual([303, "/console/system"]);
  const left = await page("/console/system");
  expect(left).not.toContain("keys.web.v2.allow_raw</code>");
  expect(left).toContain("keys.web.v2.aliases.0</code>");
  for (const other of ["keys.web.v2.aliases.0", "providers.up.raw", "settings.timezone", "nonsense"]) {
    expect((await post("/console/system/take-out", { csrf, path: other })).status).toBe(404);
  }
});

test("a configuration that is not valid is told until it is mended", async () => {
  const shows = async (isThere: boolean) => {
    for (let turn = 0; turn < 100; turn++) {
      const lines = await attention();
      const found = lines.find((line) => line.includes("The newest configuration is not valid"));
      if ((found !== undefined) === isThere) return found ?? "";
      await Bun.sleep(50);
    }
    throw new Error("it did not change");
  };
  write(["nowhere/model"]);
  expect(await shows(true)).toEndWith("1 fault See what is wrong -> /console/system#refused");
  expect(await page("/console/system")).toContain("there is no provider &quot;nowhere&quot;");
  write(["up/other"]);
  expect(await shows(false)).toBe("");
  expect(await page("/console/system")).not.toContain("nowhere");
});

/** The pages of providers and of the set-up, read and posted as a browser without scripts does. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { fieldsOf } from "../support/upstream/shape.ts";
import { skipSetup } from "./visits.ts";

const ofEnvironment = "sk-of-the-environment-0123";
const mistral = "key-of-mistral-012345678";
let gateway: Gateway;
let fresh: Gateway;
let cookie: string;

beforeAll(async () => {
  const ofFile = { protocols: { chat: "http://127.0.0.1:9/v1" }, api_key: "sk-of-the-file-0123456" };
  gateway = await startGateway({
    config: { providers: { fixed: ofFile } },
    environment: { OPENAI_API_KEY: ofEnvironment },
  });
  fresh = await startGateway({ config: {} });
  cookie = await signedIn(gateway);
}, 60_000);
afterAll(async () => {
  await gateway.stop();
  await fresh.stop();
}, 60_000);

function send(to: Gateway, path: string, form: URLSearchParams, session = ""): Promise<Response> {
  return fetch(`${to.url}${path}`, {
    ...{ method: "POST", redirect: "manual", body: form },
    headers: { "sec-fetch-site": "same-origin", cookie: session },
  });
}

async function signedIn(to: Gateway): Promise<string> {
  const response = await send(to, "/console/login", new URLSearchParams({ key: to.adminKey }));
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

async function get(path: string): Promise<string> {
  const response = await fetch(`${gateway.url}${path}`, { headers: { cookie } });
  expect([path, response.status]).toEqual([path, 200]);
  return response.text();
}

/** Posts a page's form: its hidden fields, what it shows, and what is typed in over that. */
async function post(page: string, action: string, typed: Record<string, string | string[]>): Promise<Response> {
  const html = await get(page);
  const form = new URLSearchParams();
  const main = html.slice(html.indexOf("<main"));
  for (const [, attributes = ""] of main.matchAll(/<input ([^>]*)>/g)) {
    const of = (name: string) => new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1];
    const name = of("name");
    if (name === undefined || (/type="(checkbox|radio)"/.test(attributes) && !/ checked/.test(attributes))) continue;
    form.set(name, unescaped(of("value") ?? ""));
  }
  for (const [, name = "", text = ""] of main.matchAll(/<textarea [^>]*name="([^"]+)"[^>]*>([^<]*)</g)) {
    form.set(name, unescaped(text));
  }
  for (const [name, value] of Object.entries(typed)) {
    form.delete(name);
    for (const one of [value].flat()) form.append(name, one);
  }
  return send(gateway, action, form, cookie);
}

function unescaped(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&#34;", '"').replaceAll("&lt;", "<").replaceAll("&amp;", "&");
}

async function stored(name: string): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${gateway.adminKey}` };
  return fieldsOf(
    fieldsOf(await (await fetch(`${gateway.url}/api/config/providers/${name}`, { headers })).json()).value,
  );
}

test("without a provider the console begins with the set-up, until somebody skips it", async () => {
  const own = await signedIn(fresh);
  const home = () => fetch(`${fresh.url}/console`, { headers: { cookie: own }, redirect: "manual" });
  expect((await home()).headers.get("location")).toBe("/console/setup");
  await skipSetup(fresh);
  expect((await home()).status).toBe(200);
  const again = await fetch(`${fresh.url}/console/setup`, { headers: { cookie: own } });
  expect([again.status, await again.text()]).toEqual([200, expect.stringContaining("Who is to answer?")]);
});

test("a key of the environment is offered, and used only where it is ticked", async () => {
  const cards = await get("/console/providers/new");
  expect(cards.match(/key in the environment/g)).toHaveLength(1);
  const page = await get("/console/setup?preset=openai");
  expect(page).toContain("OPENAI_API_KEY");
  expect(page).not.toContain(ofEnvironment);
  const form = { id: "without", "protocols.responses": "", "protocols.embeddings": "" };
  expect((await post("/console/setup?preset=openai", "/console/setup/provider", form)).status).toBe(303);
  expect((await stored("without")).api_key).toBeUndefined();
  const ticked = { ...form, id: "with", from_environment: "on" };
  const saved = await post("/console/setup?preset=openai", "/console/setup/provider", ticked);
  expect(saved.headers.get("location")).toBe("/console/setup?step=models");
  expect((await stored("with")).api_key).toEqual({ keep: ofEnvironment.slice(-4) });
});

test("a family brings what its servers want, in the order of its protocols", async () => {
  const typed = { api_key: "azure-key-0123456789", "protocols.gemini": "", models: [], by_hand: "mine\n\nother" };
  const page = "/console/providers/new?preset=azure";
  const refused = await post(page, "/console/providers/new", typed);
  expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining("{resource}")]);
  const url = "https://me.openai.azure.com/openai/v1";
  const urls = { "protocols.responses": url, "protocols.chat": url, "protocols.embeddings": url };
  const saved = await post(page, "/console/providers/new", { ...typed, ...urls, auth: "header" });
  expect(saved.headers.get("location")).toBe("/console/providers/azure");
  const value = await stored("azure");
  expect(value).toMatchObject({ auth: { header: "api-key" }, query: { "api-version": "preview" } });
  expect(Object.keys(fieldsOf(value.protocols))).toEqual(["responses", "chat", "embeddings"]);
  expect(Object.keys(fieldsOf(value.models))).toEqual(["mine", "other"]);
});

test("what is wrong with a new provider is told beside its field, and nothing that was typed in is lost", async () => {
  const typed = { id: "Wrong Name", "protocols.chat": "nonsense", headers: "{", timeout_s: "many", api_key: mistral };
  const answer = await post("/console/providers/new?preset=custom", "/console/providers/new", typed);
  const html = await answer.text();
  expect(answer.status).toBe(422);
  for (const words of ["is not valid JSON", "must be a number", 'value="Wrong Name"', 'value="nonsense"']) {
    expect(html).toContain(words);
  }
  expect(html).not.toContain(mistral);
  expect(html).toContain(`ends …${mistral.slice(-4)}`);
});

test("settings change what was typed in and nothing else; members of headers go where they are taken out", async () => {
  const url = "http://127.0.0.1:9/v1";
  const headers = JSON.stringify({ "x-one": "secret-number-one", "http-referer": "https://example.org" });
  const made = { id: "plain", api_key: mistral, "protocols.chat": url, headers, quirks: ["no_seed"], by_hand: "m" };
  const added = await post("/console/providers/new?preset=custom", "/console/providers/new", made);
  expect(added.status).toBe(303);
  const before = await stored("plain");
  const page = "/console/providers/plain/settings";
  expect(await get(page)).not.toContain("secret-number-one");
  const kept = JSON.stringify({ "x-one": { keep: "-one" } });
  const answer = await post(page, page, { headers: kept, name: "Plain", auth: "none", quirks: ["no_seed", "no_stop"] });
  expect(answer.status).toBe(303);
  expect(await stored("plain")).toEqual({
    ...{ ...before, name: "Plain", auth: "none", quirks: ["no_seed", "no_stop"] },
    headers: { "x-one": { keep: "-one" } },
  });
});

test("a header that was typed in for a test is not in the page, and is saved all the same", async () => {
  const page = "/console/providers/plain/settings";
  const secret = "secret-number-two";
  const typed = { headers: JSON.stringify({ "x-two": secret }), do: "test" };
  const tested = await (await post(page, page, typed)).text();
  expect(tested).toContain("Nothing listens at");
  expect(tested).not.toContain(secret);
  const draft = /name="draft" value="([^"]+)"/.exec(tested)?.[1] ?? "";
  const again = { headers: JSON.stringify({ "x-two": { keep: "-two" } }), draft };
  expect((await post(page, page, again)).status).toBe(303);
  expect((await stored("plain")).headers).toEqual({ "x-two": { keep: "-two" } });
  const lost = await post(page, page, { headers: JSON.stringify({ "x-three": { keep: "-three" } }), draft });
  expect([lost.status, await lost.text()]).toEqual([422, expect.stringContaining("none is stored")]);
});

test("a model's price is set on its own page", async () => {
  const page = "/console/providers/plain/model?id=m";
  expect(await get(page)).toContain("Nobody knows a price");
  const typed = {
    "price.input": "3",
    "price.output": "15",
    context: "1000",
    vision: "false",
    "protocols:which": "all",
  };
  expect((await post(page, page, typed)).status).toBe(303);
  expect(fieldsOf((await stored("plain")).models).m).toEqual({
    ...{ price: { input: 3, output: 15 }, context: 1000, vision: false },
  });
  expect(await get("/console/providers/plain/models")).toMatch(/\$3 \/ \$15[\s\S]*the configuration/);
});

test("a copy has the URLs, headers and models, and no secret", async () => {
  const html = await get("/console/providers/new?from=plain");
  expect(html).toContain('value="plain-2"');
  expect(html).toContain('value="http://127.0.0.1:9/v1"');
  expect(html).not.toContain("It needs none");
  expect(/<textarea [^>]*name="headers"[^>]*>([^<]*)</.exec(html)?.[1]).toBe("{}");
  const page = "/console/providers/new?from=plain";
  expect((await post(page, "/console/providers/new", { auth: "bearer", quirks: [] })).status).toBe(303);
  expect(await stored("plain-2")).toMatchObject({ protocols: { chat: "http://127.0.0.1:9/v1" }, models: { m: {} } });
  const headers = { authorization: `Bearer ${gateway.adminKey}` };
  await fetch(`${gateway.url}/api/config/providers/plain-2`, { method: "DELETE", headers });
});

test("a provider of the file is shown and tested, and changed nowhere", async () => {
  for (const path of ["", "/settings", "/models", "/key"]) {
    const html = await get(`/console/providers/fixed${path}`);
    expect(html).toContain("defined in the configuration file");
    expect(html).not.toContain("sk-of-the-file-0123456");
    expect(html).not.toContain(">Save<");
  }
  const csrf = { csrf: /name="csrf" value="([^"]+)"/.exec(await get("/console/providers"))?.[1] ?? "" };
  const turned = await send(gateway, "/console/providers/fixed/enabled", new URLSearchParams(csrf), cookie);
  expect(turned.status).toBe(409);
  const tested = await send(gateway, "/console/providers/fixed/test", new URLSearchParams(csrf), cookie);
  expect(await tested.text()).toContain("Nothing listens at 127.0.0.1:9");
});

test("a provider that aliases use is not deleted", async () => {
  const headers = { authorization: `Bearer ${gateway.adminKey}`, "content-type": "application/json" };
  const body = JSON.stringify({ targets: ["plain/m"] });
  expect((await fetch(`${gateway.url}/api/config/aliases/talk`, { method: "PUT", headers, body })).ok).toBe(true);
  const html = await get("/console/providers/plain/remove");
  expect(html).toContain("First take its targets out of talk.");
  expect(html).not.toContain("Delete it");
  expect(await get("/console/providers/plain")).toContain("has no other provider");
});

test("the list is filtered by state, protocol and name", async () => {
  const names = async (query: string) =>
    [...(await get(`/console/providers${query}`)).matchAll(/class="alone" href="\/console\/providers\/([^"?]+)"/g)].map(
      ([, name]) => name,
    );
  expect(await names("")).toEqual(["azure", "fixed", "plain", "with", "without"]);
  expect(await names("?text=WITH")).toEqual(["with", "without"]);
  expect(await names("?protocol=responses")).toEqual(["azure"]);
  expect(await names("?state=off")).toEqual([]);
});

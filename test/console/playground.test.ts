/** The playground: real requests on a chosen key, in every protocol, with and without a script. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { protocols } from "../../src/protocols/index.ts";
import { wrongs } from "./checks.ts";
import { openVisits, signIn, type Visits, watch } from "./visits.ts";

const teamKey = "sk-team-of-the-playground";
let visits: Visits;
let cookie: string;
let csrf: string;

beforeAll(async () => {
  const price = { input: 2, output: 10 };
  const nowhere = { protocols: { chat: "http://127.0.0.1:9/v1" }, api_key: "sk-up-of-the-playground" };
  visits = await openVisits({
    providers: { paid: { ...nowhere, models: { good: { price }, odd: {} } } },
    aliases: { one: { targets: ["demo/demo"] }, two: { targets: ["demo/demo"] } },
    keys: { team: { secret: teamKey, aliases: ["one"] }, off: { secret: "sk-off-of-the-playground", enabled: false } },
  });
  cookie = await signedIn();
  csrf = /name="csrf" value="([\w-]+)"/.exec(await read("/console/playground"))?.[1] ?? "";
}, 60_000);
afterAll(() => visits.stop(), 60_000);

async function signedIn(): Promise<string> {
  const { url, adminKey } = visits.gateway;
  const response = await post("/console/login", { key: adminKey }, { origin: url });
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

async function read(path: string, as = cookie): Promise<string> {
  return (await fetch(visits.gateway.url + path, { headers: { cookie: as } })).text();
}

function post(path: string, fields: Record<string, string>, headers: Record<string, string>): Promise<Response> {
  return fetch(visits.gateway.url + path, {
    ...{ method: "POST", redirect: "manual", body: String(new URLSearchParams(fields)) },
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
  });
}

function play(fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  const all = { csrf, key: "team", model: "one", prompt: "Good morning", action: "send", ...fields };
  return post("/console/playground", all, { cookie, origin: visits.gateway.url, ...headers });
}

/** As people read it. */
function unescaped(html: string): string {
  return html
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#34;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&#x27;", "'")
    .replaceAll("&amp;", "&");
}

function partOf(html: string, id: string): string {
  return unescaped(new RegExp(`<pre id="${id}"[^>]*>([^<]*)</pre>`).exec(html)?.[1] ?? "");
}

describe.each(protocols.map(({ name }) => name))("in %s", (protocol) => {
  test.each([
    ["whole", {}],
    ["streamed", { stream: "on" }],
  ] as const)("an answer comes %s, with what became of it", async (_name, stream) => {
    const response = await play({ protocol, ...stream });
    const page = await response.text();
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(partOf(page, "answer")).toContain("Good morning");
    for (const words of ["Served by demo/demo", "Why it went there", "Where the time went"])
      expect(page).toContain(words);
    const id = /href="\/console\/requests\/([\w-]{36})"/.exec(page)?.[1] ?? "";
    const row = await visits.gateway.request(id);
    expect(row).toMatchObject({ protocol, key: "team", label: "playground", status: 200, stream: "stream" in stream });
  });

  test("the command that it shows works as pasted, and holds no secret", async () => {
    const page = await (await play({ protocol, action: "draft", stream: "on", system: "Be 'brief'" })).text();
    const command = partOf(page, "curl");
    expect(command).toContain("$PLEXUS_KEY");
    expect(page).not.toContain(teamKey);
    const shell = Bun.spawn(["sh", "-c", `${command} -s -w '%{http_code}'`], {
      ...{ env: { ...process.env, PLEXUS_KEY: teamKey }, stdout: "pipe", stderr: "ignore" },
    });
    const answered = await new Response(shell.stdout).text();
    expect([command, answered.slice(-3)]).toEqual([command, "200"]);
    expect(answered).toContain("data:");
  });
});

test("a request in JSON is sent in place of the fields", async () => {
  const raw = JSON.stringify({ model: "one", messages: [{ role: "user", content: "Out of the JSON" }] });
  const page = await (await play({ protocol: "chat", raw, prompt: "Out of the fields" })).text();
  expect(partOf(page, "answer")).toContain("Out of the JSON");
});

test("what the key may not do is refused as its requests are, in words", async () => {
  const page = await (await play({ model: "two" })).text();
  expect(partOf(page, "answer")).toContain("two");
  expect(page).toContain("403");
  expect(page).toMatch(/Refused in [^<]*before any provider was called/);
  const off = await (await play({ key: "off" })).text();
  expect(partOf(off, "answer")).toBe('The key "off" is disabled or has expired.');
  expect(partOf(await (await play({ key: "nobody" })).text(), "answer")).toBe('The key "nobody" does not exist.');
});

test("what cannot be sent is said, and nothing that was typed is lost", async () => {
  for (const [fields, words] of [
    [{ raw: "{not json" }, "The request is not valid JSON"],
    [{ prompt: " " }, "Write a message to send."],
  ] as const) {
    const response = await play({ system: "Keep <this>", ...fields });
    const page = await response.text();
    expect([response.status, page.includes(words), page.includes("Keep &lt;this&gt;")]).toEqual([422, true, true]);
  }
});

test("for a script the words come by themselves, and then what became of the request", async () => {
  const response = await play({ stream: "on" }, { accept: "text/plain" });
  expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(await response.text()).toContain("Good morning");
  const headers = { cookie, "hx-request": "true", "hx-request-type": "partial" };
  const part = await fetch(`${visits.gateway.url}/console/playground/${response.headers.get("x-played")}`, { headers });
  const html = await part.text();
  expect([part.status, html.includes("<html"), html.includes("Served by demo/demo")]).toEqual([200, false, true]);
  expect(html).toMatch(/id="plays"[^>]* hx-swap-oob="true"[\s\S]*Good morning/);
});

/** In words, as people read it. */
function estimateIn(page: string): string {
  const [, html = ""] = /<p id="estimate"[^>]*>([\s\S]*?)<\/p>/.exec(page) ?? [];
  return unescaped(html.replace(/<[^>]+>/g, "").replace(/\s+/g, " "));
}

test("an estimate says what the request would cost, and nothing is sent", async () => {
  const paid = { key: "test", model: "paid/good", protocol: "chat", action: "estimate" };
  const whole = estimateIn(await (await play(paid)).text());
  expect(whole).toBe(
    "About $0.0050 by estimate, at paid/good: 8 tokens in, 500 out (a guess, for it has given no answer yet). Nothing was sent.",
  );
  const longer = await (await play({ ...paid, prompt: "word ".repeat(7000), max_tokens: "2000" })).text();
  expect(estimateIn(longer)).toMatch(
    /^About \$0.025\d .*10,00\d tokens in, 500 out .*At most \$0.040\d, with the 2,000 out that are allowed\./,
  );
  expect(longer).toContain(">word word");
  expect(estimateIn(await (await play({ ...paid, max_tokens: "100" })).text())).toContain(
    "About $0.0010 by estimate, at paid/good: 8 tokens in, 100 out (the most that is allowed).",
  );
  const raw = JSON.stringify({ model: "paid/odd", messages: [{ role: "user", content: "Out of the JSON" }] });
  expect(estimateIn(await (await play({ ...paid, raw })).text())).toStartWith("Price unknown by estimate, at paid/odd");
  const refused = await play({ ...paid, key: "team" });
  expect([refused.status, estimateIn(await refused.text())]).toEqual([422, ""]);
  expect(await read("/console/requests?provider=paid")).toContain("No request fits these filters.");
});

test("an estimate takes the length of a target's usual answers", async () => {
  await (await play({ protocol: "chat" })).text();
  const words = estimateIn(await (await play({ protocol: "chat", action: "estimate" })).text());
  expect(words).toMatch(/^(About \$|Price unknown).* at demo\/demo: .* out \(as its answers usually have\)/);
});

test("what was sent is listed for its session alone, fills the form again, and is gone after signing out", async () => {
  const mine = await signedIn();
  const headers = { cookie: mine };
  const token = /name="csrf" value="([\w-]+)"/.exec(await read("/console/playground", mine))?.[1] ?? "";
  const own = (fields: Record<string, string>) => play({ csrf: token, ...fields }, headers);
  expect(await read("/console/playground", mine)).toContain("Nothing yet");
  await (await own({ protocol: "messages", prompt: "The <first> one", system: "Be brief", max_tokens: "77" })).text();
  const page = await (await own({ model: "two", prompt: "The second one", stream: "on" })).text();
  const lines = [...page.slice(page.indexOf('id="plays"')).matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(
    ([, line = ""]) => line,
  );
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatch(/403 rejected[\s\S]*two[\s\S]*team[\s\S]*The second one[\s\S]*none/);
  expect(lines[2]).toMatch(/200 success[\s\S]*messages[\s\S]*one[\s\S]*The &lt;first&gt; one/);
  const [, id = ""] = /href="\/console\/requests\/([\w-]{36})"/.exec(lines[2] ?? "") ?? [];
  const again = `/console/playground?again=${id}`;
  expect(lines[2]).toContain(`href="${again}"`);
  const filled = await read(again, mine);
  for (const part of [
    "The &lt;first&gt; one</textarea>",
    "Be brief</textarea>",
    'value="77"',
    'value="messages" selected',
  ])
    expect(filled).toContain(part);
  expect(/<input[^>]*name="stream"[^>]*>/.exec(filled)?.[0]).not.toContain("checked");
  const theirs = await read(again);
  expect([theirs.includes("is not kept any more"), theirs.includes("&lt;first&gt;")]).toEqual([true, false]);
  await post("/console/logout", { csrf: token }, { ...headers, origin: visits.gateway.url });
  expect(await read("/console/playground", await signedIn())).toContain("Nothing yet");
});

test("in a browser it streams into the page", async () => {
  const watched = await watch(visits, { width: 1280, height: 800, scheme: "light", bypassCSP: true });
  if (!watched) return;
  const { page, context, faults } = watched;
  await signIn(watched, visits.gateway);
  await page.goto(`${visits.gateway.url}/console/playground?model=one`);
  await page.evaluate("globalThis.stillHere = true");
  await page.fill("#f-prompt", "Is anybody there?");
  await page.click("button[value=send]");
  await page.waitForSelector("#played .verdict");
  expect(await page.innerText("#answer")).toContain("Is anybody there?");
  expect(await page.innerText("#plays tbody")).toContain("Is anybody there?");
  expect(await page.evaluate("globalThis.stillHere")).toBe(true);
  for (const [width, scheme] of [
    [1280, "light"],
    [375, "dark"],
  ] as const) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme: scheme });
    expect([width, await wrongs(page)]).toEqual([width, []]);
  }
  expect(faults).toEqual([]);
  await context.close();
}, 60_000);

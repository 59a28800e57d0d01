/** Who is signed in: seen, ended and told, each by whom it concerns. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { browserOf } from "../../src/console/whence.ts";
import { newFolder, removeFolder, startPlexus } from "../support/plexus.ts";
import { looks, wrongs } from "./checks.ts";
import { openVisits, signIn as signInBrowser, type Visits, watch } from "./visits.ts";

const teamKey = "sk-team-of-the-session-tests";
const otherKey = "sk-other-of-the-session-tests";
const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
let visits: Visits;
let url: string;

beforeAll(async () => {
  visits = await openVisits({
    settings: { trusted_proxies: ["127.0.0.1"] },
    keys: { team: { secret: teamKey }, other: { secret: otherKey } },
  });
  url = visits.gateway.url;
}, 60_000);
afterAll(() => visits.stop(), 60_000);

interface From {
  address?: string;
  agent?: string;
}

function post(path: string, form: Record<string, string>, headers: Record<string, string>): Promise<Response> {
  const all = { "sec-fetch-site": "same-origin", ...headers };
  return fetch(url + path, { method: "POST", headers: all, body: new URLSearchParams(form), redirect: "manual" });
}

async function signIn(key: string, { address = "192.0.2.1", agent = firefox }: From = {}): Promise<string> {
  const { status, headers } = await post(
    "/console/login",
    { key },
    { "x-forwarded-for": address, "user-agent": agent },
  );
  expect(status).toBe(303);
  return headers.get("set-cookie")?.split(";")[0] ?? "";
}

function get(path: string, cookie: string, address = "192.0.2.1"): Promise<Response> {
  return fetch(url + path, { headers: { cookie, "x-forwarded-for": address }, redirect: "manual" });
}

async function text(path: string, cookie: string, address?: string): Promise<string> {
  const response = await get(path, cookie, address);
  expect([path, response.status]).toEqual([path, 200]);
  return response.text();
}

interface Line {
  words: string;
  /** Where it is ended; undefined for the own one. */
  end: string | undefined;
}

async function lines(path: string, cookie: string, address?: string): Promise<Line[]> {
  const body = (await text(path, cookie, address)).split("<tbody>")[1]?.split("</tbody>")[0] ?? "";
  const words = (row: string) => row.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
  const rows = body.split("<tr>").slice(1);
  return rows.map((row) => ({ words: words(row).trim(), end: /href="([^"]*\/end)"/.exec(row)?.[1] }));
}

async function csrfOf(path: string, cookie: string): Promise<string> {
  return /name="csrf" value="([\w-]+)"/.exec(await text(path, cookie))?.[1] ?? "";
}

async function end(path: string, cookie: string): Promise<number> {
  return (await post(path, { csrf: await csrfOf(path, cookie) }, { cookie, "x-forwarded-for": "192.0.2.1" })).status;
}

/** The newest act of a kind, once it is there. */
async function act(kind: string, fits: (one: Record<string, unknown>) => boolean = () => true) {
  const headers = { authorization: `Bearer ${visits.gateway.adminKey}` };
  for (let turn = 0; turn < 100; turn++) {
    const response = await fetch(`${url}/api/acts?kind=${encodeURIComponent(kind)}`, { headers });
    const { data } = (await response.json()) as { data: Record<string, unknown>[] };
    const found = data.find(fits);
    if (found) return found;
    await Bun.sleep(20);
  }
  throw new Error(`nothing tells of ${kind}`);
}

test("a browser is told in few words, and nothing of what it says comes back as it is", () => {
  const cases: [string | null, string][] = [
    [firefox, "Firefox on Linux"],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
      "Chrome on Windows",
    ],
    ["Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/18.0 Safari/605", "Safari on macOS"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iPhone"],
    ["Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"],
    ["curl/8.5.0", "curl/8.5.0"],
    [`<script>alert(1)</script>`, "unknown browser"],
    [`sk-0123456789-0123456789-0123456789`, "unknown browser"],
    ["", "unknown browser"],
    [null, "unknown browser"],
  ];
  for (const [agent, words] of cases) expect([agent, browserOf(agent)]).toEqual([agent, words]);
});

describe("the admin", () => {
  test("sees all who are signed in, and of each nothing that opens anything", async () => {
    const own = await signIn(visits.gateway.adminKey, { address: "192.0.2.10" });
    const team = await signIn(teamKey, { address: "192.0.2.11", agent: "curl/8.5.0" });
    await text("/console/me", team, "192.0.2.12");
    const found = await lines("/console/sessions", own, "192.0.2.10");
    expect(found[0]?.words).toMatch(/^Firefox on Linux 192\.0\.2\.10 admin key this one .* now /);
    expect(found[0]?.end).toBeUndefined();
    const theirs = found.find(({ words }) => words.includes("192.0.2.12"));
    expect(theirs?.words).toMatch(/^curl\/8\.5\.0 192\.0\.2\.12 team End .* \d+ s ago /);
    const page = await text("/console/sessions", own);
    const [id = ""] = team.split("=").slice(1);
    const hash = new Bun.CryptoHasher("sha256").update(id).digest("hex");
    for (const secret of [id, hash, await csrfOf("/console/me", team)]) expect(page).not.toContain(secret);
    const [name] = team.split("=");
    const handle = theirs?.end?.split("/").at(-2);
    expect((await get("/console/me", `${name}=${handle}`)).status).toBe(303);
  });

  test("ends one, after a word of warning and with the own form alone, and the audit tells", async () => {
    const own = await signIn(visits.gateway.adminKey);
    const gone = await signIn(visits.gateway.adminKey, { address: "192.0.2.20", agent: "curl/7.1" });
    const path = (await lines("/console/sessions", own)).find(({ words }) => words.includes("192.0.2.20"))?.end ?? "";
    expect(path).toMatch(/^\/console\/sessions\/[\w-]{12}\/end$/);
    const page = await text(path, own);
    expect(page).toContain("End the session of the admin?");
    expect(page).toContain("curl/7.1 at 192.0.2.20");
    expect((await get("/console", gone, "192.0.2.20")).status).toBe(200);
    const csrf = await csrfOf(path, own);
    expect((await post(path, { csrf: "x" }, { cookie: own })).status).toBe(403);
    expect((await post(path, { csrf }, { cookie: own, "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await get("/console", gone, "192.0.2.20")).status).toBe(200);
    expect(await end(path, own)).toBe(303);
    expect((await get("/console", gone)).status).toBe(303);
    expect(await text("/console/sessions", own)).toContain("The session is over.");
    expect((await get(path, own)).status).toBe(404);
    expect(await act("session ended", ({ detail }) => String(detail).includes("192.0.2.20"))).toMatchObject({
      ...{ by: "console", from: "192.0.2.1", section: null, detail: "of the admin key, curl/7.1 at 192.0.2.20" },
    });
    const audit = await text("/console/audit?part=sign-ins", own);
    expect(audit).toContain("session ended");
  });

  test("ends all others, and goes on", async () => {
    const own = await signIn(visits.gateway.adminKey);
    const gone = [await signIn(visits.gateway.adminKey), await signIn(teamKey)];
    expect(await end("/console/sessions/others/end", own)).toBe(303);
    for (const [at, cookie] of gone.entries()) {
      expect((await get(at === 0 ? "/console" : "/console/me", cookie)).status).toBe(303);
    }
    expect(await lines("/console/sessions", own)).toHaveLength(1);
    expect(await text("/console/sessions", own)).toContain("Nobody else is signed in");
    expect((await get("/console/sessions/others/end", own)).status).toBe(404);
    expect(await act("session ended", ({ detail }) => /^all others, \d+ sessions$/.test(String(detail)))).toBeDefined();
  });

  test("is told how to end the own one", async () => {
    const own = await signIn(visits.gateway.adminKey, { address: "192.0.2.30" });
    const other = await signIn(visits.gateway.adminKey);
    const path = (await lines("/console/sessions", other)).find(({ words }) => words.includes("192.0.2.30"))?.end ?? "";
    const response = await get(path, own);
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining("sign out to end it")]);
  });
});

describe("the holder of a key", () => {
  test("sees and ends the sessions of that key alone", async () => {
    const admin = await signIn(visits.gateway.adminKey);
    const other = await signIn(otherKey);
    const own = await signIn(teamKey);
    const second = await signIn(teamKey, { address: "192.0.2.40" });
    expect(await text("/console/me", own)).toContain('href="/console/me/sessions"');
    const found = await lines("/console/me/sessions", own);
    expect(found).toHaveLength(2);
    expect(found[1]?.words).toMatch(/^Firefox on Linux 192\.0\.2\.40 /);
    const handles = (await lines("/console/sessions", admin)).flatMap(({ end }) => end?.split("/").at(-2) ?? []);
    const csrf = await csrfOf("/console/me", own);
    for (const handle of handles.filter((one) => !found.some(({ end }) => end?.includes(one)))) {
      const path = `/console/me/sessions/${handle}/end`;
      expect([path, (await get(path, own)).status]).toEqual([path, 404]);
      expect([path, (await post(path, { csrf }, { cookie: own })).status]).toEqual([path, 404]);
    }
    expect(await end("/console/me/sessions/others/end", own)).toBe(303);
    expect((await get("/console/me", second)).status).toBe(303);
    for (const [path, cookie] of Object.entries({ "/console": admin, "/console/me": other })) {
      expect((await get(path, cookie)).status).toBe(200);
    }
    const detail = "Firefox on Linux at 192.0.2.40";
    expect(await act("session ended", (one) => one.detail === detail)).toMatchObject({ section: "keys", name: "team" });
  });

  test("is told of as signed out, in the audit", async () => {
    const own = await signIn(teamKey);
    const csrf = await csrfOf("/console/me", own);
    expect((await post("/console/logout", { csrf }, { cookie: own, "x-forwarded-for": "192.0.2.50" })).status).toBe(
      303,
    );
    expect(await act("signed out")).toMatchObject({ by: "console", from: "192.0.2.50", section: "keys", name: "team" });
  });
});

test("another admin key ends all sessions, and the former one is none any more", async () => {
  const folder = newFolder();
  const first = await startPlexus({ folder });
  const login = (at: string, key: string) =>
    fetch(`${at}/console/login`, {
      ...{ method: "POST", redirect: "manual", body: new URLSearchParams({ key }) },
      headers: { "sec-fetch-site": "same-origin" },
    });
  const cookie = (await login(first.url, first.adminKey)).headers.get("set-cookie")?.split(";")[0] ?? "";
  expect((await fetch(`${first.url}/console/sessions`, { headers: { cookie }, redirect: "manual" })).status).toBe(200);
  await first.stop({ keep: true });
  const second = await startPlexus({ folder, environment: { ADMIN_KEY: "adm-another-one-of-the-tests-0123" } });
  const answer = await fetch(`${second.url}/console/sessions`, { headers: { cookie }, redirect: "manual" });
  const refused = await login(second.url, first.adminKey);
  await second.stop({ keep: true });
  removeFolder(folder);
  expect([answer.status, answer.headers.get("location"), refused.status]).toEqual([
    ...[303, "/console/login?next=%2Fconsole%2Fsessions", 401],
  ]);
}, 60_000);

test("the page is fine at both widths and in both themes", async () => {
  await signIn(teamKey, { agent: firefox });
  for (const look of looks.filter(({ width }) => width === 1280 || width === 375)) {
    const watched = await watch(visits, { ...look, bypassCSP: true });
    if (!watched) return;
    await signInBrowser(watched, visits.gateway);
    await watched.page.goto(`${url}/console/sessions`);
    expect([look, await wrongs(watched.page), watched.faults]).toEqual([look, [], []]);
    await watched.context.close();
  }
}, 60_000);

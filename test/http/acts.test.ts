/** What people did, as machines read it. */
import { expect, test } from "bun:test";
import { type ActDeps, actRoute } from "../../src/http/acts.ts";
import { toGatewayError } from "../../src/model/error.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { openActs } from "../../src/store/acts.ts";
import { withMigrated } from "../support/databases.ts";

interface Page {
  data: JsonObject[];
  next: string | null;
}

/** The page, or what is refused, in words. */
async function ask(deps: ActDeps, query = ""): Promise<Page & { refused?: string }> {
  const request = new Request(`http://localhost/api/acts${query}`);
  const incoming = { request, requestId: "r", path: "/api/acts", parameters: {}, address: "", peer: "" };
  try {
    return (await (await actRoute(deps).run(incoming)).json()) as Page;
  } catch (thrown) {
    const { code, message } = toGatewayError(thrown);
    return { data: [], next: null, refused: `${code}: ${message}` };
  }
}

test("acts are told newest first, page after page, narrowed down as one asks", async () => {
  await withMigrated("sqlite", async ({ database }) => {
    let now = Date.UTC(2026, 10, 22, 10);
    const onError = (error: unknown) => {
      throw error;
    };
    const open = openActs({ database, reader: database, onError, now: () => now });
    const acts: typeof open = {
      ...open,
      add(act) {
        now += 1000;
        return open.add(act);
      },
    };
    const author = { actor: "cli", origin: "ada" } as const;
    await acts.add({ kind: "prices loaded", author, detail: "3 models, update-1" });
    for (const name of ["a", "b"]) await acts.add({ kind: "quota reset", author, section: "quotas", name });
    const console = { actor: "console", origin: "192.0.2.1" } as const;
    for (const kind of ["signed in", "signed out", "signed out"] as const) await acts.add({ kind, author: console });
    const all = await ask({ acts });
    expect([all.data.map(({ kind, times }) => [kind, times]), all.next]).toEqual([
      [
        ["signed out", 2],
        ["signed in", 1],
        ["quota reset", 1],
        ["quota reset", 1],
        ["prices loaded", 1],
      ],
      null,
    ]);
    expect(all.data[2]).toMatchObject({ by: "cli", from: "ada", section: "quotas", name: "b", detail: null });
    expect(all.data[0]).toMatchObject({ at: "2026-11-22T10:00:05.000Z", last_at: "2026-11-22T10:00:06.000Z" });
    const seen: JsonObject[] = [];
    for (let after = ""; ; ) {
      const { data, next } = await ask({ acts }, `?limit=2${after}`);
      seen.push(...data);
      if (next === null) break;
      after = `&after=${encodeURIComponent(next)}`;
    }
    expect(seen).toEqual(all.data);
    const kinds = async (query: string) => (await ask({ acts }, query)).data.map(({ kind }) => kind);
    expect(await kinds("?kind=sign-ins")).toEqual(["signed out", "signed in"]);
    expect(await kinds("?kind=operations&limit=1")).toEqual(["quota reset"]);
    expect(await kinds("?kind=prices%20loaded")).toEqual(["prices loaded"]);
    expect(await kinds("?section=quotas&name=a")).toEqual(["quota reset"]);
    expect(await kinds("?name=%00")).toEqual([]);
    await acts.close();
  });
});

test.each([
  ["?kind=nonsense", "invalid-request: kind must be one of sign-ins, operations, signed in"],
  ["?kind=constructor", "invalid-request: kind must be"],
  ["?section=settings", "invalid-request: section must be one of providers"],
  ["?after=nonsense", "invalid-request: after must be the next of the page before."],
  ["?limit=0", "invalid-request: limit must be"],
])("%s is refused in words", async (query, words) => {
  const acts = { add: () => Promise.resolve(), list: () => Promise.resolve([]) };
  expect((await ask({ acts }, query)).refused).toStartWith(words);
});

/** What the playground remembers: for one session, within a number and a size. */
import { expect, test } from "bun:test";
import type { PlayFields } from "../../src/console/playing.ts";
import { createPlays } from "../../src/console/plays.ts";
import type { Session } from "../../src/console/session.ts";

const whence = { handle: "", address: "", browser: "" };
const session = (): Session => ({ ...whence, principal: { kind: "admin" }, csrf: "", startedAt: 0, seenAt: 0 });
const form = { protocol: "chat", key: "team", model: "one", system: "", prompt: "Hi", maxTokens: null, isStream: true };
const fields = (more: Partial<PlayFields>): PlayFields => ({ ...form, raw: "", ...more });

test("the last 20 are kept, newest first, and only for their session", () => {
  const plays = createPlays();
  const mine = session();
  for (let sent = 1; sent <= 25; sent++) plays.begin(mine, fields({ prompt: `message ${sent}` })).id = `id-${sent}`;
  const list = plays.list(mine);
  expect([list.length, list[0]?.words, list.at(-1)?.words]).toEqual([20, "message 25", "message 6"]);
  expect(plays.find(mine, "id-6")?.prompt).toBe("message 6");
  expect(plays.find(mine, "id-5")).toBeUndefined();
  const theirs = session();
  expect([plays.list(theirs), plays.list(null)]).toEqual([[], []]);
  expect(plays.find(theirs, "id-25")).toBeUndefined();
});

test("of forms that are too long together the oldest are let go, and their lines stay", () => {
  const plays = createPlays();
  const mine = session();
  for (const id of ["old", "new"]) plays.begin(mine, fields({ prompt: `${id} ${"x".repeat(80_000)}` })).id = id;
  expect(plays.list(mine).map(({ id, canRepeat }) => [id, canRepeat])).toEqual([
    ["new", true],
    ["old", false],
  ]);
  expect(plays.list(mine)[1]?.words).toBe(`old ${"x".repeat(55)}…`);
  plays.begin(mine, fields({ raw: "y".repeat(200_000) })).id = "huge";
  expect(plays.list(mine).map(({ canRepeat }) => canRepeat)).toEqual([false, true, false]);
});

test("one that is not yet under way is not listed", () => {
  const plays = createPlays();
  const mine = session();
  plays.begin(mine, fields({}));
  expect(plays.list(mine)).toEqual([]);
  expect(plays.find(mine, "")).toBeUndefined();
});

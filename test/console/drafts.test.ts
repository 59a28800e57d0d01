/** What the server keeps for a form: for its session alone, and not for long. */
import { expect, test } from "bun:test";
import { createDrafts, draftMs } from "../../src/console/drafts.ts";
import type { Visit } from "../../src/console/route.ts";

const visitOf = (csrf: string) => ({ session: { csrf } }) as unknown as Visit;

test("a draft is found again by its session, and by no other", () => {
  const drafts = createDrafts();
  const draft = drafts.open(visitOf("mine"), null);
  draft.secret = "typed in";
  expect(drafts.open(visitOf("mine"), draft.id).secret).toBe("typed in");
  expect(drafts.open(visitOf("another"), draft.id).secret).toBeUndefined();
  drafts.drop(draft);
  expect(drafts.open(visitOf("mine"), draft.id).secret).toBeUndefined();
});

test("a draft that nobody looked at for a quarter of an hour is gone", () => {
  let now = 0;
  const drafts = createDrafts(() => now);
  const draft = drafts.open(visitOf("mine"), null);
  now += draftMs - 1;
  expect(drafts.open(visitOf("mine"), draft.id)).toBe(draft);
  now += draftMs;
  expect(drafts.open(visitOf("mine"), draft.id)).not.toBe(draft);
});

test("of very many the oldest goes", () => {
  const drafts = createDrafts();
  const first = drafts.open(visitOf("mine"), null);
  for (let more = 0; more < 100; more++) drafts.open(visitOf("mine"), null);
  expect(drafts.open(visitOf("mine"), first.id)).not.toBe(first);
});

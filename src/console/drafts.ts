/**
 * What a form for a provider has beside its fields while it goes back and forth: a secret that was typed in for a test,
 * which no page shows again, and what the test found. In memory, for the session that made it, for a short time.
 */
import { randomBytes } from "node:crypto";
import type { Fields } from "../config/fields.ts";
import type { Trial } from "../model/trial.ts";
import type { Visit } from "./route.ts";

export const draftMs = 15 * 60_000;
const mostDrafts = 100;

export interface Draft {
  readonly id: string;
  secret?: string;
  /** The entity as the form last said it, with the secrets that were typed in. */
  value?: Fields;
  trial?: Trial;
}

export interface Drafts {
  /** The one of this id, where it is of this session; else a new one. */
  open(visit: Visit, id: string | null): Draft;
  drop(draft: Draft): void;
}

interface Kept {
  draft: Draft;
  /** Of the session. */
  csrf: string;
  until: number;
}

export function createDrafts(now: () => number = Date.now): Drafts {
  const kept = new Map<string, Kept>();
  return {
    open({ session }, id) {
      for (const [old, { until }] of kept) if (until <= now()) kept.delete(old);
      const found = kept.get(id ?? "");
      const csrf = session?.csrf ?? "";
      if (found && found.csrf === csrf) {
        found.until = now() + draftMs;
        return found.draft;
      }
      const [oldest] = kept.keys();
      if (kept.size >= mostDrafts && oldest !== undefined) kept.delete(oldest);
      const draft = { id: randomBytes(16).toString("base64url") };
      kept.set(draft.id, { draft, csrf, until: now() + draftMs });
      return draft;
    },
    drop: ({ id }) => void kept.delete(id),
  };
}

/** Ids of tool calls across protocols: one deterministic map, valid everywhere. */
import { sha256Base32 } from "../kit/hash.ts";

const common = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * The id itself when every protocol takes it, else a digest of it: the same for the same id, never cut short, never
 * mapped letter by letter (both make ids collide).
 */
export function safeId(id: string): string {
  return common.test(id) ? id : `call_${sha256Base32(id).slice(0, 26)}`;
}

const short = /^[A-Za-z0-9]{9}$/;

/** The id for a provider that takes nine letters and digits, no more and no less. */
export function shortId(id: string): string {
  return short.test(id) ? id : sha256Base32(id).slice(0, 9);
}

/** An id for a call that came without one: from the answer's id and the call's place in it. */
export function derivedId(answerId: string, candidate: number, ordinal: number): string {
  return `call_${sha256Base32(`${answerId}\u0000${candidate}\u0000${ordinal}`).slice(0, 24)}`;
}

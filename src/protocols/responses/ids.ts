/** Ids of answers and their items. Those that Plexus makes are told by their mark: no provider knows them. */
import { sha256Hex } from "../../kit/hash.ts";
import type { Json } from "../../model/json.ts";
import { isObject } from "../chat/wire.ts";

const mark = "plx";

/**
 * The client sees an id of this protocol's kind: one that already is, else one made of the request's, for ids of other
 * protocols may come twice.
 */
export function responseId(id: string, requestId: string): string {
  return /^resp[_-]/.test(id) ? id : `resp_${sha256Hex(requestId).slice(0, 40)}`;
}

/** `prefix` says the kind of the item (`msg`, `fc`, `rs`), `index` is its place in the answer. */
export function mintedId(prefix: string, answerId: string, index: number): string {
  return `${prefix}_${mark}${sha256Hex(`${answerId}\u0000${index}`).slice(0, 40)}`;
}

const traces = new Set<Json | undefined>(["web_search_call", "code_interpreter_call"]);

/** What stands for something that another provider ran: without its id it is nothing, and no provider knows that. */
export function isMintedTrace(item: Json): boolean {
  return isObject(item) && traces.has(item.type) && isMintedId(item.id);
}

export function isMintedId(id: Json | undefined): boolean {
  return typeof id === "string" && /^[a-z]+_plx[0-9a-f]{40}$/.test(id);
}

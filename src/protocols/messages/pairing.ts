/**
 * Calls and results of a history, paired. The API wants unique ids and exactly one result for each call, so repeated
 * ids get a new one and a history with holes is refused here, by name.
 */
import type { CallItem, Item, ResultItem } from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { Notes } from "../../model/note.ts";
import { derivedId, safeId } from "../ids.ts";

export interface Pair {
  wireId: string;
  result: ResultItem;
}

/** Throws `invalid-request` for a call without a result and for a result without a call. */
export function pairCalls(items: Item[], notes: Notes): Map<CallItem, Pair> {
  const open = new Map<string, { call: CallItem; result?: ResultItem }[]>();
  for (const item of items) {
    if (item.type === "call") {
      const same = open.get(item.callId);
      if (same) same.push({ call: item });
      else open.set(item.callId, [{ call: item }]);
    } else if (item.type === "result") {
      answer(open.get(item.callId), item, notes);
    }
  }
  const pairs = new Map<CallItem, Pair>();
  const used = new Set<string>();
  for (const [id, same] of open) {
    same.forEach(({ call, result }, ordinal) => {
      if (!result) throw hole(call, `the call "${id}" has no result. Send one result for each call.`);
      let wireId = ordinal === 0 ? safeId(id) : derivedId(id, 0, ordinal);
      for (let more = same.length; used.has(wireId); more++) wireId = derivedId(id, 1, more);
      used.add(wireId);
      pairs.set(call, { wireId, result });
    });
  }
  return pairs;
}

function answer(same: { result?: ResultItem }[] | undefined, item: ResultItem, notes: Notes): void {
  if (!same) throw hole(item, `the result for "${item.callId}" has no call before it.`);
  const waiting = same.find((entry) => !entry.result);
  const entry = waiting ?? same.at(-1);
  if (!entry) return;
  if (entry.result) notes.add("dropped", entry.result.at ?? "items", "duplicate_result");
  entry.result = item;
}

function hole(item: Item, words: string): GatewayError {
  const at = item.at ?? "items";
  return new GatewayError("invalid-request", `${at}: ${words}`, { param: at });
}

/** Calls and results of a history, paired: the API wants one result for each call. */
import type { CallItem, Item, ResultItem } from "../../model/chat.ts";
import type { Notes } from "../../model/note.ts";
import { invalid } from "../read.ts";

/** Throws `invalid-request` for a call without a result and for a result without a call. */
export function pairCalls(items: readonly Item[], notes: Notes): Map<CallItem, ResultItem> {
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
  const pairs = new Map<CallItem, ResultItem>();
  for (const [id, same] of open) {
    for (const { call, result } of same) {
      if (!result) throw invalid(call.at ?? "items", `the call "${id}" has no result. Send one result for each call.`);
      pairs.set(call, result);
    }
  }
  return pairs;
}

function answer(same: { result?: ResultItem }[] | undefined, item: ResultItem, notes: Notes): void {
  if (!same) throw invalid(item.at ?? "items", `the result for "${item.callId}" has no call before it.`);
  const entry = same.find(({ result }) => !result) ?? same.at(-1);
  if (!entry) return;
  if (entry.result) notes.add("dropped", entry.result.at ?? "items", "duplicate_result");
  entry.result = item;
}

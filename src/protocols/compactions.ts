/** Summaries that Messages' providers made of a conversation's beginning, for providers that know no such block. */
import type { ChatRequest, Item } from "../model/chat.ts";
import type { Notes } from "../model/note.ts";
import { isObject } from "./read.ts";

/** The request with readable summaries as what the assistant said: without them the beginning would be missing. */
export function withReadableCompactions(request: ChatRequest, notes: Notes): ChatRequest {
  if (!request.items.some((item) => summaryOf(item) !== undefined)) return request;
  const items = request.items.map((item): Item => {
    const text = summaryOf(item);
    if (text === undefined) return item;
    const { at } = item;
    const placed = at === undefined ? {} : { at };
    notes.add("emulated", at ?? "items", "compaction_as_text");
    return { type: "message", role: "assistant", ...placed, blocks: [{ type: "text", ...placed, text }] };
  });
  return { ...request, items };
}

function summaryOf(item: Item): string | undefined {
  if (item.type !== "opaque" || item.origin !== "messages" || !isObject(item.json)) return undefined;
  const { type, content } = item.json;
  return type === "compaction" && typeof content === "string" && content !== "" ? content : undefined;
}

/** What the items of a history are to wires that put system messages first and fold the model's turns. */
import type { Item, MessageItem } from "../model/chat.ts";

/** The first items that are system messages, and the rest. */
export function splitLeading(items: readonly Item[]): { leading: MessageItem[]; rest: Item[] } {
  const leading: MessageItem[] = [];
  for (const item of items) {
    if (!isSystem(item)) break;
    leading.push(item);
  }
  return { leading, rest: items.slice(leading.length) };
}

export function isSystem(item: Item): item is MessageItem {
  return item.type === "message" && (item.role === "system" || item.role === "developer");
}

/** Is it the model's, or part of its turn? */
export function isAssistant(item: Item): boolean {
  if (item.type === "message") return item.role === "assistant";
  if (item.type === "result") return false;
  return item.type !== "opaque" || item.role !== "user";
}

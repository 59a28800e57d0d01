/**
 * A request that goes on from a kept answer, as if its client had sent the whole conversation. It is put together of
 * texts: numbers and members that nobody knows stay as they were written.
 */
import { applySplices, memberText, scanObject, spliceMembers } from "../../kit/json.ts";
import type { Json } from "../../model/json.ts";
import { isObject } from "../chat/wire.ts";
import type { History } from "../stored.ts";

export const previousMember = "previous_response_id";

export function continueFrom(text: string, { input, response }: History): string {
  const members = scanObject(text)?.members ?? [];
  const past = [itemsOf(input), itemsOf(memberText(response, "output"))].filter((items) => items !== "");
  const added = withoutReferences(itemsOf(memberText(text, "input", members)), past);
  const all = added === "" ? past : [...past, added];
  const others = members
    .filter(({ key }) => key !== "input" && key !== previousMember)
    .map(({ keyStart, end }) => text.slice(keyStart, end));
  return `{${[...others, `"input":[${all.join(",")}]`].join(",")}}`;
}

/** The items that a list's text holds, with commas between them; a bare text is a message. */
function itemsOf(list = ""): string {
  const text = list.trim();
  if (text.startsWith("[")) return text.slice(1, -1).trim();
  return text.startsWith('"') && text !== '""' ? `{"type":"message","role":"user","content":${text}}` : "";
}

/** A reference to an item of the conversation says nothing: the item stands in it. */
function withoutReferences(items: string, past: readonly string[]): string {
  if (!items.includes('"item_reference"')) return items;
  const ids = new Set(past.flatMap(parsed).map((item) => (isObject(item) ? item.id : undefined)));
  const left = parsed(items).filter((item) => !isReference(item) || !ids.has(item.id));
  return left.map((item) => JSON.stringify(item)).join(",");
}

export const referenceMark = '"item_reference"';

export function references(text: string): string[] {
  return parsed(itemsOf(memberText(text, "input"))).flatMap((item) => (isReference(item) ? [item.id] : []));
}

export function dereferenced(text: string, holders: readonly string[]): string {
  const held = holders.flatMap((holder) => parsed(itemsOf(memberText(holder, "output")))).filter(isObject);
  const items = parsed(itemsOf(memberText(text, "input")));
  const whole = items.flatMap((item) => {
    const found = isReference(item) ? held.find(({ id }) => id === item.id) : undefined;
    // Reasoning without its seal can be read by nobody, once it stands for itself.
    return found?.type === "reasoning" && !found.encrypted_content ? [] : [found ?? item];
  });
  const members = scanObject(text)?.members ?? [];
  const values = new Map([["input", JSON.stringify(whole)]]);
  return applySplices(text, spliceMembers(text, values, { object: {}, members }));
}

function isReference(item: Json): item is { type: "item_reference"; id: string } {
  return isObject(item) && item.type === "item_reference" && typeof item.id === "string";
}

function parsed(items: string): Json[] {
  return JSON.parse(`[${items}]`) as Json[];
}

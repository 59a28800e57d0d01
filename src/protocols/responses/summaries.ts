/** Items of type `compaction` that Plexus made: to providers they are what the user said of the conversation before. */
import { applySplices, memberText, scanObject, spliceMembers } from "../../kit/json.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject } from "../chat/wire.ts";
import type { SealedSummaries } from "../compacting.ts";
import { mintedId } from "./ids.ts";

const prefix = "cmp";

export function summaryItem(sealed: string, requestId: string): JsonObject {
  return { id: mintedId(prefix, requestId, 0), type: "compaction", encrypted_content: sealed };
}

export const summaries: SealedSummaries = {
  mark: '"compaction',
  opened(body, read) {
    const members = scanObject(body)?.members ?? [];
    const before = listOf(memberText(body, "input", members));
    const after = before.map((item, at) => opened(item, (sealed) => read(sealed, `input.${at}.encrypted_content`)));
    if (after.every((item, at) => item === before[at])) return body;
    const values = new Map([["input", JSON.stringify(after)]]);
    return applySplices(body, spliceMembers(body, values, { object: {}, members }));
  },
};

/** What is no list, or broken, is told of where the request is read. */
function listOf(text: string | undefined): Json[] {
  try {
    return text?.startsWith("[") ? (JSON.parse(text) as Json[]) : [];
  } catch {
    return [];
  }
}

function opened(item: Json, read: (sealed: string) => string | undefined): Json {
  if (!isObject(item) || !String(item.type).startsWith("compaction")) return item;
  const { encrypted_content: sealed } = item;
  const text = typeof sealed === "string" ? read(sealed) : undefined;
  if (text === undefined) return item;
  // The id tells it from what the user said. No provider gets it, for it is none of a message's.
  const id = mintedId(prefix, text, 0);
  return { type: "message", id, role: "user", content: [{ type: "input_text", text }] };
}

/** A message in place of a summary, or a summary. */
export function isSummary({ id, type }: JsonObject): boolean {
  return type === "compaction" || (typeof id === "string" && id.startsWith(`${prefix}_`));
}

/**
 * A kept response as a stream: the events that its items add up to. Texts and arguments are cut so that there are as many
 * events as the client once got, where that is known: numbers then mean the same in both.
 */
import type { Frame } from "../../kit/sse.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject, stringOf } from "../chat/wire.ts";
import { Frames } from "./encode-frames.ts";
import { bodyKeys, callTypes } from "./items.ts";

interface Told {
  type: string;
  fields: JsonObject;
}

/** `text` is the response; `lastEvent` the number of its last event, null when it never streamed. */
export function replayResponse(text: string, lastEvent: number | null): Frame[] {
  const response = JSON.parse(text) as JsonObject;
  const items = Array.isArray(response.output) ? response.output.filter(isObject) : [];
  const told = items.flatMap(itemEvents);
  const running = {
    ...{ ...response, status: "in_progress", error: null, incomplete_details: null, output: [], usage: null },
    ...("completed_at" in response ? { completed_at: null } : {}),
  };
  const frames = new Frames();
  // Two events before the items, one behind them.
  const wanted = lastEvent === null ? 0 : lastEvent - 2;
  return [
    ...["created", "in_progress"].map((type) => frames.event(type, { response: running })),
    ...spread(told, wanted).map(({ type, fields }) => frames.event(type, fields)),
    frames.raw(endOf(response), `"response":${text}}`),
  ];
}

const ends: ReadonlySet<Json | undefined> = new Set(["incomplete", "failed", "cancelled"]);

function endOf({ status }: JsonObject): string {
  return ends.has(status) ? String(status) : "completed";
}

function itemEvents(item: JsonObject, output_index: number): Told[] {
  const at = { item_id: item.id ?? null, output_index };
  return [
    { type: "output_item.added", fields: { output_index, item: emptied(item) } },
    ...bodyEvents(item, at),
    { type: "output_item.done", fields: { output_index, item } },
  ];
}

function emptied(item: JsonObject): JsonObject {
  const head: JsonObject = "status" in item ? { ...item, status: "in_progress" } : { ...item };
  const key = callKey(item);
  if (key !== undefined) return { ...head, [key]: "" };
  if (item.type === "message") return { ...head, content: [] };
  if (item.type !== "reasoning") return head;
  delete head.encrypted_content;
  return { ...head, summary: [], ...(Array.isArray(item.content) ? { content: [] } : {}) };
}

/** The member with the text that a call is about. */
function callKey({ type }: JsonObject): string | undefined {
  const kind = type === "function_call" || type === "custom_tool_call" ? callTypes[type] : undefined;
  return kind && bodyKeys[kind];
}

function bodyEvents(item: JsonObject, at: JsonObject): Told[] {
  const key = callKey(item);
  if (key !== undefined) return callEvents(item, key, at);
  const parts = (list: Json | undefined, index: string) =>
    (Array.isArray(list) ? list.filter(isObject) : []).flatMap((part, place) =>
      partEvents(part, { ...at, [index]: place }),
    );
  if (item.type === "message") return parts(item.content, "content_index");
  if (item.type !== "reasoning") return [];
  return [...parts(item.summary, "summary_index"), ...parts(item.content, "content_index")];
}

/** A call that was cut is never told as done: clients would run it. */
function callEvents(item: JsonObject, key: string, at: JsonObject): Told[] {
  const stem = item.type === "function_call" ? "function_call_arguments" : "custom_tool_call_input";
  const text = stringOf(item[key]) ?? "";
  const named = item.type === "function_call" ? { name: item.name } : {};
  const done = { type: `${stem}.done`, fields: { ...at, [key]: text, ...named } };
  return [...deltaEvents(`${stem}.delta`, at, text), ...(item.status === "incomplete" ? [] : [done])];
}

const texts: Readonly<Record<string, { stem: string; key: string; part: string }>> = {
  output_text: { stem: "output_text", key: "text", part: "content_part" },
  refusal: { stem: "refusal", key: "refusal", part: "content_part" },
  reasoning_text: { stem: "reasoning_text", key: "text", part: "content_part" },
  summary_text: { stem: "reasoning_summary_text", key: "text", part: "reasoning_summary_part" },
};

function partEvents(part: JsonObject, at: JsonObject): Told[] {
  const type = stringOf(part.type) ?? "";
  const names = Object.hasOwn(texts, type) ? texts[type] : undefined;
  if (!names) return [told("content_part.added", at, { part }), told("content_part.done", at, { part })];
  const { stem, key } = names;
  const text = stringOf(part[key]) ?? "";
  const isText = type === "output_text";
  const probable = isText ? { logprobs: part.logprobs ?? [] } : {};
  const annotations = isText && Array.isArray(part.annotations) ? part.annotations : [];
  const empty = { ...part, [key]: "", ...(isText ? { annotations: [], logprobs: [] } : {}) };
  return [
    told(`${names.part}.added`, at, { part: empty }),
    ...deltaEvents(`${stem}.delta`, { ...at, ...probable }, text),
    ...annotations.map((annotation, annotation_index) =>
      told("output_text.annotation.added", at, { annotation_index, annotation }),
    ),
    told(`${stem}.done`, at, { [key]: text, ...probable }),
    told(`${names.part}.done`, at, { part }),
  ];
}

function told(type: string, at: JsonObject, fields: JsonObject): Told {
  return { type, fields: { ...at, ...fields } };
}

function deltaEvents(type: string, at: JsonObject, delta: string): Told[] {
  return delta === "" ? [] : [{ type, fields: { ...at, delta } }];
}

/** Cuts deltas into more of them until there are `wanted` events, each delta in proportion to its length. */
function spread(events: readonly Told[], wanted: number): Told[] {
  const letters = events.map(({ fields }) => (typeof fields.delta === "string" ? [...fields.delta] : []));
  let room = letters.reduce((sum, one) => sum + Math.max(0, one.length - 1), 0);
  let missing = Math.min(Math.max(0, wanted - events.length), room);
  return events.flatMap((event, place) => {
    const own = letters[place] ?? [];
    if (own.length < 2) return [event];
    const cuts = Math.round((missing * (own.length - 1)) / room);
    missing -= cuts;
    room -= own.length - 1;
    return pieces(own, cuts + 1).map((delta, at) => {
      // What was said of the whole text is said once.
      const bare = at > 0 && "logprobs" in event.fields ? { logprobs: [] } : {};
      return { type: event.type, fields: { ...event.fields, ...bare, delta } };
    });
  });
}

function pieces(letters: readonly string[], count: number): string[] {
  const cut = (at: number) => Math.round((at * letters.length) / count);
  return Array.from({ length: count }, (_, at) => letters.slice(cut(at), cut(at + 1)).join(""));
}

/** A page of the items that a stored response was made of. */
import type { Json, JsonObject } from "../../model/json.ts";
import type { StoredResponse } from "../../model/stored.ts";
import { invalid, isObject } from "../chat/wire.ts";
import { mintedId } from "./ids.ts";

const usualLimit = 20;
const mostItems = 100;

/** Newest first unless `order` says `asc`; `input` is the request's member as JSON text. Throws `invalid-request`. */
export function buildInputItems({ id }: StoredResponse, input: string, query: URLSearchParams): JsonObject {
  const limit = limitOf(query.get("limit"));
  const items = fullItems(id, JSON.parse(input) as Json);
  if (orderOf(query.get("order")) === "desc") items.reverse();
  const from = startOf(items, query.get("after"));
  const data = items.slice(from, from + limit);
  const ends = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  return { object: "list", data, ...ends, has_more: from + limit < items.length };
}

function limitOf(text: string | null): number {
  const limit = text === null ? usualLimit : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= mostItems) return limit;
  throw invalid("limit", `limit must be a whole number from 1 to ${mostItems}.`);
}

function orderOf(order: string | null): "asc" | "desc" {
  if (order === null || order === "desc") return "desc";
  if (order === "asc") return "asc";
  throw invalid("order", "order must be asc or desc.");
}

function startOf(items: readonly JsonObject[], after: string | null): number {
  if (after === null) return 0;
  const at = items.findIndex((item) => item.id === after);
  if (at < 0) throw invalid("after", `There is no input item with the id ${JSON.stringify(after)}.`);
  return at + 1;
}

/** The items of a member `input`, each with an id: its own, or one that is the same at each reading. */
export function fullItems(responseId: string, input: Json): JsonObject[] {
  const list: Json[] =
    typeof input === "string" ? [{ role: "user", content: input }] : Array.isArray(input) ? input : [];
  return list.filter(isObject).map((item, at) => {
    const full = item.role !== undefined && (item.type === undefined || item.type === "message") ? message(item) : item;
    const hasId = typeof full.id === "string" && full.id !== "";
    return hasId ? full : { ...full, id: mintedId(prefixOf(full), `${responseId}\u0000input`, at) };
  });
}

/** The short forms of a message in full. */
function message(item: JsonObject): JsonObject {
  const { content } = item;
  const isOwn = item.role === "assistant";
  const part = isOwn ? { type: "output_text", annotations: [], logprobs: [] } : { type: "input_text" };
  const full = typeof content === "string" ? [{ ...part, text: content }] : (content ?? []);
  return { ...item, type: "message", status: item.status ?? "completed", content: full };
}

const prefixes: Readonly<Record<string, string>> = {
  message: "msg",
  reasoning: "rs",
  function_call: "fc",
  function_call_output: "fco",
  custom_tool_call: "ctc",
  custom_tool_call_output: "ctco",
};

function prefixOf({ type }: JsonObject): string {
  return typeof type === "string" && Object.hasOwn(prefixes, type) ? (prefixes[type] ?? "item") : "item";
}

/** Pass-through between a client and a provider that both speak this protocol: small edits in place. */
import type { Content } from "../../kit/content.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { TargetFacts } from "../../model/target.ts";
import { isObject } from "../chat/wire.ts";
import { safeId } from "../ids.ts";
import type { Envelope, Passage } from "../protocol.ts";
import { path } from "./build-request.ts";
import { previousMember } from "./continue.ts";
import { parseDrawn } from "./drawn.ts";
import { isMintedId, isMintedTrace } from "./ids.ts";

const maxIdLength = 64;
/** Items that need no id to be understood. */
const plainItems = new Set([
  "message",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
]);

export function pass({ previous, scope, background }: Envelope, body: JsonObject, target: TargetFacts): Passage {
  const set = new Map([["model", JSON.stringify(target.model)]]);
  // It is the gateway that lets it run on.
  if (background) for (const name of ["background", "stream"]) set.set(name, "false");
  const before = Array.isArray(body.input) ? body.input : [];
  const isAway = scope !== undefined && scope !== target.scope;
  const input = fitting(isAway ? before.flatMap(withoutHome) : before);
  if (input.length < before.length || input.some((item, at) => item !== before[at]))
    set.set("input", JSON.stringify(input));
  return { path, set, ...(previous === undefined ? {} : linking(previous)) };
}

/** Names the answer that it goes on from in each response of a stream: the provider knows nothing of it. */
function linking(previous: string): Pick<Passage, "marker" | "frame"> {
  // Raw frames hold a character for each byte.
  const link = `"${previousMember}":${Buffer.from(JSON.stringify(previous)).toString("latin1")}`;
  const none = new RegExp(`"${previousMember}"\\s*:\\s*null`);
  return {
    marker: '"response"',
    frame: (raw) =>
      none.test(raw)
        ? raw.replace(none, () => link)
        : raw.replace(/"response"\s*:\s*\{(?!\s*\})/, (head) => `${head}${link},`),
  };
}

/** Of an item what an account can take that did not make it: reasoning and ids are known to the maker alone. */
function withoutHome(item: Json): Json[] {
  if (!isObject(item) || typeof item.type !== "string") return [item];
  if (item.type === "reasoning") return [];
  if (item.id === undefined || !plainItems.has(item.type)) return [item];
  const { id: _id, ...rest } = item;
  return [rest];
}

/** Only ids that no provider takes, or that Plexus made for a client, and nulls of reasoning are edited in the input. */
export function mayEdit(content: Content): boolean {
  if (content.includes("_plx")) return true;
  if (content.includes('"encrypted_content"') && /:\s*null\b/.test(content.text)) return true;
  if (content.includes('"id"') && /"id"\s*:\s*"(?!(?:msg|fc|ctc|rs|ws|fs|ci|ig|mcp)_)/.test(content.text)) return true;
  return content.includes('"call_id"') && /"call_id"\s*:\s*"[^"]{65}/.test(content.text);
}

/** What another model only drew came with a message that says nothing. */
function fitting(items: Json[]): Json[] {
  return items.filter((item) => !isEmptyMade(item) && !isMintedTrace(item)).map(withFittingMembers);
}

function isEmptyMade(item: Json): boolean {
  if (!isObject(item) || item.type !== "message" || !isMintedId(item.id)) return false;
  return Array.isArray(item.content) && item.content.length === 0;
}

/** How ids of items begin that are refused when they begin otherwise. */
const prefixes: ReadonlyMap<unknown, string> = new Map([
  ["message", "msg_"],
  ["function_call", "fc_"],
  ["custom_tool_call", "ctc_"],
]);

/**
 * The item itself when the provider takes it. Of items that it never made it knows no id, and some SDKs send reasoning
 * back with nulls, which are refused.
 */
function withFittingMembers(item: Json): Json {
  if (!isObject(item)) return item;
  const drawn = parseDrawn(item);
  if (drawn) {
    const image_url = `data:${drawn.mime};base64,${drawn.data}`;
    return { type: "message", role: "user", content: [{ type: "input_image", image_url, detail: "auto" }] };
  }
  let out = item;
  const { call_id: callId, id } = item;
  if (typeof callId === "string" && callId.length > maxIdLength) out = { ...out, call_id: safeId(callId) };
  const prefix = prefixes.get(item.type);
  const isForeign = typeof id === "string" && prefix !== undefined && !id.startsWith(prefix);
  if (item.type !== "item_reference" && (isForeign || isMintedId(id))) {
    const { id: _id, ...rest } = out;
    out = rest;
  }
  if (item.type !== "reasoning" || !Object.values(item).includes(null)) return out;
  return Object.fromEntries(Object.entries(out).filter(([, value]) => value !== null));
}

/** Without the reasoning items that this target did not make, and without the ids of others. */
export function strip(body: JsonObject, foreign: (bytes: string) => boolean): ReadonlyMap<string, string> {
  if (!Array.isArray(body.input)) return new Map();
  const before = body.input;
  const kept = before.flatMap((item) => withoutForeign(item, foreign));
  if (kept.length === before.length && kept.every((item, at) => item === before[at])) return new Map();
  return new Map([["input", JSON.stringify(fitting(kept))]]);
}

function withoutForeign(item: Json, foreign: (bytes: string) => boolean): Json[] {
  if (!isObject(item)) return [item];
  const { encrypted_content: bytes, id } = item;
  const isSealed = item.type === "reasoning" && typeof bytes === "string" && bytes !== "";
  if (isSealed && foreign(bytes)) return [];
  const isAway = typeof id === "string" && !isMintedId(id) && foreign(id);
  if (!isAway) return [item];
  return item.type === "reasoning" && isSealed ? [item] : withoutHome(item);
}

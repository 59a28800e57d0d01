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
import { isMintedId } from "./ids.ts";

const maxIdLength = 64;
/** Items that need no id to be understood. */
const plainItems = new Set([
  "message",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
]);

export function pass({ previous, scope }: Envelope, body: JsonObject, target: TargetFacts): Passage {
  const set = new Map([["model", JSON.stringify(target.model)]]);
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

/** Only ids that are too long, or that Plexus made for a client, are edited in the input. */
export function mayEdit(content: Content): boolean {
  if (content.includes("_plx")) return true;
  return content.includes('"call_id"') && /"call_id"\s*:\s*"[^"]{65}/.test(content.text);
}

/** What another model only drew came with a message that says nothing. */
function fitting(items: Json[]): Json[] {
  return items.filter((item) => !isEmptyMade(item)).map(withFittingIds);
}

function isEmptyMade(item: Json): boolean {
  if (!isObject(item) || item.type !== "message" || !isMintedId(item.id)) return false;
  return Array.isArray(item.content) && item.content.length === 0;
}

/** The item itself when its ids are what the provider takes. Of items that it never made it knows no id. */
function withFittingIds(item: Json): Json {
  if (!isObject(item)) return item;
  const drawn = parseDrawn(item);
  if (drawn) {
    const image_url = `data:${drawn.mime};base64,${drawn.data}`;
    return { type: "message", role: "user", content: [{ type: "input_image", image_url, detail: "auto" }] };
  }
  let out = item;
  const { call_id: callId, id } = item;
  if (typeof callId === "string" && callId.length > maxIdLength) out = { ...out, call_id: safeId(callId) };
  if (item.type !== "item_reference" && isMintedId(id)) {
    const { id: _id, ...rest } = out;
    out = rest;
  }
  return out;
}

/** Without the reasoning items that this target did not make. */
export function strip(body: JsonObject, foreign: (bytes: string) => boolean): ReadonlyMap<string, string> {
  if (!Array.isArray(body.input)) return new Map();
  const kept = body.input.filter((item) => {
    const bytes = isObject(item) && item.type === "reasoning" ? item.encrypted_content : undefined;
    return typeof bytes !== "string" || bytes === "" || !foreign(bytes);
  });
  if (kept.length === body.input.length) return new Map();
  return new Map([["input", JSON.stringify(fitting(kept))]]);
}

/** Other protocols' web search as the tool of this one. */
import type { Tool } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import { isObject, unsupported } from "../chat/wire.ts";

const carried = new Set(["type", "name", "allowed_domains", "blocked_domains", "user_location"]);

/** Messages' search tool; undefined for every other tool. Throws `unsupported` for a bound that is not to be had here. */
export function buildSearchTool(tool: Tool, at: string, notes: Notes): JsonObject | undefined {
  const json = tool.origin === "messages" && tool.kind === "server" ? tool.json : undefined;
  if (!json || typeof json.type !== "string" || !/^web_search_\d/.test(json.type)) return undefined;
  if (isList(json.blocked_domains)) {
    throw unsupported(`${at}.blocked_domains`, "This provider's web search cannot leave out domains.");
  }
  for (const [key, value] of Object.entries(json)) {
    if (!carried.has(key) && value !== null) notes.add("dropped", `${at}.${key}`);
  }
  notes.add("emulated", at, "own_web_search");
  return {
    type: "web_search",
    ...(isList(json.allowed_domains) ? { filters: { allowed_domains: json.allowed_domains } } : {}),
    ...(isObject(json.user_location) ? { user_location: json.user_location } : {}),
  };
}

/** `web_search_options` of Chat Completions. */
export function buildSearchOptions(options: JsonObject): JsonObject {
  const { search_context_size: size, user_location: location } = options;
  const place = isObject(location) && isObject(location.approximate) ? location.approximate : undefined;
  return {
    type: "web_search",
    ...(typeof size === "string" ? { search_context_size: size } : {}),
    ...(place ? { user_location: { type: "approximate", ...place } } : {}),
  };
}

function isList(value: Json | undefined): boolean {
  return Array.isArray(value) && value.length > 0;
}

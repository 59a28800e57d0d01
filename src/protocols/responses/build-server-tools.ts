/** Web search and code execution of a client of another protocol, as the tools of this one. */
import type { ChatRequest, Tool } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { Capabilities } from "../../model/target.ts";
import { isObject } from "../chat/wire.ts";
import { isOfferedSearch } from "../offered-search.ts";
import {
  keepsBounds,
  notRun,
  optionNotRun,
  searchOptionOf,
  serverToolOf,
  tellCode,
  type WebSearch,
  type Wish,
  wishesFor,
} from "../server-tools.ts";

const wishes: readonly Wish[] = ["allowed", "place", "size"];

export interface ServerToolContext {
  notes: Notes;
  can: Capabilities;
}

/** Is it a search beside the client's own tools that cannot be run within its bounds? */
export function isLeftOut(tool: Tool, request: Pick<ChatRequest, "tools" | "toolChoice">, can: Capabilities): boolean {
  if (tool.origin === "responses" || !isOfferedSearch(tool, request)) return false;
  const asked = serverToolOf(tool, "");
  return can.webSearch === false || asked?.kind !== "search" || !keepsBounds(asked, wishes);
}

/** Servers of this protocol have these tools unless it is known that they have not. Throws `unsupported`. */
export function buildServerTool(tool: Tool, at: string, { notes, can }: ServerToolContext): JsonObject {
  if (tool.origin === "responses" && tool.json) return tool.json;
  const asked = serverToolOf(tool, at);
  if (asked?.kind === "search" && can.webSearch !== false) return buildSearch(asked, notes);
  if (asked?.kind !== "code" || can.codeExecution === false) throw notRun(tool, at);
  tellCode(asked, notes);
  return { type: "code_interpreter", container: { type: "auto" } };
}

/** What a Chat Completions client asks for without a tool. Throws `unsupported` where the target does not run it. */
export function buildSearchOption(request: ChatRequest, { notes, can }: ServerToolContext): JsonObject[] {
  const asked = searchOptionOf(request);
  if (asked && can.webSearch === false) throw optionNotRun();
  return asked ? [buildSearch(asked, notes)] : [];
}

function buildSearch(asked: WebSearch, notes: Notes): JsonObject {
  const { allowed, place, size } = wishesFor(asked, wishes, notes);
  return {
    type: "web_search",
    ...(allowed === undefined ? {} : { filters: { allowed_domains: allowed } }),
    ...(size === undefined ? {} : { search_context_size: size }),
    ...(isObject(place) ? { user_location: { type: "approximate", ...place } } : {}),
  };
}

/** Web search and code execution of a client of another protocol, as the tools of this one. */
import type { ChatRequest, Tool } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import { isObject } from "../read.ts";
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
import { type Build, withoutMark } from "./build-blocks.ts";

const wishes: readonly Wish[] = ["allowed", "blocked", "place", "uses"];
const searchName = "web_search";

/** A search beside the client's own tools goes along where it is run within its bounds, and where its name is free. */
export function isSearchRun(tool: Tool, { tools }: ChatRequest, { target }: Build): boolean {
  const asked = serverToolOf(tool, "");
  const isTaken = tools.some(({ kind, name }) => kind !== "server" && name === searchName);
  return target.can.webSearch === true && !isTaken && asked?.kind === "search" && keepsBounds(asked, wishes);
}

/** Few servers of other vendors have these tools: only a target that is known to run them is asked. Throws `unsupported`. */
export function buildServerTool(tool: Tool, at: string, { notes, target }: Build): JsonObject {
  if (tool.origin === "messages" && tool.json) return withoutMark(tool.json);
  const asked = serverToolOf(tool, at);
  if (asked?.kind === "search" && target.can.webSearch) return buildSearch(asked, notes);
  if (asked?.kind !== "code" || !target.can.codeExecution) throw notRun(tool, at);
  tellCode(asked, notes);
  return { type: "code_execution_20250825", name: "code_execution" };
}

/** What a Chat Completions client asks for without a tool. Throws `unsupported` where the target does not run it. */
export function buildSearchOption(request: ChatRequest, { notes, target }: Build): JsonObject | undefined {
  const asked = searchOptionOf(request);
  if (asked && !target.can.webSearch) throw optionNotRun();
  return asked && buildSearch(asked, notes);
}

/** The first version of the tool is the one that all models have. */
function buildSearch(asked: WebSearch, notes: Notes): JsonObject {
  const { allowed, blocked, place, uses } = wishesFor(asked, wishes, notes);
  return {
    ...{ type: "web_search_20250305", name: searchName },
    ...(uses === undefined ? {} : { max_uses: uses }),
    ...(allowed === undefined ? {} : { allowed_domains: allowed }),
    ...(blocked === undefined ? {} : { blocked_domains: blocked }),
    ...(isObject(place) ? { user_location: { type: "approximate", ...place } } : {}),
  };
}

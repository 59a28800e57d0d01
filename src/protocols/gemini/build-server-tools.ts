/** Web search and code execution of a client of another protocol, as the tools of this one. */
import type { ChatRequest, Tool } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import { notRun, optionNotRun, searchOptionOf, serverToolOf, tellCode, wishesFor } from "../server-tools.ts";
import type { Build } from "./build.ts";

/** Servers of this protocol have these tools unless it is known that they have not. Throws `unsupported`. */
export function buildServerTool(tool: Tool, at: string, { notes, target }: Build): JsonObject {
  if (tool.origin === "gemini" && tool.json) return tool.json;
  const asked = serverToolOf(tool, at);
  if (asked?.kind === "search" && target.can.webSearch !== false) {
    wishesFor(asked, [], notes);
    return { googleSearch: {} };
  }
  if (asked?.kind !== "code" || target.can.codeExecution === false) throw notRun(tool, at);
  tellCode(asked, notes);
  return { codeExecution: {} };
}

/** What a Chat Completions client asks for without a tool. Throws `unsupported` where the target does not run it. */
export function buildSearchOption(request: ChatRequest, { notes, target }: Build): JsonObject | undefined {
  const asked = searchOptionOf(request);
  if (!asked) return undefined;
  if (target.can.webSearch === false) throw optionNotRun();
  wishesFor(asked, [], notes);
  return { googleSearch: {} };
}

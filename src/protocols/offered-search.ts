/** Tools that a vendor runs itself: whether a web search is merely offered, whether the choice names one. */
import type { ChatRequest, Tool, ToolChoice } from "../model/chat.ts";
import { serverToolOf } from "./server-tools.ts";

/**
 * Is the tool a web search that the model is merely offered? Coding agents declare one beside their own tools with every
 * request: without it the request is still what it was. A request that has no other tool, or whose choice names some, is
 * about what it searches for.
 */
export function isOfferedSearch(tool: Tool, { tools, toolChoice }: Pick<ChatRequest, "tools" | "toolChoice">): boolean {
  if (tool.kind !== "server" || !isSearch(tool)) return false;
  const isFree = toolChoice === undefined || toolChoice.mode === "auto" || toolChoice.mode === "none";
  return isFree && tools.some(({ kind }) => kind !== "server");
}

/** Must the model use a tool that is not the client's own? */
export function namesServerTool(choice: ToolChoice | undefined, tools: readonly Tool[]): boolean {
  if (choice?.mode !== "tool") return false;
  const named = tools.filter(({ name }) => name === choice.name);
  return named.length > 0 && named.every(({ kind }) => kind === "server");
}

function isSearch(tool: Tool): boolean {
  const { name, json = {} } = tool;
  return (
    serverToolOf(tool, "")?.kind === "search" || /^web_search/.test(typeof json.type === "string" ? json.type : name)
  );
}

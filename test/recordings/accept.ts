/** What a strict provider of each protocol takes. */
import type { JsonObject } from "../../src/model/json.ts";
import { checkChat } from "../support/upstream/chat-rules.ts";
import { checkGemini } from "../support/upstream/gemini-rules.ts";
import { checkMessages } from "../support/upstream/messages-rules.ts";
import { checkResponses } from "../support/upstream/responses-rules.ts";
import type { ProtocolName } from "./door.ts";

/** Throws where a provider would refuse what it was sent. Nothing was issued by it before. */
export function accept(provider: ProtocolName, body: JsonObject, headers: Record<string, string>): void {
  switch (provider) {
    case "chat":
      checkChat(body, false);
      break;
    case "messages":
      checkMessages({ body: withoutServerTools(body, isRun), headers: new Headers(headers), issued: new Map() });
      break;
    case "responses":
      checkResponses(withoutServerTools(body, isRun), { encrypted: new Map(), ids: new Set() });
      break;
    case "gemini":
      checkGemini(withoutServerTools(body, isRun), new Map());
  }
}

/** Run by the provider itself. */
function isRun(tool: JsonObject): boolean {
  const isTyped = /^(web_search|code_interpreter|code_execution)(_\d+)?$/.test(String(tool.type));
  return isTyped || "googleSearch" in tool || "codeExecution" in tool || "urlContext" in tool;
}

/** The doubles search nothing and run no code, the providers do. */
function withoutServerTools(body: JsonObject, isRun: (tool: JsonObject) => boolean): JsonObject {
  if (!Array.isArray(body.tools)) return body;
  const tools = body.tools.filter((tool) => !isRun(tool as JsonObject));
  if (tools.length === body.tools.length) return body;
  const { tools: _tools, tool_choice: _choice, parallel_tool_calls: _parallel, ...rest } = body;
  return tools.length > 0 ? { ...body, tools } : rest;
}

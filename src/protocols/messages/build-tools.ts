/** Tool declarations and the tool choice of an outgoing request. */
import type { ChatRequest, Tool, ToolChoice } from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { JsonObject } from "../../model/json.ts";
import { freeformFunction, isToolSearch } from "../emulated-tools.ts";
import { isOfferedSearch } from "../offered-search.ts";
import type { Build } from "./build-blocks.ts";
import { buildSearchOption, buildServerTool, isSearchRun } from "./build-server-tools.ts";
import { hasMaps, lowered } from "./schema.ts";

export interface BuiltTools {
  tools?: JsonObject[];
  tool_choice?: JsonObject;
}

/** Throws `unsupported` for tools of another vendor, `invalid-request` for two different tools of one name. */
export function buildTools(request: ChatRequest, build: Build): BuiltTools {
  const allowed = filterTools(request, build);
  const seen = new Map<string, string>();
  const tools: JsonObject[] = [];
  allowed.forEach((tool) => {
    const at = `tools.${request.tools.indexOf(tool)}`;
    if (tool.origin !== "messages" && isOfferedSearch(tool, request) && !isSearchRun(tool, request, build)) {
      build.notes.add("dropped", at, "no_web_search");
      return;
    }
    if (tool.origin !== "messages" && isToolSearch(tool)) {
      build.notes.add("dropped", at, "tools_expanded");
      return;
    }
    const object = buildTool(tool, at, build);
    const text = JSON.stringify(object);
    const before = typeof object.name === "string" ? seen.get(object.name) : undefined;
    if (before === text) return;
    if (before !== undefined) {
      throw new GatewayError("invalid-request", `${at}: two different tools have the name "${tool.name}".`, {
        param: at,
      });
    }
    if (typeof object.name === "string") seen.set(object.name, text);
    build.marks.add("tools", object, tool.cache, at);
    tools.push(object);
  });
  const option = buildSearchOption(request, build);
  if (option && !seen.has(String(option.name))) tools.push(option);
  if (tools.length === 0) return calledTools(request, build);
  const choice = buildChoice(request, build);
  return { tools, ...(choice ? { tool_choice: choice } : {}) };
}

/**
 * A history with calls needs its tools declared, also when the client offers them no more: then they are named, and the
 * model is told not to call them.
 */
function calledTools(request: ChatRequest, build: Build): BuiltTools {
  const calls = build.own ? [] : request.items.filter((item) => item.type === "call");
  if (calls.length === 0) return {};
  const names = new Set(calls.map((call) => build.names.toWire(call.name, call.namespace)));
  build.notes.add("emulated", "tools", "declared_for_history");
  const tools = [...names].map((name) => ({ name, input_schema: { type: "object" } }));
  return { tools, tool_choice: { type: "none" } };
}

/**
 * The API has no allowed subset. Only the allowed tools are sent, unless the history calls an excluded one, which the
 * provider would then not know.
 */
function filterTools(request: ChatRequest, build: Build): Tool[] {
  const choice = request.toolChoice;
  if (choice?.mode !== "subset") return request.tools;
  const names = new Set(choice.names);
  const allowed = request.tools.filter((tool) => names.has(tool.name));
  if (allowed.length === 0 && request.tools.length > 0) {
    throw new GatewayError("invalid-request", "toolChoice: none of the allowed tools is declared.", {
      param: "toolChoice",
    });
  }
  const called = request.items.some((item) => item.type === "call" && !names.has(item.name));
  if (allowed.length < request.tools.length) {
    build.notes.add("emulated", "toolChoice", called ? "subset_not_enforced" : "tools_filtered");
  }
  return called ? request.tools : allowed;
}

function buildTool(tool: Tool, at: string, build: Build): JsonObject {
  if (tool.kind === "server") return buildServerTool(tool, at, build);
  const name = build.names.toWire(tool.name, tool.namespace);
  if (name !== tool.name)
    build.notes.add("renamed", `${at}.name`, tool.namespace === undefined ? undefined : "flattened");
  if (tool.defer && !build.own) build.notes.add("dropped", `${at}.defer_loading`);
  if (tool.kind === "custom") {
    build.notes.add("emulated", at, "custom_tool_as_function");
    const { description, schema } = freeformFunction(tool);
    return { name, description, input_schema: schema };
  }
  if (tool.kind !== "function") build.notes.add("emulated", at, "typed_tool_as_function");
  const keys = build.own ? undefined : build.names.keysOf(name);
  if (keys) build.notes.add("renamed", `${at}.parameters`, "property_keys");
  const given = keys?.schema ?? tool.schema;
  // Arguments are always an object: a schema that does not say so is refused.
  const schema: JsonObject = given && (build.own || given.type !== undefined) ? given : { type: "object", ...given };
  const isBeyond = tool.strict === true && !build.own && hasMaps(schema);
  if (isBeyond) build.notes.add("emulated", `${at}.strict`, "not_enforceable");
  const strict = isBeyond ? false : tool.strict;
  return {
    name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    input_schema: strict && !build.own ? lowered(schema, `${at}.schema`, build) : schema,
    ...(strict || (build.own && strict !== undefined) ? { strict } : {}),
    ...tool.ext?.messages,
  };
}

const modes = { auto: "auto", none: "none", required: "any" } as const;

function buildChoice(request: ChatRequest, build: Build): JsonObject | undefined {
  const choice = request.toolChoice;
  const told = request.parallel === false || (build.own && request.parallel === true);
  const single = told ? { disable_parallel_tool_use: !request.parallel } : {};
  if (!choice) return request.parallel === false ? { type: "auto", ...single } : undefined;
  switch (choice.mode) {
    case "none":
      if (told) build.notes.add("dropped", "parallel", "no_calls");
      return { type: "none" };
    case "tool":
      return { type: "tool", name: wireNameOf(choice, request, build), ...single };
    case "subset":
      return { type: choice.required ? "any" : "auto", ...single };
    default:
      return { type: modes[choice.mode], ...single };
  }
}

function wireNameOf(choice: ToolChoice & { mode: "tool" }, request: ChatRequest, build: Build): string {
  const tool = request.tools.find(({ name }) => name === choice.name);
  return build.names.toWire(choice.name, tool?.namespace);
}

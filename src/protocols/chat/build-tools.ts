/** Tool definitions and the choice among them, for a Chat Completions provider. */
import type { ChatRequest, Tool, ToolChoice } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { freeformFunction, isToolSearch } from "../emulated-tools.ts";
import { isOfferedSearch } from "../offered-search.ts";
import { notRun } from "../server-tools.ts";
import type { BuildContext } from "./build-messages.ts";
import { isOption } from "./build-server-tools.ts";
import { fitsStrict } from "./strict.ts";
import { invalid } from "./wire.ts";

export function buildTools(request: Pick<ChatRequest, "tools" | "toolChoice">, context: BuildContext): JsonObject[] {
  const built = new Map<string, string>();
  return request.tools.flatMap((tool, index) => {
    if (tool.origin !== "chat" && isOfferedSearch(tool, request)) {
      context.notes.add("dropped", `tools.${index}`, "no_web_search");
      return [];
    }
    if (isToolSearch(tool)) {
      // Every tool that it would find is sent whole.
      context.notes.add("dropped", `tools.${index}`, "tools_expanded");
      return [];
    }
    if (isOption(tool, request, context)) return [];
    const json = buildTool(tool, `tools.${index}`, context);
    if (tool.kind === "server") return [json];
    const name = context.names.toWire(tool.name, tool.namespace);
    const text = JSON.stringify(json);
    const before = built.get(name);
    built.set(name, text);
    if (before === undefined) return [json];
    if (before === text) return [];
    throw invalid(`tools.${index}`, `two different tools are named ${JSON.stringify(tool.name)}.`);
  });
}

function buildTool(tool: Tool, at: string, context: BuildContext): JsonObject {
  const { notes } = context;
  if (tool.kind === "server") {
    if (tool.origin === "chat" && tool.json) return tool.json;
    throw notRun(tool, at);
  }
  if (tool.defer) notes.add("dropped", `${at}.defer_loading`, "expanded");
  const { function: inner, ...outer } = tool.ext?.chat ?? {};
  if (tool.cache && outer.cache_control === undefined) notes.add("dropped", "cache", "marks_not_carried");
  const name = context.names.toWire(tool.name, tool.namespace);
  if (name !== tool.name) notes.add("renamed", `${at}.name`);
  const described = tool.description === undefined ? {} : { description: tool.description };
  if (tool.kind === "custom" && context.target.can.customTools) {
    const format = tool.grammar === undefined ? {} : { format: tool.grammar };
    return { type: "custom", custom: { name, ...described, ...format } };
  }
  if (tool.kind === "custom") {
    notes.add("emulated", at, "custom_as_function");
    const { description, schema } = freeformFunction(tool);
    return { type: "function", function: { name, description, parameters: schema } };
  }
  if (tool.kind !== "function") notes.add("emulated", at, "typed_tool_as_function");
  const parameters = objectSchema(tool.schema);
  // Other vendors enforce schemas of other subsets.
  const beyond = tool.strict === true && context.from !== "chat" && !fitsStrict(parameters);
  if (beyond) notes.add("dropped", `${at}.strict`, "beyond_subset");
  const extra = typeof inner === "object" && inner !== null ? inner : {};
  return {
    type: "function",
    function: {
      name,
      ...described,
      parameters,
      ...(tool.strict === undefined ? {} : { strict: tool.strict && !beyond }),
      ...extra,
    },
    ...outer,
  };
}

/** Object schemas without `properties` are refused by OpenAI. */
function objectSchema(schema: JsonObject | undefined): JsonObject {
  if (!schema || Object.keys(schema).length === 0) return { type: "object", properties: {} };
  const bare = schema.type === "object" && (schema.properties === undefined || schema.properties === null);
  return bare ? { ...schema, properties: {} } : schema;
}

/** Choice and parallel switch, nothing without tools: providers refuse both then. */
export function buildChoice(request: ChatRequest, context: BuildContext): JsonObject {
  if (request.tools.every((tool) => isToolSearch(tool) || isOption(tool, request, context))) return {};
  const { toolChoice, parallel } = request;
  return {
    ...(toolChoice === undefined ? {} : { tool_choice: choiceOf(toolChoice, request.tools, context) }),
    ...(parallel === undefined ? {} : { parallel_tool_calls: parallel }),
  };
}

function choiceOf(choice: ToolChoice, tools: Tool[], context: BuildContext): Json {
  switch (choice.mode) {
    case "tool":
      return named(choice.name, tools, context);
    case "subset": {
      const list = choice.names.map((name) => named(name, tools, context));
      return {
        type: "allowed_tools",
        allowed_tools: { mode: choice.required ? "required" : "auto", tools: list },
      };
    }
    default:
      return choice.mode;
  }
}

function named(name: string, tools: Tool[], context: BuildContext): JsonObject {
  const tool = tools.find((one) => one.name === name && one.kind !== "server");
  const wire = context.names.toWire(name, tool?.namespace);
  const kind = tool?.kind === "custom" && context.target.can.customTools ? "custom" : "function";
  return { type: kind, [kind]: { name: wire } };
}

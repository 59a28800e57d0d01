/** Tool definitions and the choice among them. Namespaces and freeform tools are native here. */
import type { ChatRequest, Tool, ToolChoice } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { fitsStrict } from "../chat/strict.ts";
import { invalid, isObject } from "../chat/wire.ts";
import { isToolSearch, isTyped } from "../emulated-tools.ts";
import { namesServerTool } from "../offered-search.ts";
import { buildServerTool, isLeftOut, type ServerToolContext } from "./build-server-tools.ts";

export interface ToolContext extends ServerToolContext {
  own: boolean;
  nameOf(name: string): string;
}

export function buildTools(request: Pick<ChatRequest, "tools" | "toolChoice">, context: ToolContext): JsonObject[] {
  const built = new Map<string, string>();
  const spaces = new Map<string, Json[]>();
  return request.tools.flatMap((tool, index): JsonObject[] => {
    if (tool.origin !== "responses" && isToolSearch(tool)) {
      // Every tool that it would find is sent whole.
      context.notes.add("dropped", `tools.${index}`, "tools_expanded");
      return [];
    }
    if (isLeftOut(tool, request, context.can)) {
      context.notes.add("dropped", `tools.${index}`, "no_web_search");
      return [];
    }
    const json = buildTool(tool, `tools.${index}`, context);
    if (tool.kind !== "server") {
      const key = `${tool.namespace ?? ""}\u0000${tool.name}`;
      const text = JSON.stringify(json);
      const before = built.get(key);
      if (before === text) return [];
      if (before !== undefined) {
        throw invalid(`tools.${index}`, `two different tools are named ${JSON.stringify(tool.name)}.`);
      }
      built.set(key, text);
    }
    if (tool.namespace === undefined) return [json];
    const members = spaces.get(tool.namespace);
    if (members) members.push(json);
    if (members) return [];
    const more = isObject(tool.ext?.responses?.namespace) ? tool.ext.responses.namespace : {};
    const list: Json[] = [json];
    spaces.set(tool.namespace, list);
    return [{ type: "namespace", name: tool.namespace, ...more, tools: list }];
  });
}

function buildTool(tool: Tool, at: string, context: ToolContext): JsonObject {
  const { notes, own } = context;
  if (isTyped(tool.kind)) return tool.json ?? { type: tool.kind };
  if (tool.kind === "server") return buildServerTool(tool, at, context);
  if (tool.cache) notes.add("dropped", "cache", "marks_not_carried");
  if (tool.defer && !own) notes.add("dropped", `${at}.defer_loading`, "expanded");
  const name = tool.namespace === undefined ? context.nameOf(tool.name) : tool.name;
  if (name !== tool.name) notes.add("renamed", `${at}.name`);
  const { namespace: _namespace, ...ext } = tool.ext?.responses ?? {};
  const head = { type: tool.kind, name, ...(tool.description === undefined ? {} : { description: tool.description }) };
  const tail = { ...(tool.defer && own ? { defer_loading: true } : {}), ...ext };
  if (tool.kind === "custom") {
    return { ...head, ...(tool.grammar === undefined ? {} : { format: flat(tool.grammar) }), ...tail };
  }
  const parameters = objectSchema(tool.schema);
  // Left out, this protocol may make optional properties required.
  const wanted = own ? tool.strict : (tool.strict ?? false);
  // Other vendors enforce schemas of other subsets.
  const beyond = wanted === true && !own && !fitsStrict(parameters);
  if (beyond) notes.add("dropped", `${at}.strict`, "beyond_subset");
  return { ...head, parameters, ...(wanted === undefined ? {} : { strict: wanted && !beyond }), ...tail };
}

/** Object schemas without `properties` are refused by OpenAI. */
function objectSchema(schema: JsonObject | undefined): JsonObject {
  if (!schema || Object.keys(schema).length === 0) return { type: "object", properties: {} };
  const bare = schema.type === "object" && (schema.properties === undefined || schema.properties === null);
  return bare ? { ...schema, properties: {} } : schema;
}

function flat(format: JsonObject): JsonObject {
  const { grammar, ...rest } = format;
  return isObject(grammar) ? { ...rest, ...grammar } : format;
}

/** Choice and parallel switch, nothing without tools: providers refuse both then. */
export function buildChoice(request: ChatRequest, context: ToolContext): JsonObject {
  if (request.tools.every((tool) => tool.origin !== "responses" && isToolSearch(tool))) return {};
  const { tools, toolChoice, parallel } = request;
  if (tools.length > 1 && namesServerTool(toolChoice, tools)) context.notes.add("emulated", "toolChoice", "any_tool");
  return {
    ...(toolChoice === undefined ? {} : { tool_choice: choiceOf(toolChoice, tools, context) }),
    ...(parallel === undefined ? {} : { parallel_tool_calls: parallel }),
  };
}

export function choiceOf(choice: ToolChoice, tools: Tool[], context: Pick<ToolContext, "nameOf">): Json {
  // Which tools of the provider's own may be named is not the same for all models.
  if (namesServerTool(choice, tools)) return "required";
  if (choice.mode === "tool") return named(choice.name, tools, context);
  if (choice.mode !== "subset") return choice.mode;
  return {
    type: "allowed_tools",
    mode: choice.required ? "required" : "auto",
    tools: choice.names.map((name) => named(name, tools, context)),
  };
}

function named(name: string, tools: Tool[], { nameOf }: Pick<ToolContext, "nameOf">): JsonObject {
  const tool = tools.find((one) => one.name === name && one.kind !== "server");
  // A shell that the provider runs is no tool of the client's.
  const kind = tool?.kind ?? name;
  if (isTyped(kind)) return { type: kind };
  const wire = tool?.namespace === undefined ? nameOf(name) : name;
  return { type: tool?.kind === "custom" ? "custom" : "function", name: wire };
}

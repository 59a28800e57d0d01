/** The client's tool declarations and its choice among them. */
import type { ChatRequest, Item, Tool, ToolChoice } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import { objects } from "../chat/request-parts.ts";
import {
  invalid,
  isObject,
  optionalBoolean,
  optionalObject,
  optionalString,
  requiredString,
  rest,
} from "../chat/wire.ts";
import { isTyped, typedTool } from "../emulated-tools.ts";
import { broughtBy, isClientRun } from "../tool-search.ts";
import { defined, ownExt } from "./wire.ts";

const functionKeys = new Set(["type", "name", "description", "parameters", "strict", "defer_loading"]);
const customKeys = new Set(["type", "name", "description", "format", "defer_loading"]);
const namespaceKeys = new Set(["type", "name", "tools"]);

export function parseTools(body: JsonObject): Tool[] {
  return objects(body, "tools", "tools").flatMap((tool, index) => parseTool(tool, `tools.${index}`));
}

function parseTool(tool: JsonObject, at: string): Tool[] {
  const type = requiredString(tool, "type", `${at}.type`);
  if (type === "function") return [parseFunction(tool, at)];
  if (type === "custom") return [parseCustom(tool, at)];
  if (type === "namespace") return parseNamespace(tool, at);
  if (isTyped(type) && !isHosted(tool)) return [typedTool(type, tool, "responses")];
  return [{ kind: "server", name: type, origin: "responses", json: tool }];
}

/** Run by the provider, in a container of its own. */
function isHosted({ environment }: JsonObject): boolean {
  return isObject(environment) && environment.type !== "local";
}

function parseFunction(tool: JsonObject, at: string): Tool {
  // Some clients keep the nesting of Chat Completions.
  const body = isObject(tool.function) && tool.name === undefined ? tool.function : tool;
  const path = body === tool ? at : `${at}.function`;
  return {
    kind: "function",
    name: requiredString(body, "name", `${path}.name`),
    ...defined("description", optionalString(body, "description", `${path}.description`)),
    ...defined("schema", optionalObject(body, "parameters", `${path}.parameters`)),
    ...defined("strict", optionalBoolean(body, "strict", `${path}.strict`)),
    ...(body.defer_loading === true ? { defer: true } : {}),
    ...ownExt(rest(body, functionKeys)),
  };
}

function parseCustom(tool: JsonObject, at: string): Tool {
  const format = optionalObject(tool, "format", `${at}.format`);
  return {
    kind: "custom",
    name: requiredString(tool, "name", `${at}.name`),
    ...defined("description", optionalString(tool, "description", `${at}.description`)),
    ...defined("grammar", format && nested(format)),
    ...(tool.defer_loading === true ? { defer: true } : {}),
    ...ownExt(rest(tool, customKeys)),
  };
}

function nested(format: JsonObject): JsonObject {
  if (format.type !== "grammar" || isObject(format.grammar)) return format;
  const { type, ...grammar } = format;
  return { type, grammar };
}

/** The members of a namespace, each with its name; what else the namespace says stands with each. */
function parseNamespace(tool: JsonObject, at: string): Tool[] {
  const namespace = requiredString(tool, "name", `${at}.name`);
  const more = rest(tool, namespaceKeys);
  return objects(tool, "tools", `${at}.tools`).flatMap((inner, index) =>
    parseTool(inner, `${at}.tools.${index}`).map((one): Tool => {
      const ext = more === undefined ? one.ext?.responses : { ...one.ext?.responses, namespace: more };
      return { at: `${at}.tools.${index}`, ...one, namespace, ...ownExt(ext) };
    }),
  );
}

/** Tools that items of the input bring and that are not declared. The last of those with one name counts. */
export function foundTools(items: readonly Item[], declared: readonly Tool[]): Tool[] {
  const nameOf = ({ name, namespace = "" }: Tool) => `${namespace}\u0000${name}`;
  const known = new Set(declared.map(nameOf));
  const found = new Map<string, Tool>();
  for (const item of items) {
    const { tools = [], isPast = false } = broughtBy(item) ?? {};
    const wanted = isPast ? tools.filter(({ type }) => isClientRun(type)) : tools;
    for (const tool of parseTools({ tools: wanted })) {
      if (isPast && tool.kind === "server") continue;
      if (!known.has(nameOf(tool))) found.set(nameOf(tool), { ...tool, found: true });
    }
  }
  return [...found.values()];
}

/** A choice that only this protocol knows (a tool that the provider runs) is left to `ext`. */
export function parseToolChoice(body: JsonObject): Pick<ChatRequest, "toolChoice"> & { own?: JsonObject } {
  const choice = body.tool_choice;
  if (choice === undefined || choice === null) return {};
  if (choice === "auto" || choice === "none" || choice === "required") return { toolChoice: { mode: choice } };
  if (!isObject(choice)) {
    throw invalid("tool_choice", "tool_choice must be none, auto, required or an object that names a tool.");
  }
  const { type } = choice;
  if (type === "function" || type === "custom") {
    const holder = isObject(choice[type]) ? choice[type] : choice;
    return { toolChoice: { mode: "tool", kind: type, name: requiredString(holder, "name", "tool_choice.name") } };
  }
  if (typeof type === "string" && isTyped(type)) return { toolChoice: { mode: "tool", kind: "function", name: type } };
  const toolChoice = type === "allowed_tools" ? subset(choice) : undefined;
  return toolChoice ? { toolChoice } : { own: choice };
}

function subset(choice: JsonObject): ToolChoice | undefined {
  const tools = objects(choice, "tools", "tool_choice.tools");
  if (tools.length === 0) throw invalid("tool_choice.tools", "tool_choice.tools must name at least one tool.");
  const names = tools.map((tool, index) => {
    if (typeof tool.type === "string" && isTyped(tool.type)) return tool.type;
    const isNamed = tool.type === "function" || tool.type === "custom";
    return isNamed ? requiredString(tool, "name", `tool_choice.tools.${index}.name`) : undefined;
  });
  if (!names.every((name) => name !== undefined)) return undefined;
  return { mode: "subset", required: choice.mode === "required", names };
}

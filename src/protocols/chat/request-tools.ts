/** Tool definitions and the choice among them. */
import type { ChatRequest, Tool, ToolChoice } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { cacheMark, objects } from "./request-parts.ts";
import {
  chatExt,
  invalid,
  isObject,
  optionalBoolean,
  optionalObject,
  optionalString,
  requiredObject,
  requiredString,
  rest,
} from "./wire.ts";

const functionKeys = new Set(["name", "description", "parameters", "strict"]);
const flatKeys = new Set(["type", "name", "description", "parameters", "strict"]);
const nestedKeys = new Set(["type", "function", "custom"]);

export function parseTools(body: JsonObject): Tool[] {
  const tools = objects(body, "tools", "tools").map((tool, index) => parseTool(tool, `tools.${index}`));
  const legacy = objects(body, "functions", "functions").map((one, index) => parseFunction(one, `functions.${index}`));
  return [...tools, ...legacy];
}

function parseTool(tool: JsonObject, at: string): Tool {
  const type = optionalString(tool, "type", `${at}.type`) ?? "function";
  if (type === "custom") return parseCustom(tool, at);
  if (type !== "function") return { kind: "server", name: type, origin: "chat", json: tool };
  if (!isObject(tool.function) && typeof tool.name === "string") {
    return { ...parseFunction(tool, at), ...cacheMark(tool), ...chatExt(rest(tool, flatKeys)) };
  }
  const body = requiredObject(tool.function, `${at}.function`);
  const inner = rest(body, functionKeys);
  const outer = rest(tool, nestedKeys);
  const ext = inner === undefined ? outer : { ...outer, function: inner };
  return { ...parseFunction(body, `${at}.function`), ...cacheMark(tool), ...chatExt(ext) };
}

function parseFunction(body: JsonObject, at: string): Tool {
  const description = optionalString(body, "description", `${at}.description`);
  const schema = optionalObject(body, "parameters", `${at}.parameters`);
  const strict = optionalBoolean(body, "strict", `${at}.strict`);
  return {
    kind: "function",
    name: requiredString(body, "name", `${at}.name`),
    ...(description === undefined ? {} : { description }),
    ...(schema === undefined ? {} : { schema }),
    ...(strict === undefined ? {} : { strict }),
  };
}

function parseCustom(tool: JsonObject, at: string): Tool {
  const body = isObject(tool.custom) ? tool.custom : tool;
  const inner = isObject(tool.custom) ? `${at}.custom` : at;
  const description = optionalString(body, "description", `${inner}.description`);
  const grammar = optionalObject(body, "format", `${inner}.format`);
  return {
    kind: "custom",
    name: requiredString(body, "name", `${inner}.name`),
    ...(description === undefined ? {} : { description }),
    ...(grammar === undefined ? {} : { grammar }),
    ...cacheMark(tool),
  };
}

export function parseToolChoice(body: JsonObject): Pick<ChatRequest, "toolChoice"> {
  const choice = body.tool_choice ?? body.function_call;
  if (choice === undefined || choice === null) return {};
  const at = body.tool_choice === undefined || body.tool_choice === null ? "function_call" : "tool_choice";
  return { toolChoice: choiceOf(choice, at) };
}

function choiceOf(choice: Json, at: string): ToolChoice {
  if (choice === "auto" || choice === "none" || choice === "required") return { mode: choice };
  // "any" is what some compatible servers call "required".
  if (choice === "any") return { mode: "required" };
  if (!isObject(choice)) throw invalid(at, `${at} must be none, auto, required or an object that names a tool.`);
  if (at === "function_call")
    return { mode: "tool", kind: "function", name: requiredString(choice, "name", `${at}.name`) };
  switch (choice.type) {
    case "function":
    case "custom": {
      const kind = choice.type;
      const body = isObject(choice[kind]) ? choice[kind] : choice;
      return { mode: "tool", kind, name: requiredString(body, "name", `${at}.${kind}.name`) };
    }
    case "allowed_tools":
      return subset(choice, at);
    case "auto":
    case "none":
    case "required":
      return { mode: choice.type };
    default:
      throw invalid(`${at}.type`, `${at}.type must be function, custom or allowed_tools.`);
  }
}

function subset(choice: JsonObject, at: string): ToolChoice {
  const body = isObject(choice.allowed_tools) ? choice.allowed_tools : choice;
  const path = body === choice ? at : `${at}.allowed_tools`;
  const names = objects(body, "tools", `${path}.tools`).map((tool, index) => {
    const kind = tool.type === "custom" ? "custom" : "function";
    return requiredString(isObject(tool[kind]) ? tool[kind] : tool, "name", `${path}.tools.${index}.${kind}.name`);
  });
  if (names.length === 0) throw invalid(`${path}.tools`, `${path}.tools must name at least one tool.`);
  return { mode: "subset", required: body.mode === "required", names };
}

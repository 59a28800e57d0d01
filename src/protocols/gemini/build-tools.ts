/** Tool declarations and the function calling mode of an outgoing request. */
import type { ChatRequest, Tool } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import { freeformFunction, isToolSearch } from "../emulated-tools.ts";
import type { LegalNames } from "../names.ts";
import { isOfferedSearch, namesServerTool } from "../offered-search.ts";
import { invalid, isObject } from "../read.ts";
import type { Build } from "./build.ts";
import { buildSearchOption, buildServerTool } from "./build-server-tools.ts";
import { lowered } from "./schema-down.ts";

export const legalNames: LegalNames = { pattern: /^[A-Za-z_][A-Za-z0-9_.:-]*$/, maxLength: 128 };

export interface BuiltTools {
  tools?: JsonObject[];
  toolConfig?: JsonObject;
}

/** Throws `unsupported` for tools that Google does not have, `invalid-request` for two different tools of one name. */
export function buildTools(request: ChatRequest, build: Build): BuiltTools {
  const seen = new Map<string, string>();
  const declarations: JsonObject[] = [];
  const servers: JsonObject[] = [];
  request.tools.forEach((tool, index) => {
    const at = `tools.${index}`;
    if (tool.cache) build.notes.add("dropped", "cache", "marks_not_carried");
    if (isToolSearch(tool)) {
      build.notes.add("dropped", at, "tools_expanded");
      return;
    }
    if (tool.origin !== "gemini" && isOfferedSearch(tool, request)) {
      // Most models refuse it beside functions.
      build.notes.add("dropped", at, "no_web_search");
      return;
    }
    if (tool.kind === "server") {
      servers.push(buildServerTool(tool, at, build));
      return;
    }
    const declaration = declare(tool, at, build);
    const name = String(declaration.name);
    const text = JSON.stringify(declaration);
    const before = seen.get(name);
    if (before === text) return;
    if (before !== undefined) throw invalid(at, `two different tools have the name "${tool.name}".`);
    seen.set(name, text);
    declarations.push(declaration);
  });
  const search = buildSearchOption(request, build);
  if (search && !servers.some((entry) => "googleSearch" in entry)) servers.push(search);
  const tools = [...(declarations.length > 0 ? [{ functionDeclarations: declarations }] : []), ...servers];
  const toolConfig = buildConfig(request, build, declarations.length > 0);
  return { ...(tools.length > 0 ? { tools } : {}), ...(toolConfig ? { toolConfig } : {}) };
}

function declare(tool: Tool, at: string, build: Build): JsonObject {
  const name = build.names.toWire(tool.name, tool.namespace);
  if (name !== tool.name) {
    build.notes.add("renamed", `${at}.name`, tool.namespace === undefined ? undefined : "flattened");
  }
  if (tool.strict && !build.own) build.notes.add("dropped", `${at}.strict`, "not_enforced");
  if (tool.defer && !build.own) build.notes.add("dropped", `${at}.defer_loading`);
  if (tool.kind === "custom") {
    build.notes.add("emulated", at, "custom_tool_as_function");
    const { description, schema } = freeformFunction(tool);
    return { name, description, parametersJsonSchema: schema };
  }
  if (tool.kind !== "function") build.notes.add("emulated", at, "typed_tool_as_function");
  const schema = tool.schema && !isEmptySchema(tool.schema, build) ? tool.schema : undefined;
  const given =
    build.own || !schema ? schema : lowered(schema, { at: `${at}.schema`, ordered: false, notes: build.notes });
  return {
    name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    ...(given ? { parametersJsonSchema: given } : {}),
    ...tool.ext?.gemini,
  };
}

/** An object that can hold nothing is refused by older models: a tool without parameters has no schema. */
function isEmptySchema(schema: JsonObject, build: Build): boolean {
  if (build.own) return false;
  const more = ["anyOf", "oneOf", "allOf", "$ref", "patternProperties"].some((key) => key in schema);
  const isOpen = isObject(schema.additionalProperties) || schema.additionalProperties === true;
  const properties = isObject(schema.properties) ? Object.keys(schema.properties) : [];
  return !more && !isOpen && properties.length === 0;
}

function buildConfig(request: ChatRequest, build: Build, hasFunctions: boolean): JsonObject | undefined {
  const own = build.own && isObject(request.ext?.gemini?.toolConfig) ? request.ext.gemini.toolConfig : {};
  const kept = isObject(own.functionCallingConfig) ? own.functionCallingConfig : {};
  const calling = hasFunctions || build.own ? callingConfig(request, build) : undefined;
  if (namesServerTool(request.toolChoice, request.tools)) build.notes.add("dropped", "toolChoice", "functions_only");
  if (request.parallel === false && hasFunctions) build.notes.add("dropped", "parallel", "no_switch");
  const config = calling || Object.keys(kept).length > 0 ? { functionCallingConfig: { ...calling, ...kept } } : {};
  const all: JsonObject = { ...own, ...config };
  return Object.keys(all).length > 0 ? all : undefined;
}

function callingConfig(request: ChatRequest, build: Build): JsonObject | undefined {
  const choice = request.toolChoice;
  // Arguments that must fit their schema: the mode that holds the model to it.
  const isStrict = !build.own && request.tools.some((tool) => tool.kind === "function" && tool.strict === true);
  switch (choice?.mode) {
    case undefined:
      return isStrict ? { mode: "VALIDATED" } : undefined;
    case "auto":
      return { mode: isStrict ? "VALIDATED" : "AUTO" };
    case "none":
      return { mode: "NONE" };
    case "required":
      return { mode: "ANY" };
    case "tool":
      if (namesServerTool(choice, request.tools)) return undefined;
      return { mode: "ANY", allowedFunctionNames: [wireName(choice.name, request, build)] };
    case "subset": {
      const names = choice.names.map((name) => wireName(name, request, build));
      return { mode: choice.required ? "ANY" : "VALIDATED", allowedFunctionNames: names };
    }
  }
}

function wireName(name: string, request: ChatRequest, build: Build): string {
  return build.names.toWire(name, request.tools.find((tool) => tool.name === name)?.namespace);
}

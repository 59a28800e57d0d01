/** Tool declarations and the function calling mode of a client's request. */
import type { Tool, ToolChoice } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject, optional, readName, readText, remainder } from "../read.ts";
import { camel, extOf, readEnum, readFree, readObject, readRepeated } from "./read.ts";
import { raised } from "./schema-up.ts";

/** Throws `invalid-request`. An entry with several kinds of tools becomes one tool for each. */
export function parseTools(value: unknown): Tool[] {
  const list = optional(value, "tools", readRepeated) ?? [];
  return list.flatMap((entry, index) => {
    const json = readObject(entry, `tools.${index}`);
    return Object.entries(json).flatMap(([key, own]): Tool[] => {
      if (key !== "functionDeclarations") return [serverTool(key, own)];
      return readRepeated(own, `tools.${index}.${key}`).map((declaration, at) =>
        parseDeclaration(declaration, `tools.${index}.${key}.${at}`),
      );
    });
  });
}

function serverTool(key: string, own: Json | undefined): Tool {
  return { kind: "server", name: key, origin: "gemini", json: { [key]: isObject(own) ? camel(own) : own } };
}

const declarationKeys = new Set(["name", "description", "parameters", "parametersJsonSchema"]);

function parseDeclaration(value: Json, at: string): Tool {
  const json = readObject(value, at);
  const description = optional(json.description, `${at}.description`, readText);
  const own = optional(json.parametersJsonSchema, `${at}.parametersJsonSchema`, readFree);
  const dialect = optional(json.parameters, `${at}.parameters`, readFree);
  const schema = own ?? (dialect ? raised(dialect) : undefined);
  return {
    kind: "function",
    at,
    name: readName(json.name, `${at}.name`),
    ...(description === undefined ? {} : { description }),
    ...(schema ? { schema } : {}),
    ...extOf(json, declarationKeys),
  };
}

const modes = ["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"];
const callingKeys = new Set(["mode", "allowedFunctionNames"]);
const configKeys = new Set(["functionCallingConfig"]);

/** `more`: what of the configuration only this protocol knows. */
export function parseToolConfig(value: unknown): { toolChoice?: ToolChoice; more?: JsonObject } {
  const config = optional(value, "toolConfig", readObject);
  if (!config) return {};
  const at = "toolConfig.functionCallingConfig";
  const calling = optional(config.functionCallingConfig, at, readObject) ?? {};
  const mode = optional(calling.mode, `${at}.mode`, (word, path) => readEnum(word, path, modes));
  const names = (optional(calling.allowedFunctionNames, `${at}.allowedFunctionNames`, readRepeated) ?? []).map(
    (name, index) => readName(name, `${at}.allowedFunctionNames.${index}`),
  );
  const toolChoice = choiceOf(mode, names);
  const rest = remainder(calling, callingKeys) ?? {};
  const kept = mode === "VALIDATED" && names.length === 0 ? { mode, ...rest } : rest;
  const more = {
    ...remainder(config, configKeys),
    ...(Object.keys(kept).length > 0 ? { functionCallingConfig: kept } : {}),
  };
  return { ...(toolChoice ? { toolChoice } : {}), ...(Object.keys(more).length > 0 ? { more } : {}) };
}

function choiceOf(mode: string | undefined, names: string[]): ToolChoice | undefined {
  const [first] = names;
  switch (mode) {
    case "NONE":
      return { mode: "none" };
    case "ANY":
      if (first === undefined) return { mode: "required" };
      return names.length === 1
        ? { mode: "tool", name: first, kind: "function" }
        : { mode: "subset", required: true, names };
    case "AUTO":
    case "VALIDATED":
      return first === undefined ? { mode: "auto" } : { mode: "subset", required: false, names };
    default:
      return undefined;
  }
}

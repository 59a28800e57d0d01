/** Google's Schema dialect to JSON Schema: lower-case types, `nullable` as a type, int64 strings as numbers. */
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject } from "../read.ts";
import { camel, numeric } from "./read.ts";

const types = ["type_unspecified", "string", "number", "integer", "boolean", "array", "object", "null"];
const counts = new Set(["minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength"]);

/** A copy; what is JSON Schema already stays as it is. */
export function raised(schema: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(camel(schema))) {
    if (key === "type") setType(out, value);
    else if (key === "properties" && isObject(value)) out.properties = raisedMembers(value);
    else if (key === "$defs" || key === "defs") out.$defs = isObject(value) ? raisedMembers(value) : value;
    else if (key === "ref" && typeof value === "string") out.$ref = value;
    else if (key === "items" || key === "anyOf" || key === "additionalProperties") out[key] = raisedNode(value);
    else if (key === "example") out.examples = [value ?? null];
    else if (counts.has(key)) out[key] = numeric(value) ?? value;
    else if (key !== "nullable" && !(key === "format" && value === "enum")) out[key] = value;
  }
  return camel(schema).nullable === true ? withNull(out) : out;
}

function setType(out: JsonObject, value: Json | undefined): void {
  const word = typeof value === "number" ? types[value] : value;
  if (Array.isArray(word)) out.type = word.map((one) => (typeof one === "string" ? one.toLowerCase() : one));
  else if (typeof word === "string" && !/^type_unspecified$/i.test(word)) out.type = word.toLowerCase();
}

function withNull(schema: JsonObject): JsonObject {
  const out = { ...schema };
  if (typeof out.type === "string" && out.type !== "null") out.type = [out.type, "null"];
  else if (Array.isArray(out.anyOf)) out.anyOf = [...out.anyOf, { type: "null" }];
  if (Array.isArray(out.enum) && !out.enum.includes(null)) out.enum = [...out.enum, null];
  return out;
}

function raisedMembers(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).map(([name, node]) => [name, raisedNode(node)]));
}

function raisedNode(node: Json | undefined): Json {
  if (Array.isArray(node)) return node.map(raisedNode);
  return isObject(node) ? raised(node) : (node ?? null);
}

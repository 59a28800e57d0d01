/** The subset of JSON Schema that OpenAI enforces with `strict`; a schema beyond it is refused there. */
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject } from "./wire.ts";

const refused = new Set([
  ...["allOf", "not", "if", "then", "else", "patternProperties", "dependentRequired", "dependentSchemas"],
]);
const maps = new Set(["properties", "$defs", "definitions"]);
const values = new Set(["enum", "const", "default", "examples", "required"]);

/** Can the schema be enforced as it is? */
export function fitsStrict(schema: JsonObject | undefined): boolean {
  return schema?.type === "object" && fits(schema);
}

function fits(node: JsonObject): boolean {
  if (node.type === "object" || isObject(node.properties)) {
    const required = new Set(Array.isArray(node.required) ? node.required : []);
    const properties = isObject(node.properties) ? Object.keys(node.properties) : [];
    if (node.additionalProperties !== false || !properties.every((name) => required.has(name))) return false;
  }
  return Object.entries(node).every(([key, value]) => {
    if (refused.has(key)) return false;
    if (values.has(key)) return true;
    return (maps.has(key) && isObject(value) ? Object.values(value) : [value]).every(fitsNode);
  });
}

function fitsNode(node: Json | undefined): boolean {
  if (Array.isArray(node)) return node.every(fitsNode);
  return !isObject(node) || fits(node);
}

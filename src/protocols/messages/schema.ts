/** JSON Schema lowered to the subset that strict tools and `output_config.format` take; what it lacks is described. */
import { GatewayError } from "../../model/error.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import { isObject } from "../read.ts";
import { flattened } from "../schema-join.ts";

const dropped = new Set(["$schema", "$id", "$comment"]);
const described = new Set([
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"],
  ...["maxItems", "uniqueItems", "minProperties", "maxProperties", "default", "examples", "not", "if", "then", "else"],
  ...["patternProperties", "propertyNames", "dependentRequired", "dependentSchemas", "contains"],
  // Parts that could not be laid together would close each other.
  ...["allOf", "unevaluatedProperties", "unevaluatedItems"],
]);
const values = new Set(["enum", "const", "default", "examples", "required"]);
const maps = new Set(["properties", "$defs", "definitions"]);

/** The lowered schema; what it lacks then is told. Throws `unsupported` for an object of names that nobody knows yet. */
export function lowered(schema: JsonObject, at: string, build: { notes: Notes }): JsonObject {
  if (hasMaps(schema)) {
    const words =
      "the schema has an object with names of any kind (additionalProperties), which Anthropic cannot enforce.";
    throw new GatewayError("unsupported", `${at}: ${words} Name its properties, or list pairs of name and value.`, {
      param: at,
    });
  }
  const out = lowerSchema(schema);
  if (JSON.stringify(out) !== JSON.stringify(schema)) build.notes.add("emulated", at, "lowered");
  return out;
}

/** Is there an object whose names the schema does not tell? Closed, as strict demands, it would be empty. */
export function hasMaps(node: Json | undefined): boolean {
  if (Array.isArray(node)) return node.some(hasMaps);
  if (!isObject(node)) return false;
  const { additionalProperties: others, properties } = node;
  const isAny = others === true || (isObject(others) && Object.keys(others).length === 0);
  if (isAny ? !isObject(properties) || Object.keys(properties).length === 0 : isObject(others)) return true;
  return Object.entries(node).some(([key, value]) => {
    if (values.has(key)) return false;
    return maps.has(key) && isObject(value) ? Object.values(value).some(hasMaps) : hasMaps(value);
  });
}

/** A copy; the given schema is not changed. */
export function lowerSchema(schema: JsonObject): JsonObject {
  const out: JsonObject = {};
  const lost: string[] = [];
  const source = flattened(schema, { lost: false });
  for (const [key, value] of Object.entries(source)) {
    if (value === undefined || dropped.has(key)) continue;
    const beyond = described.has(key) || (key === "minItems" && value !== 0 && value !== 1);
    const isSecond = key === "oneOf" && "anyOf" in source;
    if (beyond || isSecond) lost.push(`${key}: ${JSON.stringify(value)}`);
    else if (maps.has(key) && isObject(value)) out[key] = lowerMembers(value);
    // Of alternatives that lost a constraint more than one may hold.
    else if (key === "oneOf") out.anyOf = lowerNode(value);
    else if (key === "additionalProperties") out[key] = false;
    else out[key] = key === "enum" || key === "const" || key === "required" ? value : lowerNode(value);
  }
  const isObjectNode = out.type === "object" || isObject(out.properties);
  if (isObjectNode && out.additionalProperties === undefined) out.additionalProperties = false;
  if (lost.length > 0) {
    const before = typeof out.description === "string" ? `${out.description} ` : "";
    out.description = `${before}(constraint: ${lost.join("; ")})`;
  }
  return out;
}

function lowerMembers(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).map(([name, node]) => [name, lowerNode(node)]));
}

function lowerNode(node: Json | undefined): Json {
  if (Array.isArray(node)) return node.map(lowerNode);
  if (isObject(node)) return lowerSchema(node);
  return node === true ? {} : (node ?? null);
}

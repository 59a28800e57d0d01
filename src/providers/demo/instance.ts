/** The smallest sensible value that fits a JSON Schema: what the demo model fills arguments and structured answers with. */
import type { Json, JsonObject } from "../../model/json.ts";

const maxDepth = 12;

export function schemaInstance(schema: Json | undefined, hint: string): Json {
  return build(schema, { hint, root: schema, depth: 0 });
}

interface Place {
  hint: string;
  root: Json | undefined;
  depth: number;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function build(schema: Json | undefined, place: Place): Json {
  if (!isObject(schema) || place.depth > maxDepth) return place.depth > maxDepth ? null : place.hint;
  const inner = { ...place, depth: place.depth + 1 };
  if (typeof schema.$ref === "string") return build(resolve(schema.$ref, place.root), inner);
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return schema.enum[0] ?? null;
  if (schema.default !== undefined) return schema.default;
  for (const key of ["anyOf", "oneOf"]) {
    const options = schema[key];
    if (Array.isArray(options) && options.length > 0) return build(options[0], inner);
  }
  if (Array.isArray(schema.allOf)) {
    return Object.assign({}, ...schema.allOf.map((part) => build(part, inner))) as JsonObject;
  }
  return byType(schema, inner);
}

function byType(schema: JsonObject, place: Place): Json {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  switch (type) {
    case "string":
      return stringFor(schema, place.hint);
    case "integer":
    case "number":
      return numberFor(schema);
    case "boolean":
      return true;
    case "null":
      return null;
    case "array":
      return arrayFor(schema, place);
    default:
      return isObject(schema.properties) || type === "object" ? objectFor(schema, place) : place.hint;
  }
}

function objectFor(schema: JsonObject, place: Place): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : Object.keys(properties);
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(properties)) if (required.includes(key)) out[key] = build(value, place);
  return out;
}

function arrayFor(schema: JsonObject, place: Place): Json[] {
  const count = Math.min(Math.max(typeof schema.minItems === "number" ? schema.minItems : 1, 0), 16);
  return Array.from({ length: count }, () => build(schema.items, place));
}

function stringFor(schema: JsonObject, hint: string): string {
  const formats: Record<string, string> = {
    date: "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    time: "12:00:00Z",
    email: "someone@example.com",
    uri: "https://example.com/",
    uuid: "00000000-0000-4000-8000-000000000000",
  };
  const text = (typeof schema.format === "string" && formats[schema.format]) || hint;
  const most = typeof schema.maxLength === "number" ? schema.maxLength : Number.POSITIVE_INFINITY;
  const least = typeof schema.minLength === "number" ? Math.min(schema.minLength, 4096) : 0;
  return text.slice(0, most).padEnd(least, ".");
}

function numberFor(schema: JsonObject): number {
  const least = [schema.minimum, schema.exclusiveMinimum].find((one) => typeof one === "number");
  const most = [schema.maximum, schema.exclusiveMaximum].find((one) => typeof one === "number");
  if (typeof least === "number") return typeof schema.exclusiveMinimum === "number" ? least + 1 : least;
  return typeof most === "number" ? Math.min(1, most - (typeof schema.exclusiveMaximum === "number" ? 1 : 0)) : 1;
}

function resolve(reference: string, root: Json | undefined): Json | undefined {
  if (!reference.startsWith("#")) return undefined;
  let at: Json | undefined = root;
  for (const part of reference.slice(1).split("/").filter(Boolean)) {
    if (!isObject(at)) return undefined;
    at = at[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return at;
}

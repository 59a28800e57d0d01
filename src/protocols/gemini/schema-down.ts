/** JSON Schema lowered to the subset that `parametersJsonSchema` and `responseJsonSchema` take; the rest is described. */
import type { Json, JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import { isObject } from "../read.ts";
import { flattened } from "../schema-join.ts";
import { settledReferences } from "./schema-refs.ts";

/** Says nothing of which values are allowed. */
const silent = new Set(["$schema", "$comment", "nullable", "deprecated", "readOnly", "writeOnly"]);
const kept = new Set([
  ...["$id", "$anchor", "type", "format", "title", "description", "minItems", "maxItems", "minimum", "maximum"],
  ...["required", "propertyOrdering"],
]);
const definitions = new Set(["$defs", "definitions"]);
const nodes = new Set(["items", "prefixItems", "anyOf", "oneOf", "additionalProperties"]);

interface Lowering {
  /** Write the order of an object's properties down. */
  ordered: boolean;
  lost: boolean;
}

/** A copy; what it lacks then is told as `lowered`. Throws `unsupported` for references that lead nowhere. */
export function lowered(schema: JsonObject, place: { at: string; ordered: boolean; notes: Notes }): JsonObject {
  const settled = settledReferences(schema, place.at);
  const state: Lowering = { ordered: place.ordered, lost: settled.lost };
  const out = lower(settled.schema, state);
  if (state.lost) place.notes.add("emulated", place.at, "lowered");
  return out;
}

function lower(schema: JsonObject, state: Lowering): JsonObject {
  if (typeof schema.$ref === "string") return reference(schema, state);
  const source = flattened(schema, state);
  const out: JsonObject = {};
  const described: string[] = [];
  for (const [key, value] of Object.entries(source)) {
    if (value === undefined || value === null || silent.has(key)) continue;
    // Names that fit a pattern are others than these, and patterns can only be described.
    if (key === "additionalProperties" && value !== true && source.patternProperties !== undefined) {
      described.push(`${key}: ${JSON.stringify(value)}`);
      continue;
    }
    if (kept.has(key)) keep(out, key, value);
    else if (key === "properties") out.properties = lowerMembers(value, state);
    else if (definitions.has(key)) out.$defs = { ...definitionsOf(out), ...lowerMembers(value, state) };
    else if (nodes.has(key)) out[key === "oneOf" ? "anyOf" : key] = lowerNode(value, state, key);
    else if (key === "enum" || key === "const") lowerEnum(out, key === "enum" ? value : [value], described);
    else if (key === "default" || key === "examples" || key === "example") state.lost = true;
    else described.push(`${key}: ${JSON.stringify(value)}`);
  }
  if (source.nullable === true && typeof out.type === "string") out.type = [out.type, "null"];
  if (described.length > 0) describe(out, described, state);
  return complete(out, state);
}

/** Beside a reference nothing else may stand. */
function reference(schema: JsonObject, state: Lowering): JsonObject {
  const out: JsonObject = { $ref: String(schema.$ref).replace(/^#\/definitions\//, "#/$defs/") };
  for (const [key, value] of Object.entries(schema)) {
    if (definitions.has(key)) out.$defs = { ...definitionsOf(out), ...lowerMembers(value ?? null, state) };
    else if (key !== "$ref" && !silent.has(key)) state.lost = true;
  }
  return out;
}

function definitionsOf({ $defs: known }: JsonObject): JsonObject {
  return isObject(known) ? known : {};
}

function keep(out: JsonObject, key: string, value: Json): void {
  if (key === "required" && !Array.isArray(value)) return;
  out[key] = value;
}

function describe(out: JsonObject, described: string[], state: Lowering): void {
  state.lost = true;
  const before = typeof out.description === "string" ? `${out.description} ` : "";
  out.description = `${before}(constraint: ${described.join("; ")})`;
}

function lowerMembers(value: Json, state: Lowering): JsonObject {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, node]) => [name, lowerNode(node ?? null, state, "properties")]),
  );
}

function lowerNode(value: Json, state: Lowering, key: string): Json {
  if (Array.isArray(value)) return value.map((one) => lowerNode(one, state, "items"));
  if (isObject(value)) return lower(value, state);
  if (key === "additionalProperties") return value;
  if (value === false) state.lost = true;
  return complete({}, state);
}

/** Strings and numbers are enumerable here; null becomes a type, what is left is described. */
function lowerEnum(out: JsonObject, value: Json, described: string[]): void {
  if (!Array.isArray(value)) return;
  const listed = value.filter((one) => typeof one === "string" || typeof one === "number");
  const rest = value.filter((one) => one !== null && typeof one !== "string" && typeof one !== "number");
  const types = typesOf(value);
  out.type ??= types.length === 1 ? (types[0] ?? "string") : types;
  if (rest.length === 0 && !value.includes(null) && listed.length > 0) out.enum = listed;
  else if (rest.length === 0 && listed.length > 0) {
    // Null beside words: a choice between the words and nothing.
    delete out.type;
    const spoken = typesOf(listed);
    out.anyOf = [{ type: spoken.length === 1 ? (spoken[0] ?? "string") : spoken, enum: listed }, { type: "null" }];
  } else if (rest.length > 0) described.push(`one of ${JSON.stringify(value)}`);
}

function typesOf(values: readonly Json[]): string[] {
  const types = values.map((value) => {
    if (value === null) return "null";
    if (Array.isArray(value)) return "array";
    return typeof value;
  });
  return [...new Set(types)];
}

const anything = ["string", "number", "boolean", "object", "array", "null"];

/** Every node says its type. */
function complete(out: JsonObject, state: Lowering): JsonObject {
  if (out.type === undefined && out.anyOf === undefined && out.$ref === undefined) {
    if (isObject(out.properties)) out.type = "object";
    else if (out.items !== undefined || out.prefixItems !== undefined) out.type = "array";
    else out.anyOf = anything.map((type) => ({ type }));
  }
  const names = isObject(out.properties) ? Object.keys(out.properties) : [];
  if (state.ordered && names.length > 1 && out.propertyOrdering === undefined) out.propertyOrdering = names;
  return out;
}

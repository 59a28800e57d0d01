/** Two schemas that hold together, as one: what one node cannot say twice, it says as the first does. */
import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../model/json.ts";
import { isObject } from "./read.ts";

/** Names and descriptions, which demand nothing. */
const spoken = new Set(["title", "description", "$comment", "$schema", "$id"]);

interface Demands {
  /** Less is demanded than before. */
  lost: boolean;
}

/** The parts of `allOf` laid into the node that holds them, where they are plain objects; else the schema as it is. */
export function flattened(schema: JsonObject, state: Demands): JsonObject {
  const parts = schema.allOf;
  if (!Array.isArray(parts)) return schema;
  const { allOf: _parts, ...own } = schema;
  const [only] = parts;
  if (parts.length === 1 && isObject(only) && typeof only.$ref === "string" && !hasShape(own)) {
    state.lost ||= Object.keys(own).length > 0;
    return { anyOf: [only], ...own };
  }
  if (!parts.every((part) => isObject(part) && part.$ref === undefined && part.allOf === undefined)) return schema;
  return parts.filter(isObject).reduce<JsonObject>((all, part) => joined(all, part, state), own);
}

function hasShape(schema: JsonObject): boolean {
  return ["type", "properties", "items", "anyOf", "oneOf", "enum"].some((key) => key in schema);
}

/** `lost` is set where less is demanded than by both. */
export function joined(one: JsonObject, other: JsonObject, state: Demands): JsonObject {
  const out: JsonObject = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = out[key];
    if (before === undefined || before === null) out[key] = value;
    else if (key === "properties" && isObject(before) && isObject(value)) out[key] = members(before, value, state);
    else if (key === "required" && Array.isArray(before) && Array.isArray(value)) {
      out[key] = [...before, ...value.filter((name) => !before.includes(name))];
    } else if (!spoken.has(key) && !isDeepStrictEqual(before, value)) state.lost = true;
  }
  // Either closes itself to what only the other knows.
  const isOpen = (schema: JsonObject) => (schema.additionalProperties ?? true) === true;
  if (!(isOpen(one) && isOpen(other)) && (isObject(one.properties) || isObject(other.properties))) state.lost = true;
  return out;
}

function members(one: JsonObject, other: JsonObject, state: Demands): JsonObject {
  const fresh = Object.entries(other).filter(([name, node]) => {
    const isKnown = Object.hasOwn(one, name);
    if (isKnown && !isDeepStrictEqual(one[name], node)) state.lost = true;
    return !isKnown;
  });
  return { ...one, ...Object.fromEntries(fresh) };
}

/** The configuration's schema as published for editors (JSON Schema, draft 2020-12). */
import type { TSchema } from "@sinclair/typebox";
import type { Json, JsonObject } from "../model/json.ts";
import { configuration } from "./schema.ts";

export function buildJsonSchema(): JsonObject {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of Plexus",
    ...publishSchema(configuration),
  };
}

/** A schema as others may read it: what has a default may be left out, texts may hold references. */
export function publishSchema(schema: TSchema): JsonObject {
  return relax(JSON.parse(JSON.stringify(schema)) as JsonObject) as JsonObject;
}

/** A text in a file may hold references, which no pattern foresees. */
const holdsReference = { type: "string", pattern: "\\$\\{" };

function relax(node: Json | undefined): Json {
  if (Array.isArray(node)) return node.map(relax);
  if (typeof node !== "object" || node === null) return node ?? null;
  const copy: JsonObject = {};
  for (const [name, value] of Object.entries(node)) {
    if (name !== "expects") copy[name] = name === "default" ? value : relax(value);
  }
  if (Array.isArray(node.required)) copy.required = node.required.filter((name) => !hasDefault(node, String(name)));
  const constrained = "pattern" in node || "minLength" in node || "maxLength" in node;
  return node.type === "string" && constrained ? { anyOf: [copy, { ...holdsReference }] } : copy;
}

function hasDefault({ properties }: JsonObject, name: string): boolean {
  const property = isObject(properties) ? properties[name] : undefined;
  return isObject(property) && property.default !== undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

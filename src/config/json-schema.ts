/** The configuration's schema as published for editors (JSON Schema, draft 2020-12). */
import type { Json, JsonObject } from "../model/json.ts";
import { configuration } from "./schema.ts";

export function buildJsonSchema(): JsonObject {
  const plain = JSON.parse(JSON.stringify(configuration)) as JsonObject;
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of Plexus",
    ...(relax(plain) as JsonObject),
  };
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
  const constrained = "pattern" in node || "minLength" in node || "maxLength" in node;
  return node.type === "string" && constrained ? { anyOf: [copy, { ...holdsReference }] } : copy;
}

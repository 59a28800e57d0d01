/** What the vendors say of JSON Schemas: of any tool's, and of the subset that constrains an answer. */
import { type Fields, fieldsOf, isFields, Violation } from "./shape.ts";

interface Subset {
  /** Every property must be required (optional ones are a union with null). */
  allRequired: boolean;
  /** Keywords that are refused. */
  refused: readonly string[];
}

export const chatStrict: Subset = {
  allRequired: true,
  refused: ["allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties"],
};

export const messagesStrict: Subset = {
  allRequired: false,
  refused: [
    ...["minimum", "maximum", "multipleOf", "minLength", "maxLength", "maxItems", "uniqueItems", "oneOf", "not"],
    ...["if", "then", "else", "patternProperties", "$schema"],
  ],
};

/** Throws Violation for a constraining schema outside the subset. */
export function checkSubset(schema: unknown, path: string, subset: Subset): void {
  if (!isFields(schema) || schema.type !== "object") throw new Violation(path, "the root schema must be an object");
  walk(schema, path, (node, at) => {
    const bad = subset.refused.find((key) => key in node);
    if (bad !== undefined) throw new Violation(at, `'${bad}' is not permitted`);
    if (node.type !== "object") return;
    if (node.additionalProperties !== false) throw new Violation(at, "'additionalProperties' must be false");
    const required = new Set(Array.isArray(node.required) ? node.required : []);
    const missing = Object.keys(fieldsOf(node.properties)).find((name) => !required.has(name));
    if (subset.allRequired && missing !== undefined) throw new Violation(at, `'required' must name '${missing}'`);
  });
}

/** Calls `visit` for every schema node inside, the root first. */
export function walk(node: Fields, path: string, visit: (node: Fields, path: string) => void): void {
  visit(node, path);
  for (const [key, value] of Object.entries(node)) {
    if (["properties", "$defs", "definitions"].includes(key)) {
      for (const [name, inner] of Object.entries(fieldsOf(value))) {
        if (isFields(inner)) walk(inner, `${path}.${key}.${name}`, visit);
      }
    } else if (key !== "enum" && key !== "const" && key !== "default" && key !== "examples") {
      for (const [at, inner] of (Array.isArray(value) ? value : [value]).entries()) {
        if (isFields(inner)) walk(inner, `${path}.${key}.${at}`, visit);
      }
    }
  }
}

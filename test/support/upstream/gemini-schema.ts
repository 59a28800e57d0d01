/** The two forms of schemas that Google takes: its own, of OpenAPI, and JSON Schema. */
import { walk } from "./schema.ts";
import { fieldsOf, isFields, Violation } from "./shape.ts";

const openapi = new Set([
  ...["type", "format", "title", "description", "nullable", "enum", "items", "minItems", "maxItems", "properties"],
  ...["required", "minProperties", "maxProperties", "minimum", "maximum", "minLength", "maxLength", "pattern"],
  ...["example", "anyOf", "default", "propertyOrdering"],
]);
const json = new Set([
  ...["$id", "$defs", "$ref", "$anchor", "$schema", "type", "format", "title", "description", "enum", "items"],
  ...["prefixItems", "minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties"],
  ...["additionalProperties", "required", "propertyOrdering"],
]);

/** Throws Violation for a key that the form does not know, and for a node that says no type. */
export function checkSchemaDialect(schema: unknown, path: string, dialect: "openapi" | "json"): void {
  if (!isFields(schema)) throw new Violation(path, "is no schema");
  walk(fieldsOf(schema), path, (node, at) => {
    const known = dialect === "openapi" ? openapi : json;
    const odd = Object.keys(node).find((key) => !known.has(key));
    if (odd !== undefined) throw new Violation(at, `Unknown name "${odd}": Cannot find field.`);
    if (dialect === "openapi" && Array.isArray(node.type)) throw new Violation(at, "Proto field is not repeating");
    if (node.type === undefined && node.anyOf === undefined && node.oneOf === undefined && node.$ref === undefined) {
      throw new Violation(at, "schema didn't specify the schema type field");
    }
    if (node.$ref !== undefined && Object.keys(node).some((key) => !key.startsWith("$"))) {
      throw new Violation(at, "$ref has siblings");
    }
  });
}

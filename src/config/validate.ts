/** Checks a value against a schema and says what is wrong in words, every fault with its path. */
import { Kind, type Static, type TSchema } from "@sinclair/typebox";
import { Value, type ValueError, ValueErrorType } from "@sinclair/typebox/value";
import { nearest } from "../kit/nearest.ts";
import { fillDefaults } from "./fill.ts";
import type { Fault } from "./snapshot.ts";

/** The value with its defaults, or undefined after adding at least one fault. The value given is not changed. */
export function readValue<Schema extends TSchema>(
  schema: Schema,
  value: unknown,
  at: { path: string; faults: Fault[] },
): Static<Schema> | undefined {
  const filled = fillDefaults(schema, value);
  if (Value.Check(schema, filled)) return filled;
  const found = new Map<string, string>();
  for (const error of Value.Errors(schema, filled)) explain(error, found);
  for (const [pointer, message] of found) at.faults.push({ path: at.path + dotted(pointer), message });
  if (found.size === 0) at.faults.push({ path: at.path, message: "is not valid" });
  return undefined;
}

/** JSON pointer to dots. */
function dotted(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => `.${part.replaceAll("~1", "/").replaceAll("~0", "~")}`)
    .join("");
}

function explain(error: ValueError, found: Map<string, string>): void {
  if (found.has(error.path)) return;
  if (error.type === ValueErrorType.Union) explainUnion(error, found);
  else found.set(error.path, messageOf(error));
}

/** Of the variants of a union, the one that the value's JSON type points at says what is wrong. */
function explainUnion(error: ValueError, found: Map<string, string>): void {
  const variants: TSchema[] = error.schema.anyOf ?? [];
  const type = typeName(error.value);
  const fitting = variants
    .map((variant, index) => ({ variant, index }))
    .filter(({ variant }) => jsonType(variant) === type);
  const only = fitting.length === 1 ? fitting[0] : undefined;
  const errors = only ? [...(error.errors[only.index] ?? [])] : [];
  if (errors.length === 0 || (type === "string" && error.schema.expects !== undefined)) {
    found.set(error.path, messageOf(error));
    return;
  }
  for (const inner of errors) explain(inner, found);
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function jsonType(schema: TSchema): string {
  if (schema[Kind] === "Literal") return "";
  if (schema[Kind] === "Union") return "union";
  return schema.type === "integer" ? "number" : String(schema.type);
}

function messageOf(error: ValueError): string {
  const { schema, value } = error;
  switch (error.type) {
    case ValueErrorType.ObjectAdditionalProperties:
      return unknownField(error);
    case ValueErrorType.ObjectRequiredProperty:
      return "is required";
    case ValueErrorType.ObjectMinProperties:
    case ValueErrorType.ArrayMinItems:
      return `must be ${String(schema.expects ?? "longer")}`;
    case ValueErrorType.NumberMinimum:
    case ValueErrorType.IntegerMinimum:
      return `must be ${String(schema.minimum)} or more`;
    case ValueErrorType.NumberMaximum:
    case ValueErrorType.IntegerMaximum:
      return `must be ${String(schema.maximum)} or less`;
    case ValueErrorType.NumberExclusiveMinimum:
      return `must be more than ${String(schema.exclusiveMinimum)}`;
    case ValueErrorType.StringMinLength:
      return schema.minLength === 1 ? "must not be empty" : `must have ${String(schema.minLength)} or more characters`;
    case ValueErrorType.StringMaxLength:
      return `must have at most ${String(schema.maxLength)} characters`;
    case ValueErrorType.ArrayMaxItems:
      return `must have at most ${String(schema.maxItems)} entries`;
  }
  const wanted = expectation(schema);
  const wrongType = error.type !== ValueErrorType.StringPattern && schema[Kind] !== "Union";
  return wrongType ? `must be ${wanted}, not ${withArticle(typeName(value))}` : `must be ${wanted}`;
}

function unknownField(error: ValueError): string {
  const field = error.path.slice(error.path.lastIndexOf("/") + 1);
  const known = Object.keys(error.schema.properties ?? {});
  const meant = nearest(field.replaceAll("~1", "/").replaceAll("~0", "~"), known);
  if (error.schema[Kind] === "Record") return "is not a name that is allowed here";
  return meant ? `is not a known field; did you mean "${meant}"?` : "is not a known field";
}

function expectation(schema: TSchema): string {
  if (schema.expects !== undefined) return String(schema.expects);
  if (schema[Kind] === "Union") {
    const variants: TSchema[] = schema.anyOf ?? [];
    return variants.map(expectation).join(" or ");
  }
  if (schema[Kind] === "Literal") return JSON.stringify(schema.const);
  return withArticle(schema.type === "array" ? "list" : String(schema.type));
}

function withArticle(type: string): string {
  const words: Record<string, string> = {
    array: "a list",
    list: "a list",
    object: "an object",
    integer: "a whole number",
    string: "text",
    number: "a number",
    boolean: "true or false",
    null: "null",
    undefined: "missing",
  };
  return words[type] ?? type;
}

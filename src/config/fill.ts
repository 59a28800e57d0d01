/** Fills in the defaults that a schema states, also where other parts of the value are wrong. */
import { Kind, type TSchema } from "@sinclair/typebox";

/** A copy of `value` with defaults; what does not fit the schema is left as it is. */
export function fillDefaults(schema: TSchema, value: unknown): unknown {
  const given = value === undefined ? structuredClone(schema.default as unknown) : value;
  if (Array.isArray(given)) {
    const list = variantFor(schema, "Array");
    return list ? given.map((member) => fillDefaults(list.items as TSchema, member)) : given;
  }
  if (typeof given !== "object" || given === null) return given;
  const fields = Object.entries(given);
  const record = variantFor(schema, "Record");
  if (record) {
    const member = Object.values(record.patternProperties as Record<string, TSchema>)[0];
    return member ? Object.fromEntries(fields.map(([name, each]) => [name, fillDefaults(member, each)])) : given;
  }
  const object = variantFor(schema, "Object");
  return object ? fillObject(object, new Map(fields)) : given;
}

function fillObject(schema: TSchema, fields: Map<string, unknown>): unknown {
  for (const [name, property] of Object.entries(schema.properties as Record<string, TSchema>)) {
    const filled = fillDefaults(property, fields.get(name));
    if (filled !== undefined) fields.set(name, filled);
  }
  return Object.fromEntries(fields);
}

/** The schema itself, or its only variant of that kind. */
function variantFor(schema: TSchema, kind: string): TSchema | undefined {
  if (schema[Kind] === kind) return schema;
  if (schema[Kind] !== "Union") return undefined;
  const variants: TSchema[] = schema.anyOf ?? [];
  const fitting = variants.flatMap((variant) => variantFor(variant, kind) ?? []);
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Random JSON Schemas, each with values that it is likely to take. */
import fc from "fast-check";
import type { Json, JsonObject } from "../../src/model/json.ts";

export interface Described {
  schema: Json;
  /** Mostly valid; the engine says what is. */
  value: fc.Arbitrary<Json>;
}

const anything: fc.Arbitrary<Json> = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
  fc.constantFrom<Json>(
    "",
    "a",
    "ab",
    "abc",
    0,
    1,
    2,
    5,
    1.5,
    null,
    true,
    false,
    [],
    {},
    [1],
    ["a"],
    { a: 1 },
    { b: "a" },
  ),
);
const words = fc.constantFrom("a", "ab", "abc", "b");
const names = fc.constantFrom("a", "b", "c");
const small = fc.integer({ min: 0, max: 3 });

/** None, one or two of the members. */
function some(members: { [key: string]: fc.Arbitrary<Json> }): fc.Arbitrary<JsonObject> {
  const one = fc.oneof(...Object.entries(members).map(([key, value]) => value.map((made) => ({ [key]: made }))));
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant({}) },
    { weight: 3, arbitrary: one },
    { weight: 2, arbitrary: fc.tuple(one, one).map(([first, second]) => ({ ...first, ...second })) },
  );
}

const notes = some({ title: words, description: words, default: fc.constantFrom<Json>("a", 1), $comment: words });

const texts = some({
  minLength: small,
  maxLength: fc.constant(3),
  pattern: fc.constant("^a"),
  format: fc.constant("date"),
});
const numbers = some({
  ...{ minimum: small, maximum: fc.constant(5), exclusiveMinimum: fc.constant(0), exclusiveMaximum: fc.constant(5) },
  multipleOf: fc.constantFrom(0.5, 2),
});
const scalar = fc.constantFrom<Json>("a", "ab", 1, 2.5, true, false, null);

const simple: fc.Arbitrary<Described> = fc.oneof(
  texts.map((more): Described => ({ schema: { type: "string", ...more }, value: words })),
  numbers.map((more): Described => ({ schema: { type: "number", ...more }, value: fc.constantFrom(0, 1, 1.5, 2, 4) })),
  numbers.map((more): Described => ({ schema: { type: "integer", ...more }, value: fc.integer({ min: 0, max: 6 }) })),
  fc.constantFrom<Described>(
    { schema: { type: "boolean" }, value: fc.boolean() },
    { schema: { type: "null" }, value: fc.constant(null) },
    { schema: {}, value: anything },
    { schema: true, value: anything },
    { schema: false, value: anything },
    { schema: { type: ["string", "integer", "null"] }, value: fc.constantFrom<Json>("a", 1, null) },
  ),
  fc.uniqueArray(scalar, { minLength: 1, maxLength: 4 }).map(
    (list): Described => ({
      schema: { enum: list },
      value: fc.constantFrom(...list),
    }),
  ),
  fc
    .oneof(scalar, fc.constantFrom<Json>(["a"], { a: 1 }))
    .map((only): Described => ({ schema: { const: only }, value: fc.constant(only) })),
  fc.uniqueArray(words, { minLength: 1, maxLength: 3 }).map(
    (list): Described => ({
      schema: { type: "string", enum: list },
      value: fc.constantFrom(...list),
    }),
  ),
);

const plain: fc.Arbitrary<Described> = fc.oneof(
  some({ minimum: small, maximum: fc.constant(5) }).map(
    (more): Described => ({
      schema: { type: "number", ...more },
      value: fc.constantFrom(0, 1, 1.5, 6),
    }),
  ),
  fc.constantFrom<Described>(
    { schema: { type: "string", format: "date" }, value: words },
    { schema: { type: "string", enum: ["a", "ab"] }, value: words },
    { schema: { enum: ["a", null] }, value: fc.constantFrom<Json>("a", "b", null) },
    { schema: { const: "a" }, value: words },
    { schema: { type: "integer" }, value: fc.constantFrom(0, 1, 1.5) },
    { schema: { type: "boolean" }, value: fc.boolean() },
    { schema: { type: "null" }, value: fc.constant(null) },
    { schema: { type: ["string", "integer", "null"] }, value: fc.constantFrom<Json>("a", 1, 1.5, null) },
  ),
);

/** Both, where both are objects. */
function beside(one: Json, other: JsonObject): Json {
  return typeof one === "object" && one !== null && !Array.isArray(one) ? { ...one, ...other } : one;
}

function list(node: fc.Arbitrary<Described>): fc.Arbitrary<Described> {
  const more = some({ minItems: small, maxItems: fc.constant(3), uniqueItems: fc.boolean() });
  return fc.tuple(node, fc.array(node, { maxLength: 2 }), more, fc.boolean()).map(([of, first, limits, isTuple]) => {
    const isPrefixed = isTuple && first.length > 0;
    const prefix = isPrefixed ? { prefixItems: first.map(({ schema }) => schema) } : {};
    const head = isPrefixed ? first.map(({ value }) => value) : [];
    return {
      schema: { type: "array", items: of.schema, ...prefix, ...limits },
      value: fc.tuple(fc.tuple(...head), fc.array(of.value, { maxLength: 3 })).map(([one, two]) => [...one, ...two]),
    };
  });
}

function object(node: fc.Arbitrary<Described>): fc.Arbitrary<Described> {
  const more = some({
    ...{ required: fc.uniqueArray(names, { maxLength: 2 }), minProperties: small, maxProperties: fc.constant(3) },
    patternProperties: fc.constant({ "^a": { type: "string" } }),
    propertyNames: fc.constant({ maxLength: 2 }),
    dependentRequired: fc.constant({ a: ["b"] }),
    additionalProperties: fc.constantFrom<Json>(false, true, { type: "string" }, {}),
  });
  return fc.tuple(fc.dictionary(names, node, { maxKeys: 3 }), more).map(([members, rules]) => ({
    schema: { type: "object", properties: schemasOf(members), ...rules },
    value: valuesOf(members),
  }));
}

function plainList(node: fc.Arbitrary<Described>): fc.Arbitrary<Described> {
  return fc.tuple(node, some({ minItems: small, maxItems: fc.constant(3) })).map(([of, limits]) => ({
    schema: { type: "array", items: of.schema, ...limits },
    value: fc.array(of.value, { maxLength: 4 }),
  }));
}

function plainObject(node: fc.Arbitrary<Described>): fc.Arbitrary<Described> {
  const rules = some({
    required: fc.uniqueArray(names, { maxLength: 2 }),
    additionalProperties: fc.constantFrom<Json>(false, true, { type: "string" }),
  });
  return fc.tuple(fc.dictionary(names, node, { maxKeys: 3 }), rules).map(([members, more]) => ({
    schema: { type: "object", properties: schemasOf(members), ...more },
    value: valuesOf(members),
  }));
}

function schemasOf(members: Record<string, Described>): JsonObject {
  return Object.fromEntries(Object.entries(members).map(([name, { schema }]) => [name, schema]));
}

function valuesOf(members: Record<string, Described>): fc.Arbitrary<Json> {
  const values = Object.fromEntries(Object.entries(members).map(([name, { value }]) => [name, value]));
  return fc
    .tuple(fc.record(values, { requiredKeys: [] }), some({ a: words, b: words, c: fc.constant(1) }))
    .map(([own, more]): Json => ({ ...more, ...(own as JsonObject) }));
}

function choice(node: fc.Arbitrary<Described>, kinds: readonly string[]): fc.Arbitrary<Described> {
  return fc.tuple(fc.constantFrom(...kinds), fc.array(node, { minLength: 1, maxLength: 3 })).map(([kind, list]) => ({
    schema: { [kind]: list.map(({ schema }) => schema) },
    value: fc.oneof(...list.map(({ value }) => value)),
  }));
}

/** Spelled apart: a member of this name makes an object look like a promise. */
const consequence = "then";

/** What no lowered form has: conditions, the opposite, and parts that hold together. */
function combined(node: fc.Arbitrary<Described>): fc.Arbitrary<Described> {
  return fc.tuple(node, node, fc.constantFrom("allOf", "not", "if", "anyOf")).map(([one, two, kind]): Described => {
    const more: Record<string, JsonObject> = {
      allOf: { allOf: [one.schema, two.schema] },
      not: { not: two.schema },
      if: { if: two.schema, [consequence]: one.schema },
      anyOf: { anyOf: [two.schema, { type: "object" }] },
    };
    const schema = kind === "allOf" ? (more.allOf ?? {}) : beside(one.schema, more[kind] ?? {});
    return { schema, value: fc.oneof(one.value, two.value) };
  });
}

/** References stand where a value lies deeper than what they lead to, so that none leads in a circle at once. */
const reference: fc.Arbitrary<Described> = fc
  .constantFrom("#/$defs/one", "#/$defs/two", "#", "#/properties/a")
  .map((to) => ({ schema: { $ref: to }, value: anything }));

interface Made {
  schema: JsonObject;
  values: Json[];
}

/** A whole schema of an object, and values for it. `isPlain`: of those words only that every dialect has. */
export function described(isPlain: boolean): fc.Arbitrary<Made> {
  const leaf = isPlain ? plain : simple;
  const { node } = fc.letrec<{ node: Described }>((tie) => {
    const inner = fc.oneof({ weight: 4, arbitrary: tie("node") }, { weight: 1, arbitrary: reference });
    const made = isPlain
      ? [plainList(inner), plainObject(inner), choice(tie("node"), ["anyOf"])]
      : [list(inner), object(inner), choice(tie("node"), ["anyOf", "oneOf"]), combined(tie("node"))];
    return { node: fc.oneof({ maxDepth: 2, withCrossShrink: true }, leaf, ...made.map(noted(isPlain))) };
  });
  const inner = fc.oneof(node, reference);
  const [ofList, ofObject] = isPlain ? [plainList, plainObject] : [list, object];
  const definition = fc.oneof(leaf, ofList(inner), ofObject(inner));
  return fc.tuple(ofObject(inner), node, definition, definition).chain(([root, a, one, two]) => {
    const own = root.schema as JsonObject;
    const properties = { ...(own.properties as JsonObject), a: a.schema };
    const schema = { ...own, properties, $defs: { one: one.schema, two: two.schema } };
    const value = fc.tuple(root.value, a.value).map(([all, of]) => beside(all, { a: of }));
    const likely = fc.oneof({ weight: 5, arbitrary: value }, { weight: 3, arbitrary: root.value }, anything);
    return fc.record({ schema: fc.constant(schema), values: fc.array(likely, { minLength: 9, maxLength: 9 }) });
  });
}

function noted(isPlain: boolean) {
  const more = isPlain ? some({ title: words, description: words, $comment: words }) : notes;
  return (one: fc.Arbitrary<Described>) =>
    fc.tuple(one, more).map(([known, said]): Described => ({ ...known, schema: beside(known.schema, said) }));
}

/** Values held against schemas: what fits, what does not and where, and what cannot be told. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { misfits } from "../../src/kit/json-schema.ts";

const person = {
  type: "object",
  properties: { name: { type: "string", minLength: 2 }, age: { type: ["integer", "null"], minimum: 0 } },
  required: ["name", "age"],
  additionalProperties: false,
};
const tree = {
  $ref: "#/$defs/node~1a",
  $defs: {
    "node/a": {
      type: "object",
      properties: { value: { type: "number" }, children: { type: "array", items: { $ref: "#/$defs/node~1a" } } },
      required: ["value"],
    },
  },
};

const cases: [words: string, schema: unknown, fitting: unknown[], unfit: unknown[]][] = [
  ["types", { type: "integer" }, [1, -4, 2.0], [1.5, "1", null, true]],
  ["several types", { type: ["string", "null"] }, ["", null], [1, {}, []]],
  ["lists are no objects", { type: "object" }, [{}], [[], null]],
  [
    "objects",
    person,
    [
      { name: "Jo", age: 3 },
      { age: null, name: "Jo" },
    ],
    [{ name: "Jo" }, { name: "J", age: 1 }, { name: "Jo", age: -1 }, { name: "Jo", age: 1, x: 1 }],
  ],
  ["names of everybody's objects", { required: ["toString"] }, [{ toString: 1 }], [{}]],
  ["enums of any kind", { enum: ["a", 1, { b: [1], c: 2 }] }, ["a", 1, { c: 2, b: [1] }], ["b", 2, { b: [1] }]],
  ["constants", { const: null }, [null], [0, ""]],
  ["limits", { exclusiveMinimum: 0, maximum: 10, multipleOf: 5 }, [5, 10, "x"], [0, 11, 7]],
  ["characters, not units", { maxLength: 2 }, ["😀😀"], ["abc"]],
  [
    "lists",
    { items: { type: "number" }, minItems: 1, maxItems: 2, uniqueItems: true },
    [[1], [1, 2]],
    [[], [1, 1], [1, 2, 3], ["1"]],
  ],
  ["tuples", { prefixItems: [{ type: "string" }, true], items: false }, [[], ["a"], ["a", 1]], [[1], ["a", 1, 2]]],
  ["tuples of draft 7", { items: [{ type: "string" }], additionalItems: { type: "number" } }, [["a", 1]], [["a", "b"]]],
  ["any of", { anyOf: [{ type: "string" }, { minimum: 3, type: "number" }] }, ["a", 3], [2, null]],
  ["one of", { oneOf: [{ minimum: 3 }, { maximum: 5 }] }, [2, 6], [4]],
  ["all of", { allOf: [{ minimum: 3 }, { maximum: 5 }] }, [4], [2, 6]],
  ["not", { not: { type: "string" } }, [1], ["a"]],
  [
    "conditions",
    JSON.parse('{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}'),
    [{ a: 1, b: 1 }, { c: 1 }],
    [{ a: 1 }, {}],
  ],
  ["dependencies", { dependentRequired: { a: ["b"] } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
  ["names", { propertyNames: { maxLength: 1 } }, [{ a: 1 }], [{ ab: 1 }]],
  ["containing", { contains: { const: 1 } }, [[0, 1], "x"], [[], [0]]],
  [
    "references into the document",
    tree,
    [{ value: 1, children: [{ value: 2 }] }],
    [{ value: 1, children: [{ value: "2" }] }],
  ],
  ["false", { properties: { a: false } }, [{}], [{ a: 1 }]],
  ["what Google's schemas call nullable", { type: "string", nullable: true }, [null, "a"], [1]],
];

test.each(cases)("%s", (_words, schema, fitting, unfit) => {
  for (const value of fitting) expect([value, misfits(schema, value)]).toEqual([value, []]);
  for (const value of unfit) expect([value, misfits(schema, value).length > 0]).toEqual([value, true]);
});

test("a misfit says where it stands and what is wanted", () => {
  const schema = { type: "object", properties: { "a/b": { type: "array", items: person } } };
  expect(
    misfits(schema, {
      "a/b": [
        { name: "Jo", age: 1 },
        { name: 7, age: 1, more: 1 },
      ],
    }),
  ).toEqual([
    { path: "/a~1b/1/name", words: "must be of type string" },
    { path: "/a~1b/1", words: 'must not have "more"' },
  ]);
  expect(misfits({ anyOf: [{ type: "string" }] }, 1)).toEqual([
    { path: "", words: "must fit one of the schemas in `anyOf`" },
  ]);
});

describe("what cannot be told is no misfit", () => {
  const open: [string, unknown, unknown][] = [
    ["patterns", { pattern: "^(a+)+$" }, `${"a".repeat(40)}!`],
    ["the opposite of a pattern", { not: { pattern: "a" } }, "a"],
    [
      "members that a pattern may allow",
      { patternProperties: { "^x-": true }, additionalProperties: false },
      { "x-a": 1 },
    ],
    ["other documents", { $ref: "https://example.com/schema.json" }, 1],
    ["references to nothing", { $ref: "#/$defs/none" }, 1],
    ["unknown types", { type: "decimal" }, 1],
    ["a schema that is none", [], 1],
    ["remainders of fractions", { multipleOf: 0.1 }, 0.3],
    ["references in a circle", { $ref: "#" }, 1],
  ];
  test.each(open)("%s", (_words, schema, value) => expect(misfits(schema, value)).toEqual([]));

  test("what would take forever", () => {
    const level = (at: number) => [
      `l${at}`,
      { allOf: [{ $ref: `#/$defs/l${at + 1}` }, { $ref: `#/$defs/l${at + 1}` }] },
    ];
    const $defs = Object.fromEntries([
      ...Array.from({ length: 60 }, (_, at) => level(at)),
      ["l60", { type: "string" }],
    ]);
    const started = performance.now();
    expect(misfits({ $ref: "#/$defs/l0", $defs }, 1)).toEqual([]);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

/** The schema that says all of a value. */
function schemaOf(value: unknown): Record<string, unknown> {
  if (Array.isArray(value))
    return { type: "array", prefixItems: value.map(schemaOf), items: false, minItems: value.length };
  if (typeof value !== "object" || value === null) return { const: value };
  const properties = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, schemaOf(one)]));
  return { type: "object", properties, required: Object.keys(value), additionalProperties: false };
}

test("a value fits the schema that says all of it, and another does not", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }), (one, other) => {
      const [value, odd] = [JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other))];
      expect(misfits(schemaOf(value), value)).toEqual([]);
      expect(misfits(schemaOf(value), odd).length > 0).toBe(!Bun.deepEquals(value, odd, true));
      expect(misfits({ not: schemaOf(value) }, value)).toHaveLength(1);
    }),
    { numRuns: 500 },
  );
});

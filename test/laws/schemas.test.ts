/** A schema that was lowered takes everything that the original takes; and nothing else, where no loss was told. */
import { describe, expect, test } from "bun:test";
import Ajv from "ajv/dist/2020.js";
import fc from "fast-check";
import type { Json, JsonObject } from "../../src/model/json.ts";
import { Notes } from "../../src/model/note.ts";
import { lowered as loweredForGoogle } from "../../src/protocols/gemini/schema-down.ts";
import { lowered as loweredForAnthropic } from "../../src/protocols/messages/schema.ts";
import { described } from "./schema-values.ts";

const engine = new Ajv({ strict: false, validateFormats: false, validateSchema: false, logger: false });

/** Undefined where the engine gives up: references that lead in a circle, and conditions over what is no object. */
function accepts(schema: JsonObject): (value: Json) => boolean | undefined {
  const validate = engine.compile(schema);
  return (value) => {
    try {
      return validate(value) === true;
    } catch {
      return undefined;
    }
  };
}

const options = { numRuns: 400, includeErrorInReport: true, interruptAfterTimeLimit: 40_000 };

/** How many of the values were taken by the original, and whether the lowered form takes what it should. */
function compare({ schema, values }: { schema: JsonObject; values: Json[] }, lower: Lower, isExact: boolean): number {
  const before = structuredClone(schema);
  const notes = new Notes();
  const low = lower(schema, notes);
  expect(schema).toEqual(before);
  const [original, lowered] = [accepts(schema), accepts(low)];
  let taken = 0;
  for (const value of values) {
    const [wanted, seen] = [original(value), lowered(value)];
    if (wanted === undefined || seen === undefined) continue;
    if (wanted) taken++;
    const isWrong = wanted ? !seen : seen && isExact && notes.list.length === 0;
    if (isWrong) throw new Error(`${seen ? "takes" : "refuses"} ${JSON.stringify(value)}: ${JSON.stringify(low)}`);
  }
  return taken;
}

type Lower = (schema: JsonObject, notes: Notes) => JsonObject;
const forGoogle: Lower = (schema, notes) => loweredForGoogle(schema, { at: "tools.0", ordered: false, notes });

const forAnthropic: Lower = (schema, notes) => loweredForAnthropic(schema, "format.schema", { notes });

/** As strict demands it: no object has other names than the schema tells. */
function closed(node: Json): Json {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== "object" || node === null) return node;
  const isValue = (key: string) => ["enum", "const", "default", "required", "dependentRequired"].includes(key);
  const { patternProperties: _patterns, ...entries } = node;
  const out = Object.fromEntries(
    Object.entries(entries).map(([key, value]) => [key, isValue(key) ? (value ?? null) : closed(value ?? null)]),
  );
  return out.type === "object" ? { ...out, additionalProperties: false } : out;
}

describe("a schema lowered for Anthropic", () => {
  test("takes every value that the closed original takes", () => {
    let taken = 0;
    fc.assert(
      fc.property(described(false), ({ schema, values }) => {
        taken += compare({ schema: closed(schema) as JsonObject, values }, forAnthropic, false);
      }),
      options,
    );
    expect(taken).toBeGreaterThan(300);
  });

  test("takes what one of two alternatives takes that are alike once a constraint is gone", () => {
    const oneOf = [{ type: "number" }, { type: "number", exclusiveMinimum: 0 }];
    const b: JsonObject = { oneOf, anyOf: [{ type: "integer" }] };
    const schema: JsonObject = { type: "object", properties: { b }, additionalProperties: false };
    expect(compare({ schema, values: [{ b: 0 }] }, forAnthropic, false)).toBe(1);
  });
});

const pairs: [string, JsonObject, Json][] = [
  [
    "names of a pattern beside closed ones",
    { type: "object", properties: { a: {} }, patternProperties: { "^x-": {} }, additionalProperties: false },
    { "x-a": 1 },
  ],
  ["lists of themselves", { type: "array", items: { $ref: "#" } }, [[], [[]]]],
  [
    "what stands beside a reference",
    {
      type: "object",
      properties: {
        a: { type: "object", properties: { b: {} }, additionalProperties: false },
        c: { $ref: "#/properties/a", properties: { d: {} } },
      },
    },
    { c: { b: 1 } },
  ],
  [
    "definitions under both names",
    {
      anyOf: [{ $ref: "#/$defs/a" }, { $ref: "#/definitions/b" }],
      $defs: { a: { type: "string" } },
      definitions: { b: { type: "null" } },
    },
    "a",
  ],
  [
    "parts of a whole",
    { allOf: [{ type: "object", properties: { a: {} } }, { properties: { b: {} } }] },
    { a: 1, b: 1 },
  ],
];

describe("a schema lowered for Google", () => {
  test("takes every value that the original takes", () => {
    let taken = 0;
    fc.assert(
      fc.property(described(false), (made) => {
        taken += compare(made, forGoogle, false);
      }),
      options,
    );
    expect(taken).toBeGreaterThan(400);
  });

  test("takes no other, where no loss was told", () => {
    let [taken, exact] = [0, 0];
    fc.assert(
      fc.property(described(true), (made) => {
        const notes = new Notes();
        forGoogle(made.schema, notes);
        if (notes.list.length === 0) exact++;
        taken += compare(made, forGoogle, true);
      }),
      options,
    );
    expect(taken).toBeGreaterThan(400);
    expect(exact).toBeGreaterThan(200);
  });

  test.each(pairs)("takes %s", (_, schema, value) => {
    expect(compare({ schema, values: [value] }, forGoogle, false)).toBe(1);
  });
});

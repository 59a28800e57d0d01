/** Our interpreter of JSON Schemas beside one that makes code of them. */
import { expect, test } from "bun:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { misfits } from "../../src/kit/json-schema.ts";

const names = fc.constantFrom("a", "b", "c");
const small = fc.integer({ min: 0, max: 3 });

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, 0, 1, 2, 3, 4, 1.5, "", "a", "ab", "abc", "😀"),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(names, tie("value"), { maxKeys: 3 }),
  ),
}));

const types = fc.constantFrom("string", "number", "integer", "boolean", "null", "object", "array");

/** Any keywords together, as no sane schema has them. */
const { schema } = fc.letrec<{ schema: unknown }>((tie) => {
  const list = fc.array(tie("schema"), { minLength: 1, maxLength: 3 });
  const one = fc.record(
    {
      type: fc.oneof(types, fc.uniqueArray(types, { minLength: 1, maxLength: 3 })),
      enum: fc.uniqueArray(value, { minLength: 1, maxLength: 3, selector: (one) => JSON.stringify(one) }),
      const: value,
      minimum: small,
      exclusiveMaximum: small,
      multipleOf: fc.constantFrom(1, 2),
      minLength: small,
      maxLength: small,
      minItems: small,
      maxItems: small,
      uniqueItems: fc.boolean(),
      maxProperties: small,
      required: fc.uniqueArray(names, { maxLength: 2 }),
      properties: fc.dictionary(names, tie("schema"), { maxKeys: 3 }),
      additionalProperties: tie("schema"),
      propertyNames: tie("schema"),
      prefixItems: list,
      items: tie("schema"),
      contains: tie("schema"),
      allOf: list,
      anyOf: list,
      oneOf: list,
      not: tie("schema"),
      if: tie("schema"),
      // biome-ignore lint/suspicious/noThenProperty: it is a keyword.
      then: tie("schema"),
      else: tie("schema"),
      dependentRequired: fc.dictionary(names, fc.uniqueArray(names, { maxLength: 2 }), { maxKeys: 2 }),
      $ref: fc.constantFrom("#/$defs/x", "#/$defs/y~1z"),
    },
    { requiredKeys: [] },
  );
  // Few keywords at once, else nothing fits anything.
  const few = fc.tuple(one, fc.uniqueArray(fc.nat(27), { minLength: 1, maxLength: 3 })).map(([all, chosen]) => {
    const entries = Object.entries(all);
    return Object.fromEntries(
      chosen.flatMap((at) => (entries.length === 0 ? [] : [entries[at % entries.length] ?? []])),
    );
  });
  return { schema: fc.oneof({ maxDepth: 3, withCrossShrink: true }, fc.boolean(), few) };
});

const leaf = fc.record({ type: types });
const document = fc
  .tuple(schema, leaf, leaf)
  .map(([root, x, y]) => (typeof root === "boolean" ? root : { ...(root as object), $defs: { x, "y/z": y } }));

test("both say the same of any value and any schema", () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false, validateSchema: false });
  const seen = { fits: 0, misfits: 0 };
  fc.assert(
    fc.property(document, fc.array(value, { minLength: 1, maxLength: 4 }), (asked, given) => {
      const [rules, values] = JSON.parse(JSON.stringify([asked, given])) as [object, unknown[]];
      const validate = ajv.compile(rules);
      for (const one of values) {
        const fits = validate(one) as boolean;
        seen[fits ? "fits" : "misfits"]++;
        expect([rules, one, misfits(rules, one).length === 0]).toEqual([rules, one, fits]);
      }
    }),
    { numRuns: 1500 },
  );
  expect(Math.min(seen.fits, seen.misfits)).toBeGreaterThan(500);
});

import { expect, test } from "bun:test";
import { propertyKeys } from "../../src/protocols/keys.ts";

const legal = { pattern: /^[a-zA-Z0-9_.-]+$/, maxLength: 64 };
const schema = {
  type: "object",
  properties: {
    $top: { type: "integer" },
    plain: { type: "array", items: { type: "object", properties: { "a b": { enum: ["$top"] } } } },
    'quo"te': { $ref: "#/$defs/$own" },
    ["x".repeat(70)]: {},
  },
  required: ["$top", "plain"],
  $defs: { $own: { type: "object", properties: { ü: true } } },
};

test("keys that are legal rename nothing", () => {
  expect(propertyKeys({ type: "object", properties: { "a.b-c_d": { default: { $x: 1 } } } }, legal)).toBeUndefined();
});

test("illegal keys get legal names, on every level and in what is required", () => {
  const renamed = propertyKeys(schema, legal)?.schema;
  const keys = Object.keys(renamed?.properties as object);
  expect(keys.every((key) => /^[a-zA-Z0-9_.-]{1,64}$/.test(key))).toBe(true);
  expect(new Set(keys).size).toBe(4);
  expect(renamed?.required).toEqual([keys[0] ?? "", "plain"]);
  expect(JSON.stringify(renamed)).toContain('"$ref":"#/$defs/$own"');
  expect(JSON.stringify(renamed)).toContain('"enum":["$top"]');
  expect(JSON.stringify(renamed)).not.toMatch(/"(?:a b|ü)":/);
  expect(propertyKeys(schema, legal)?.schema).toEqual(renamed ?? {});
});

test("arguments come back with the client's keys, all else as it was written", () => {
  const names = propertyKeys(schema, legal);
  const args = '{"$top" : 1.0,"plain":[{"a b":"$top","s":"\\"$top\\":"}],"quo\\"te":{"\\u00fc":":"},"other":"$top"}';
  const wire = names?.toWire(args) ?? "";
  expect(Object.keys(JSON.parse(wire)).every((key) => legal.pattern.test(key))).toBe(true);
  expect(names?.fromWire(wire)).toBe(args.replace("\\u00fc", "ü"));
  const cut = names?.fromWire(wire.slice(0, 30)) ?? "";
  expect(cut.startsWith('{"$top" : 1.0,')).toBe(true);
});

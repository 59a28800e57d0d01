/** Schemas of tools as servers of the Model Context Protocol write them, each with what has been refused somewhere. */
import type { JsonObject } from "../../src/model/json.ts";

const draft = "http://json-schema.org/draft-07/schema#";
const words = { type: "string" };

export const schemas: Record<string, JsonObject> = {
  "a type list with null": {
    ...{ $schema: draft, type: "object", additionalProperties: false, required: ["path"] },
    properties: { path: words, head: { type: ["number", "null"], default: null, description: "First lines." } },
  },
  "a type list of two": { type: "object", properties: { id: { type: ["string", "integer"], minLength: 1 } } },
  "a null in a union": {
    ...{ type: "object", title: "listArguments" },
    properties: {
      cursor: { anyOf: [words, { type: "null" }], default: null, title: "Cursor" },
      limit: { anyOf: [{ type: "integer", exclusiveMinimum: 0 }, { type: "null" }], default: 20 },
    },
  },
  "open objects": {
    type: "object",
    properties: {
      env: { type: "object", additionalProperties: words },
      extra: { type: "object", additionalProperties: true },
      filter: { type: "object", propertyNames: { pattern: "^[a-z]+$" }, patternProperties: { "^x-": words } },
    },
  },
  "enumerations without a type": {
    type: "object",
    properties: { order: { enum: ["asc", "desc"] }, level: { enum: [1, 2, 3] }, either: { enum: ["a", 1, null] } },
  },
  constants: {
    type: "object",
    properties: {
      kind: { const: "file" },
      target: {
        oneOf: [
          { type: "object", properties: { by: { const: "id" }, id: { type: "integer" } }, required: ["by", "id"] },
          { type: "object", properties: { by: { const: "name" }, name: words }, required: ["by", "name"] },
        ],
      },
    },
    required: ["target"],
  },
  "parts of allOf": {
    allOf: [
      { type: "object", properties: { a: words }, required: ["a"] },
      { type: "object", properties: { b: { type: "boolean" } } },
    ],
  },
  conditions: {
    ...{ type: "object", properties: { mode: { type: "string", enum: ["fast", "slow"] }, wait: { type: "integer" } } },
    ...{ not: { required: ["nothing"] }, dependentRequired: { wait: ["mode"] } },
    ...{ if: { properties: { mode: { const: "slow" } } }, else: { required: ["mode"] } },
  },
  "definitions with words beside the reference": {
    type: "object",
    properties: { from: { $ref: "#/$defs/Point", description: "Where it starts." }, to: { $ref: "#/$defs/Point" } },
    required: ["from", "to"],
    $defs: {
      Point: { type: "object", properties: { x: { type: "number" }, y: { type: "number" } }, required: ["x", "y"] },
    },
  },
  "old definitions": {
    ...{ type: "object", properties: { items: { type: "array", items: { $ref: "#/definitions/Item" } } } },
    definitions: { Item: { type: "object", properties: { name: words } } },
  },
  "a recursive definition": {
    type: "object",
    properties: { root: { $ref: "#/$defs/Node" } },
    required: ["root"],
    $defs: {
      Node: {
        type: "object",
        properties: { name: words, children: { type: "array", items: { $ref: "#/$defs/Node" } } },
        required: ["name", "children"],
      },
    },
  },
  "a reference to the whole": {
    type: "object",
    properties: { name: words, inner: { $ref: "#" } },
    required: ["name"],
  },
  "a reference into properties": {
    type: "object",
    properties: {
      first: { type: "object", properties: { at: { type: "string", format: "date-time" } } },
      second: { $ref: "#/properties/first" },
    },
  },
  "malformed nodes": {
    ...{ type: "object", required: false, properties: { anything: true, nothing: {}, list: { type: "array" } } },
  },
  "rows and tuples": {
    type: "object",
    properties: {
      grid: { type: "array", items: { type: "array", items: { type: ["string", "number", "boolean", "null"] } } },
      pair: { type: "array", prefixItems: [words, { type: "integer" }], minItems: 2, maxItems: 2, uniqueItems: true },
    },
  },
};

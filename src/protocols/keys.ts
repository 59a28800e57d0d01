/**
 * Property keys of a tool's schema on a wire that is stricter than the client's: illegal ones are renamed, the same way
 * every time, in the schema and in the arguments of its calls, and back in the calls that the provider makes.
 */
import { sha256Base32 } from "../kit/hash.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { LegalNames } from "./names.ts";

export interface PropertyKeys {
  /** A copy of the schema with legal keys. */
  schema: JsonObject;
  /** The text of a call's arguments with the wire's keys. Everything but keys stays as it is written. */
  toWire(args: string): string;
  /** The same with the client's own keys. Text that was cut in the middle is taken too. */
  fromWire(args: string): string;
}

/** Undefined when every key is legal. */
export function propertyKeys(schema: JsonObject, legal: LegalNames): PropertyKeys | undefined {
  const wires = new Map<string, string>();
  const renamed = rename(schema, (key) => {
    if (legal.pattern.test(key) && key.length <= legal.maxLength) return key;
    const wire = `${key.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, legal.maxLength - 9)}_${sha256Base32(key).slice(0, 8)}`;
    wires.set(key, wire);
    return wire;
  });
  if (wires.size === 0) return undefined;
  const owns = new Map([...wires].map(([key, wire]) => [wire, key]));
  return {
    schema: renamed,
    toWire: (args) => replaceKeys(args, wires),
    fromWire: (args) => replaceKeys(args, owns),
  };
}

function rename(schema: JsonObject, legal: (key: string) => string): JsonObject {
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined) continue;
    if (key === "properties" && isObject(value)) {
      const members = Object.entries(value).map(([name, node]) => [legal(name), renameNode(node ?? null, legal)]);
      out[key] = Object.fromEntries(members);
    } else if (key === "required" && Array.isArray(value)) {
      out[key] = value.map((name) => (typeof name === "string" ? legal(name) : name));
    } else if (key === "$defs" || key === "definitions") {
      out[key] = isObject(value)
        ? Object.fromEntries(Object.entries(value).map(([name, node]) => [name, renameNode(node ?? null, legal)]))
        : value;
    } else if (key === "enum" || key === "const" || key === "default" || key === "examples") out[key] = value;
    else out[key] = renameNode(value, legal);
  }
  return out;
}

function renameNode(node: Json, legal: (key: string) => string): Json {
  if (Array.isArray(node)) return node.map((entry) => renameNode(entry, legal));
  return isObject(node) ? rename(node, legal) : node;
}

/** A string before a colon is a key, wherever it stands. */
function replaceKeys(args: string, names: ReadonlyMap<string, string>): string {
  return args.replace(/"((?:[^"\\]|\\.)*)"(\s*:)?/g, (whole, inner: string, colon: string | undefined) => {
    if (colon === undefined) return whole;
    const name = names.get(inner.includes("\\") ? decoded(whole.slice(0, inner.length + 2)) : inner);
    return name === undefined ? whole : `${JSON.stringify(name)}${colon}`;
  });
}

function decoded(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return "";
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

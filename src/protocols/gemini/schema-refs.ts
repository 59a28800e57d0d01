/**
 * References in the forms that Google takes: to definitions alone, and recursive ones in no required property. Others are
 * replaced by what they refer to. Throws `unsupported` for what cannot be found in the schema.
 */
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject } from "../read.ts";
import { joined } from "../schema-join.ts";
import { unsupported } from "./read.ts";

export interface Settled {
  schema: JsonObject;
  /** Something that the schema demanded is not demanded any more. */
  lost: boolean;
}

interface Walk {
  root: JsonObject;
  at: string;
  lost: boolean;
  /** References that were replaced. */
  replaced: number;
}

/** References to references multiply: from here on anything of their type stands for them. */
const mostReplaced = 500;

const maps = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);
const values = new Set(["enum", "const", "default", "example", "examples", "required"]);
const definition = /^#\/(?:\$defs|definitions)\/([^/]+)$/;

/** A copy where something changes; the given schema is not changed. */
export function settledReferences(schema: JsonObject, at: string): Settled {
  if (!JSON.stringify(schema).includes('"$ref"')) return { schema, lost: false };
  const walk: Walk = { root: schema, at, lost: false, replaced: 0 };
  const resolved = resolve(schema, walk, []);
  const loose = loosened(resolved, walk);
  return { schema: loose, lost: walk.lost };
}

/** `inside` are the references that the node came by. */
function resolve(node: JsonObject, walk: Walk, inside: readonly string[]): JsonObject {
  const { $ref: reference } = node;
  if (typeof reference !== "string" || isAnchor(reference)) return eachNode(node, (one) => resolve(one, walk, inside));
  const target = targetOf(reference, walk);
  if (definition.test(reference)) return eachNode(node, (one) => resolve(one, walk, inside));
  const { $ref: _reference, ...beside } = node;
  if (inside.includes(reference) || ++walk.replaced > mostReplaced) {
    walk.lost = true;
    return { ...(target.type === undefined ? {} : { type: target.type }), ...beside };
  }
  // Definitions stay where they are, which is where the references to them look.
  const { $schema: _schema, $defs: _defs, definitions: _definitions, ...own } = target;
  return joined(beside, resolve(own, walk, [...inside, reference]), walk);
}

/** A name that another node of the schema gives itself. */
function isAnchor(reference: string): boolean {
  return /^#[^/]/.test(reference);
}

function targetOf(reference: string, walk: Walk): JsonObject {
  const { root, at } = walk;
  let value: Json | undefined = reference.startsWith("#") ? root : undefined;
  for (const part of reference.split("/").slice(1)) {
    const key = unescaped(part).replaceAll("~1", "/").replaceAll("~0", "~");
    value =
      isObject(value) && Object.hasOwn(value, key) ? value[key] : Array.isArray(value) ? value[Number(key)] : undefined;
  }
  if (isObject(value)) return value;
  if (typeof value === "boolean") {
    walk.lost ||= !value;
    return {};
  }
  throw unsupported(
    at,
    `the reference ${JSON.stringify(reference)} leads to no place in this schema. Write out what it stands for.`,
  );
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function eachNode(node: JsonObject, change: (node: JsonObject) => JsonObject): JsonObject {
  const one = (value: Json | undefined): Json => {
    if (Array.isArray(value)) return value.map(one);
    return isObject(value) ? change(value) : (value ?? null);
  };
  const entries = Object.entries(node).map(([key, value]): [string, Json] => {
    if (values.has(key)) return [key, value ?? null];
    if (!maps.has(key) || !isObject(value)) return [key, one(value)];
    return [key, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, one(inner)]))];
  });
  return Object.fromEntries(entries);
}

/** Definitions that lead back to themselves do not require what leads there. */
function loosened(schema: JsonObject, walk: Walk): JsonObject {
  const definitions = { ...objectOf(schema.definitions), ...objectOf(schema.$defs) };
  const links = new Map(Object.entries(definitions).map(([name, node]) => [name, linksOf(node)]));
  const out = { ...schema };
  for (const key of ["$defs", "definitions"]) {
    const list = out[key];
    if (!isObject(list)) continue;
    out[key] = Object.fromEntries(
      Object.entries(list).map(([name, node]) => [
        name,
        isObject(node) ? withoutDemands(node, (link) => leadsTo(name, link, links), walk) : (node ?? null),
      ]),
    );
  }
  return out;
}

function withoutDemands(node: JsonObject, isBack: (link: string) => boolean, walk: Walk): JsonObject {
  const out = eachNode(node, (one) => withoutDemands(one, isBack, walk));
  const { required, properties } = node;
  if (!Array.isArray(required) || !isObject(properties)) return out;
  const kept = required.filter((name) => typeof name !== "string" || ![...linksOf(properties[name])].some(isBack));
  if (kept.length === required.length) return out;
  walk.lost = true;
  return { ...out, required: kept };
}

/** The names of the definitions that a node refers to. */
function linksOf(node: Json | undefined): Set<string> {
  const links = new Set<string>();
  const visit = (one: JsonObject): JsonObject => {
    const name = typeof one.$ref === "string" ? definition.exec(one.$ref)?.[1] : undefined;
    if (name !== undefined) links.add(name);
    return eachNode(one, visit);
  };
  if (isObject(node)) visit(node);
  return links;
}

function leadsTo(wanted: string, from: string, links: ReadonlyMap<string, Set<string>>): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === wanted) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...(links.get(name) ?? []));
  }
  return false;
}

function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

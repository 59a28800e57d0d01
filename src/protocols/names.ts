/**
 * Tool names on a wire that is stricter than the client's: namespaces flattened, illegal names renamed, the same way
 * every time, and reversible within one exchange from the tools alone.
 */
import { sha256Base32 } from "../kit/hash.ts";
import type { Tool } from "../model/chat.ts";
import { type PropertyKeys, propertyKeys } from "./keys.ts";

export interface LegalNames {
  /** Matches one whole legal name. */
  pattern: RegExp;
  maxLength: number;
}

/** What Chat Completions, Responses and Messages take. */
export const commonNames: LegalNames = { pattern: /^[A-Za-z0-9_-]+$/, maxLength: 64 };

export interface ToolNames {
  toWire(name: string, namespace?: string): string;
  /** The tool that a wire name stands for; undefined when the request declared none of that name. */
  toolOf(wire: string): Tool | undefined;
  /** The client's own name of a wire name; the wire name itself when nothing was renamed. */
  fromWire(wire: string): string;
  /** How the property keys of a tool, found by its wire name, are renamed; undefined when they are legal. */
  keysOf(wire: string): PropertyKeys | undefined;
}

/**
 * `tools` are the request's; names of older calls that are declared no more are renamed by the same rule. `legalKeys`
 * is what the wire takes as property keys, when it takes not all.
 */
export function toolNames(tools: Tool[], legal: LegalNames, legalKeys?: LegalNames): ToolNames {
  const taken = new Map<string, Tool>();
  const wires = new Map<string, string>();
  for (const tool of tools) {
    if (tool.kind === "server") continue;
    const key = keyOf(tool.name, tool.namespace);
    if (wires.has(key)) continue;
    const wire = wireName(tool.name, tool.namespace, legal);
    const free = taken.has(wire) ? digested(wire, key, legal) : wire;
    wires.set(key, free);
    taken.set(free, tool);
  }
  const keys = new Map<string, PropertyKeys | undefined>();
  return {
    keysOf(wire) {
      const schema = taken.get(wire)?.schema;
      if (!legalKeys || !schema) return undefined;
      if (!keys.has(wire)) keys.set(wire, propertyKeys(schema, legalKeys));
      return keys.get(wire);
    },
    toWire: (name, namespace) => wires.get(keyOf(name, namespace)) ?? wireName(name, namespace, legal),
    toolOf: (wire) => taken.get(wire),
    fromWire: (wire) => taken.get(wire)?.name ?? wire,
  };
}

function keyOf(name: string, namespace: string | undefined): string {
  return `${namespace ?? ""}\u0000${name}`;
}

function wireName(name: string, namespace: string | undefined, legal: LegalNames): string {
  const flat = namespace === undefined ? name : `${namespace}__${name}`;
  return legal.pattern.test(flat) && flat.length <= legal.maxLength
    ? flat
    : digested(flat, keyOf(name, namespace), legal);
}

/** A readable legal head and a digest of the whole, so that names which differ stay different. */
function digested(flat: string, key: string, legal: LegalNames): string {
  const letters = flat.replace(/[^A-Za-z0-9_-]/g, "_");
  const digest = sha256Base32(key).slice(0, 8);
  const name = `${letters.slice(0, legal.maxLength - 9)}_${digest}`;
  // Some wires want a letter or an underscore first.
  return legal.pattern.test(name) ? name : `_${letters.slice(0, legal.maxLength - 10)}_${digest}`;
}

/** What the fidelity tests need to know of one protocol: where its types are published, and what a valid request looks like. */
import { join } from "node:path";
import type { Json, JsonObject } from "../../src/model/json.ts";
import type { Plausible } from "./construct.ts";
import { Declarations } from "./declarations.ts";
import type { ObjectShape } from "./inventory.ts";

export interface Source {
  /** Below node_modules. */
  file: string;
  type: string;
}

export interface Dialect {
  name: string;
  /** The member that holds the conversation. */
  history: string;
  sources: readonly Source[];
  /** A type that is put together from published ones. */
  root?(): ObjectShape;
  /** Members that are no part of what is sent, or that stand on a side where the API refuses them; not asked about. */
  leaveOut: readonly RegExp[];
  plausible: Plausible;
  /** Puts what was built where a provider would take it: the calls before results, the user before the model. */
  complete(body: JsonObject): JsonObject;
}

export const modules = join(import.meta.dir, "../../node_modules");
export const declarations = new Declarations();

/** A picture of one pixel, and another one. */
export const pixels = [
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
] as const;
export const pages = ["JVBERi0xLjQKJcOkw7zDtsOf", "JVBERi0xLjcKJcOkw7zDtsOf"] as const;

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function listOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Small tools for reading this protocol's JSON: where a value stands, and what is left of an object. */
import type { JsonObject } from "../../model/json.ts";

/** Where a value stands in the client's JSON. Answers of providers are read without keeping it. */
export interface Where {
  path: string;
  keep: boolean;
}

export function inside(where: Where, key: string | number): Where {
  return { path: where.path === "" ? String(key) : `${where.path}.${key}`, keep: where.keep };
}

export function atOf(where: Where): { at?: string } {
  return where.keep ? { at: where.path } : {};
}

/** `ext` of a part of the model that holds what only this protocol knows. */
export function ownExt(fields: JsonObject | undefined): { ext?: { responses: JsonObject } } {
  return fields === undefined || Object.keys(fields).length === 0 ? {} : { ext: { responses: fields } };
}

export function defined<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

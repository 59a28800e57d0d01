/** Reading the wire's JSON with errors that name the field. Null always means absent. */
import { GatewayError } from "../../model/error.ts";
import type { Json, JsonObject } from "../../model/json.ts";

const isRaw = (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON;

/** An object that is neither an array nor a number kept as its source text. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRaw(value);
}

/** The number that a JSON value holds, also one kept as its source text; undefined for everything else. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return isRaw(value) ? Number((value as { rawJSON: string }).rawJSON) : undefined;
}

export function stringOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function invalid(param: string, message: string): GatewayError {
  return new GatewayError("invalid-request", `Invalid request: ${message}`, { param });
}

export function unsupported(param: string | undefined, message: string): GatewayError {
  return new GatewayError("unsupported", message, param === undefined ? {} : { param });
}

function wrong(path: string, wanted: string, value: unknown): GatewayError {
  const found = Array.isArray(value) ? "an array" : isObject(value) ? "an object" : `a ${typeof value}`;
  return invalid(path, `${path} must be ${wanted}, not ${found}.`);
}

function present(value: Json | undefined): value is Exclude<Json, null> {
  return value !== undefined && value !== null;
}

export function optionalString(from: JsonObject, key: string, path = key): string | undefined {
  const value = from[key];
  if (!present(value)) return undefined;
  if (typeof value !== "string") throw wrong(path, "a string", value);
  return value;
}

export function requiredString(from: JsonObject, key: string, path = key): string {
  const value = optionalString(from, key, path);
  if (value === undefined || value === "") throw invalid(path, `${path} is required and must be a non-empty string.`);
  return value;
}

export function optionalNumber(from: JsonObject, key: string, path = key): number | undefined {
  const value = from[key];
  if (!present(value)) return undefined;
  const number = numberOf(value);
  if (number === undefined || !Number.isFinite(number)) throw wrong(path, "a number", value);
  return number;
}

/** A whole number of at least `least`. */
export function optionalCount(from: JsonObject, key: string, least: number): number | undefined {
  const value = optionalNumber(from, key);
  if (value === undefined) return undefined;
  if (!Number.isInteger(value) || value < least)
    throw invalid(key, `${key} must be a whole number of at least ${least}.`);
  return value;
}

export function optionalBoolean(from: JsonObject, key: string, path = key): boolean | undefined {
  const value = from[key];
  if (!present(value)) return undefined;
  if (typeof value !== "boolean") throw wrong(path, "true or false", value);
  return value;
}

export function optionalObject(from: JsonObject, key: string, path = key): JsonObject | undefined {
  const value = from[key];
  if (!present(value)) return undefined;
  if (!isObject(value)) throw wrong(path, "an object", value);
  return value;
}

export function optionalArray(from: JsonObject, key: string, path = key): Json[] | undefined {
  const value = from[key];
  if (!present(value)) return undefined;
  if (!Array.isArray(value)) throw wrong(path, "an array", value);
  return value;
}

export function requiredObject(value: Json | undefined, path: string): JsonObject {
  if (isObject(value)) return value;
  if (!present(value)) throw invalid(path, `${path} is required and must be an object.`);
  throw wrong(path, "an object", value);
}

/** The members of `from` that are not null and not in `known`; undefined when none is left. */
export function rest(from: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let out: JsonObject | undefined;
  for (const key of Object.keys(from)) {
    const value = from[key];
    if (known.has(key) || !present(value)) continue;
    out ??= {};
    out[key] = value;
  }
  return out;
}

/** `ext` of a part of the model that holds what only this protocol knows. */
export function chatExt(fields: JsonObject | undefined): { ext?: { chat: JsonObject } } {
  return fields === undefined ? {} : { ext: { chat: fields } };
}

/**
 * Reading untrusted JSON in the manner of protobuf: members by camelCase or snake_case, null as absent, enums in any
 * case. Each reader says what it wants, or throws `invalid-request` that names the field.
 */
import { GatewayError } from "../../model/error.ts";
import type { Json, JsonObject } from "../../model/json.ts";

const raw = JSON as unknown as { isRawJSON(value: unknown): value is { rawJSON: string } };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !raw.isRawJSON(value);
}

export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** The number that a JSON value stands for: also one kept as its source text, or an int64 written as a string. */
export function numeric(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "string") return /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined;
  return raw.isRawJSON(value) && /^[-\d]/.test(value.rawJSON) ? Number(value.rawJSON) : undefined;
}

export function textOr(value: unknown, otherwise = ""): string {
  return typeof value === "string" ? value : otherwise;
}

/** The members under their camelCase names, without nulls. Where both spellings are there, camelCase wins. */
export function camel(object: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(object)) {
    if (isAbsent(value)) continue;
    const name = key.startsWith("_") ? key : key.replace(/_+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
    if (name === key || !Object.hasOwn(object, name)) set(out, name, value);
  }
  return out;
}

/** A plain assignment would reach the prototype by the name `__proto__`. */
function set(object: JsonObject, key: string, value: Json | undefined): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

export function invalid(param: string, wanted: string): GatewayError {
  return new GatewayError("invalid-request", `${param}: ${wanted}`, { param });
}

export function unsupported(param: string, words: string, vendorCode?: string): GatewayError {
  return new GatewayError("unsupported", `${param}: ${words}`, vendorCode ? { param, vendorCode } : { param });
}

/** An object with its members under their camelCase names. */
export function readObject(value: unknown, at: string): JsonObject {
  if (!isObject(value)) throw invalid(at, "must be an object");
  return camel(value);
}

/** An object of the client's own, whose member names mean nothing here. */
export function readFree(value: unknown, at: string): JsonObject {
  if (!isObject(value)) throw invalid(at, "must be an object");
  return value;
}

export function readList(value: unknown, at: string): Json[] {
  if (!Array.isArray(value)) throw invalid(at, "must be an array");
  return value;
}

/** A repeated field: the API takes a single value in place of a list. */
export function readRepeated(value: unknown, at: string): Json[] {
  return isObject(value) ? [value] : readList(value, at);
}

export function readText(value: unknown, at: string): string {
  if (typeof value !== "string") throw invalid(at, "must be a string");
  return value;
}

/** A string that is not empty. */
export function readName(value: unknown, at: string): string {
  if (typeof value !== "string" || value === "") throw invalid(at, "must be a string that is not empty");
  return value;
}

export function readNumber(value: unknown, at: string): number {
  const number = numeric(value);
  if (number === undefined || !Number.isFinite(number)) throw invalid(at, "must be a number");
  return number;
}

export function readInteger(value: unknown, at: string): number {
  const number = numeric(value);
  if (number === undefined || !Number.isSafeInteger(number)) throw invalid(at, "must be an integer");
  return number;
}

export function readCount(value: unknown, at: string): number {
  const number = readInteger(value, at);
  if (number < 0) throw invalid(at, "must not be negative");
  return number;
}

export function readFlag(value: unknown, at: string): boolean {
  if (typeof value !== "boolean") throw invalid(at, "must be true or false");
  return value;
}

/** A word of an enum in upper case; numbers stand for the words in their order. */
export function readEnum(value: unknown, at: string, words: readonly string[]): string {
  const number = typeof value === "number" ? words[value] : undefined;
  if (number !== undefined) return number;
  return readName(value, at).toUpperCase();
}

/** Reads a member that may be absent or null. */
export function optional<T>(value: unknown, at: string, read: (value: unknown, at: string) => T): T | undefined {
  return isAbsent(value) ? undefined : read(value, at);
}

/** What is left of an object without the named members and without nulls; undefined when that is nothing. */
export function remainder(object: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let rest: JsonObject | undefined;
  for (const [key, value] of Object.entries(object)) {
    if (known.has(key) || isAbsent(value)) continue;
    rest ??= {};
    set(rest, key, value);
  }
  return rest;
}

/** The members as `ext` of this protocol, to be spread into an item or block. */
export function extOf(object: JsonObject, known: ReadonlySet<string>): { ext?: { gemini: JsonObject } } {
  const rest = remainder(object, known);
  return rest ? { ext: { gemini: rest } } : {};
}

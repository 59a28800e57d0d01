/**
 * Reading untrusted JSON: each reader says what it wants, or throws `invalid-request` that names the field. Numbers may be
 * raw values of kit/json.ts (`1.0`).
 */
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";

const raw = JSON as unknown as { isRawJSON(value: unknown): value is { rawJSON: string } };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !raw.isRawJSON(value);
}

export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** The number of a raw value, undefined when it is none. */
export function rawNumber(value: unknown): number | undefined {
  return raw.isRawJSON(value) && /^[-\d]/.test(value.rawJSON) ? Number(value.rawJSON) : undefined;
}

export function invalid(param: string, wanted: string): GatewayError {
  return new GatewayError("invalid-request", `${param}: ${wanted}`, { param });
}

export function readList(value: unknown, at: string): Json[] {
  if (!Array.isArray(value)) throw invalid(at, "must be an array");
  return value;
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

export function readFlag(value: unknown, at: string): boolean {
  if (typeof value !== "boolean") throw invalid(at, "must be true or false");
  return value;
}

/** Reads a member that may be absent or null. */
export function optional<T>(value: unknown, at: string, read: (value: unknown, at: string) => T): T | undefined {
  return isAbsent(value) ? undefined : read(value, at);
}

/** A plain assignment would reach the prototype by the name `__proto__`. */
export function setMember(object: JsonObject, key: string, value: Json | undefined): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** What is left of an object without the named members and without nulls; undefined when that is nothing. */
export function remainder(object: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let rest: JsonObject | undefined;
  for (const [key, value] of Object.entries(object)) {
    if (known.has(key) || isAbsent(value)) continue;
    rest ??= {};
    setMember(rest, key, value);
  }
  return rest;
}

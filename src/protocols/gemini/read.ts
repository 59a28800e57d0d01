/**
 * Reading untrusted JSON in the manner of protobuf: members by camelCase or snake_case, null as absent, enums in any
 * case. Each reader says what it wants, or throws `invalid-request` that names the field.
 */

import { GatewayError } from "../../model/error.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { invalid, isAbsent, isObject, rawNumber, readList, readName, remainder, setMember } from "../read.ts";

/** The number that a JSON value stands for: also one kept as its source text, or an int64 written as a string. */
export function numeric(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "string") return /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined;
  return rawNumber(value);
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
    if (name === key || !Object.hasOwn(object, name)) setMember(out, name, value);
  }
  return out;
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

/** A repeated field: the API takes a single value in place of a list. */
export function readRepeated(value: unknown, at: string): Json[] {
  return isObject(value) ? [value] : readList(value, at);
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

/** A word of an enum in upper case; numbers stand for the words in their order. */
export function readEnum(value: unknown, at: string, words: readonly string[]): string {
  const number = typeof value === "number" ? words[value] : undefined;
  if (number !== undefined) return number;
  return readName(value, at).toUpperCase();
}

/** The members as `ext` of this protocol, to be spread into an item or block. */
export function extOf(object: JsonObject, known: ReadonlySet<string>): { ext?: { gemini: JsonObject } } {
  const rest = remainder(object, known);
  return rest ? { ext: { gemini: rest } } : {};
}

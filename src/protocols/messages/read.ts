/**
 * Reading untrusted JSON: each function says what it wants, or throws `invalid-request` that names the field. Numbers
 * may be raw values of kit/json.ts (`1.0`), which count as numbers here.
 */

import type { JsonObject } from "../../model/json.ts";
import { invalid, isObject, rawNumber, remainder } from "../read.ts";

/** The number that a JSON value stands for, undefined when it is none. */
export function numeric(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return rawNumber(value);
}

export function readObject(value: unknown, at: string): JsonObject {
  if (!isObject(value)) throw invalid(at, "must be an object");
  return value;
}

export function readNumber(value: unknown, at: string): number {
  const number = numeric(value);
  if (number === undefined || !Number.isFinite(number)) throw invalid(at, "must be a number");
  return number;
}

export function readCount(value: unknown, at: string): number {
  const number = numeric(value);
  if (number === undefined || !Number.isSafeInteger(number) || number < 0) {
    throw invalid(at, "must be an integer that is not negative");
  }
  return number;
}

/** The members as `ext` of this protocol, to be spread into an item or block. */
export function extOf(object: JsonObject, known: ReadonlySet<string>): { ext?: { messages: JsonObject } } {
  const rest = remainder(object, known);
  return rest ? { ext: { messages: rest } } : {};
}

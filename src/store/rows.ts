/** The only place that converts what a database gives: PostgreSQL has BIGINT as text, flags are 0 and 1. */
import type { Json } from "../model/json.ts";

export type Column = string | number | bigint | null | undefined;

/** Throws when the value is no whole number that a double can hold. */
export function int(value: Column): number {
  const number = typeof value === "number" ? value : Number(value ?? Number.NaN);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${String(value)} is not a whole number of at most 2^53`);
  return number;
}

export function intOrNull(value: Column): number | null {
  return value === null || value === undefined ? null : int(value);
}

export function flag(value: Column): boolean {
  return int(value) !== 0;
}

/** No id of a request that came at this time (epoch milliseconds) or later sorts before it: ids begin with the time. */
export function firstIdAt(at: number): string {
  const hex = Math.max(0, Math.trunc(at)).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

/** Epoch milliseconds at which an id was made; null for an id of another kind. */
export function timeOfId(id: string): number | null {
  const [, high = "", low = ""] = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(id) ?? [];
  return high === "" ? null : Number.parseInt(high + low, 16);
}

export function json(text: string): Json {
  return JSON.parse(text) as Json;
}

/** A BIGINT column from a number that may have a fraction. */
export function toInt(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : Math.round(value);
}

/** What PostgreSQL does not take in a text: NUL, and half of a surrogate pair (of which this finds whole ones, too). */
const unfit = /[\0\ud800-\udfff]/;

/** A TEXT column. */
export function toText<Value extends string | null>(value: Value): Value {
  if (value === null || !unfit.test(value)) return value;
  return value.replaceAll("\u0000", "\uFFFD").toWellFormed() as Value;
}

/** A JSON column, with the same care: halves of pairs are escaped in JSON. */
export function toJson(value: unknown): string {
  if (Array.isArray(value) && value.length === 0) return "[]";
  const text = JSON.stringify(value);
  return text.includes("\\u0000") ? text.replaceAll("\\u0000", "\\ufffd") : text;
}

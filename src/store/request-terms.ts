/** What a search may ask of a request, word by word: as a condition in SQL, and of a record in memory. The two agree. */
import type { RequestRecord } from "../model/record.ts";
import { type Fragment, fragment, raw } from "./database.ts";
import { toText } from "./rows.ts";

interface TextField {
  kind: "text";
  column: string;
  of(record: RequestRecord): string | null;
}

interface NumberField {
  kind: "number";
  column: string;
  of(record: RequestRecord): number | null;
}

function text(column: string, of: TextField["of"]): TextField {
  return { kind: "text", column, of };
}

function number(column: string, of: NumberField["of"]): NumberField {
  return { kind: "number", column, of };
}

/** Money is in nano-dollars, time in milliseconds. */
export const termFields = {
  id: text("id", ({ id }) => id),
  key: text("key_name", ({ key }) => key),
  label: text("label", ({ label }) => label),
  alias: text("alias", ({ alias }) => alias),
  model: text("model", ({ model }) => model),
  target: text("target", ({ target }) => target),
  provider: text("provider", ({ provider }) => provider),
  protocol: text("protocol", ({ protocol }) => protocol),
  code: text("code", ({ code }) => code),
  finish: text("finish", ({ finish }) => finish),
  ip: text("address", ({ address }) => address),
  status: number("status", ({ status }) => status),
  tries: number("attempts", ({ attempts }) => attempts),
  in: number("tokens_input", ({ tokens }) => tokens?.input ?? null),
  out: number("tokens_output", ({ tokens }) => tokens?.output ?? null),
  cached: number("tokens_cache_read", ({ tokens }) => tokens?.cacheRead ?? null),
  cost: number("cost_nano", ({ costNano }) => rounded(costNano)),
  ttft: number("ttft_ms", ({ ttftMs }) => rounded(ttftMs)),
  total: number("total_ms", ({ totalMs }) => rounded(totalMs)),
} as const;

export type TermField = keyof typeof termFields;

/** As the column holds it. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

/** Of a text field: is it this ("" for none)? Of a number: is it within, both ends included? */
export interface Term {
  field: TermField;
  is: string | { from?: number; to?: number };
  not?: true;
}

/** A condition that is never NULL, so that it can be turned round. */
export function termCondition({ field, is, not }: Term): Fragment {
  const { column } = termFields[field];
  const meant = typeof is === "string" ? fragment`COALESCE(${raw(column)}, '') = ${toText(is)}` : within(column, is);
  return not ? fragment`NOT (${meant})` : meant;
}

function within(column: string, { from, to }: { from?: number; to?: number }): Fragment {
  const least = from === undefined ? raw("1 = 1") : fragment`${raw(column)} >= ${from}`;
  const most = to === undefined ? raw("1 = 1") : fragment`${raw(column)} <= ${to}`;
  return fragment`(${raw(column)} IS NOT NULL AND ${least} AND ${most})`;
}

export function fitsTerm({ field, is, not }: Term, record: RequestRecord): boolean {
  const value = termFields[field].of(record);
  return isMeant(value, is) !== (not ?? false);
}

function isMeant(value: string | number | null, is: Term["is"]): boolean {
  if (typeof is === "string") return (value ?? "") === is;
  if (typeof value !== "number") return false;
  return value >= (is.from ?? Number.NEGATIVE_INFINITY) && value <= (is.to ?? Number.POSITIVE_INFINITY);
}

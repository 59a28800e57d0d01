/** Does a request that has just closed belong to a list? What request-filter.ts says in SQL, said of a record. */
import type { RequestRecord } from "../model/record.ts";
import type { RequestFilter, ResultClass } from "./request-filter.ts";
import { fitsTerm } from "./request-terms.ts";

/** `limit` and `after` are of a page, and not of the list. */
export function fitsFilter(filter: RequestFilter, record: RequestRecord): boolean {
  const { key, label, alias, provider, model, result, text, from, to, terms = [] } = filter;
  return (
    isValue(key, record.key) &&
    isValue(label, record.label) &&
    isValue(alias, record.alias) &&
    isValue(provider, record.provider) &&
    isModel(model, record) &&
    (result === undefined || isOf[result](record)) &&
    (from === undefined || record.at >= from) &&
    (to === undefined || record.at < to) &&
    (text === undefined || holds(record, text)) &&
    terms.every((term) => fitsTerm(term, record))
  );
}

/** "" stands for none. */
function isValue(wanted: string | undefined, value: string | null): boolean {
  return wanted === undefined || (wanted === "" ? value === null : wanted === value);
}

function isModel(wanted: string | undefined, { model, target }: RequestRecord): boolean {
  if (wanted === undefined) return true;
  return wanted === "" ? target === null : wanted === target || wanted === model;
}

const isOf: Record<ResultClass, (record: RequestRecord) => boolean> = {
  success: ({ code }) => code === null,
  failed: ({ code }) => code !== null && code !== "cancelled",
  cancelled: ({ code }) => code === "cancelled",
  interrupted: ({ interrupted }) => interrupted,
  "4xx": ({ status }) => status !== null && status >= 400 && status < 500,
  "5xx": ({ status }) => status !== null && status >= 500,
};

function holds(record: RequestRecord, text: string): boolean {
  const { id, clientRequestId, key, label, model, alias, target, code, errors } = record;
  const places = [id, clientRequestId, key, label, model, alias, target, code, JSON.stringify(errors)];
  const wanted = text.toLowerCase();
  return places.some((place) => place?.toLowerCase().includes(wanted));
}

/** The filters of the list of requests, from its address. What cannot be understood is left out, and said. */
import { type Filters, lastHours } from "../../views/parts/filters.tsx";
import { type RequestFilter, type ResultClass, results } from "../store/request-filter.ts";
import { readQuery } from "./query-box.ts";
import { hourMs } from "./range.ts";

/** `-`: rows that have none. */
const nothing = "-";
const named = ["key", "label", "alias", "provider", "model"] as const;
const known = new Set<string>([...named, "result", "q", "range", "from", "to", "group", "after"]);
const longest = 300;

export interface Asked {
  filter: RequestFilter;
  /** The same as the page shows it. */
  filters: Filters;
  ignored: string[];
}

export interface OwnAsked extends Omit<Asked, "filter"> {
  filter: Omit<RequestFilter, "key" | "provider">;
}

export function readFilters(query: URLSearchParams): Asked {
  const asked: Asked = { filter: {}, filters: {}, ignored: [] };
  for (const [name, value] of query) {
    if (!known.has(name)) asked.ignored.push(`${name} (there are ${[...known].join(", ")})`);
    else if (value.length > longest) asked.ignored.push(`${name}, which is too long`);
  }
  for (const name of named) {
    const value = textOf(query, name);
    if (value === undefined) continue;
    asked.filters[name] = value;
    asked.filter[name] = value === nothing ? "" : value;
  }
  readResult(query, asked);
  readBox(query, asked);
  readTimes(query, asked);
  readGroup(query, asked);
  const after = textOf(query, "after");
  if (after !== undefined) asked.filter.after = after;
  return asked;
}

/** The same for the list of one key's holder: by nothing that says more than the list itself does. */
export function readOwnFilters(query: URLSearchParams, { showsTargets }: { showsTargets: boolean }): OwnAsked {
  const hidden = ["key", "provider", "group", ...(showsTargets ? [] : ["model", "q"])];
  const own = new URLSearchParams([...query].filter(([name]) => !hidden.includes(name)));
  const asked = readFilters(own);
  for (const name of hidden) if (query.has(name)) asked.ignored.push(`${name}, which this list has not`);
  const { key: _key, provider: _provider, terms = [], ...filter } = asked.filter;
  const told = terms.filter(({ field }) => field !== "key" && field !== "ip");
  return { ...asked, filter: told.length > 0 ? { ...filter, terms: told } : filter };
}

/** Empty fields of a form are as if they were not there. */
function textOf(query: URLSearchParams, name: string): string | undefined {
  const value = query.get(name)?.trim();
  return value && value.length <= longest ? value : undefined;
}

/** What of the box cannot be understood is left out, and the rest holds. */
function readBox(query: URLSearchParams, { filter, filters, ignored }: Asked): void {
  const box = textOf(query, "q");
  if (box === undefined) return;
  const { terms, text, faults } = readQuery(box);
  filters.q = box;
  if (terms.length > 0) filter.terms = terms;
  if (text !== undefined) filter.text = text;
  ignored.push(...faults);
}

function readResult(query: URLSearchParams, { filter, filters, ignored }: Asked): void {
  const value = textOf(query, "result");
  if (value === undefined) return;
  if (!isResult(value)) {
    ignored.push(`result (there are ${results.join(", ")})`);
    return;
  }
  filter.result = value;
  filters.result = value;
}

function isResult(word: string): word is ResultClass {
  return results.some((one) => one === word);
}

/** Failures by their cause: of whatever did not succeed, unless the address says more. */
function readGroup(query: URLSearchParams, { filter, filters, ignored }: Asked): void {
  const value = textOf(query, "group");
  if (value === undefined) return;
  if (value !== "cause") {
    ignored.push("group (there is cause)");
    return;
  }
  filters.group = value;
  if (filter.result === "success") ignored.push("result success, which has no cause");
  if (filter.result !== undefined && filter.result !== "success") return;
  filter.result = "failed";
  filters.result = "failed";
}

/** The last hours win over times that are named. */
function readTimes(query: URLSearchParams, { filter, filters, ignored }: Asked): void {
  const range = textOf(query, "range");
  const hours = lastHours.find(({ value }) => value === range)?.hours;
  if (range !== undefined && hours !== undefined) {
    filter.from = Date.now() - hours * hourMs;
    filters.range = range;
    return;
  }
  if (range !== undefined) ignored.push(`range (there are ${lastHours.map(({ value }) => value).join(", ")})`);
  for (const name of ["from", "to"] as const) {
    const value = textOf(query, name);
    if (value === undefined) continue;
    const at = Date.parse(value);
    if (Number.isNaN(at)) {
      ignored.push(`${name} (a time like 2026-11-22T10:00:00Z)`);
      continue;
    }
    filter[name] = at;
    filters[name] = value;
  }
}

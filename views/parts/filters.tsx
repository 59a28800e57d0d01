/** What a list of requests is narrowed down to: a form, and one chip for each part that can be taken out again. */
import type { Markup } from "../jsx/jsx-runtime.ts";

/** As the address has them; `-` stands for rows that have none. */
export interface Filters {
  key?: string;
  label?: string;
  alias?: string;
  provider?: string;
  model?: string;
  result?: string;
  /** The query box. */
  q?: string;
  /** Of `lastHours`: in place of the times. */
  range?: string;
  from?: string;
  to?: string;
  /** `cause`: failures in groups, and no list. */
  group?: string;
}

/** What is not chosen among is absent. */
export interface Choices {
  keys?: readonly string[];
  aliases: readonly string[];
  providers?: readonly string[];
  results: readonly string[];
}

const names: Record<keyof Filters, string> = {
  key: "Key",
  label: "Label",
  alias: "Alias",
  provider: "Provider",
  model: "Model",
  result: "Result",
  q: "Query",
  range: "In the last",
  from: "From",
  to: "Until",
  group: "Grouped by",
};
const order = Object.keys(names) as (keyof Filters)[];
/** What leaves requests out. */
const narrowing = order.filter((name) => name !== "group");
/** Until now. */
export const lastHours = [
  { value: "1h", words: "hour", hours: 1 },
  { value: "24h", words: "24 hours", hours: 24 },
  { value: "7d", words: "7 days", hours: 168 },
  { value: "30d", words: "30 days", hours: 720 },
] as const;
const results: Record<string, string> = {
  success: "success",
  failed: "failed",
  cancelled: "cancelled by the client",
  interrupted: "interrupted",
  "4xx": "status 4xx",
  "5xx": "status 5xx",
};

export const allRequests = "/console/requests";

/** The list's address with these filters. */
export function listAddress(filters: Filters, after?: string, list = allRequests): string {
  const query = new URLSearchParams();
  for (const name of order) if (filters[name]) query.set(name, filters[name]);
  if (after !== undefined) query.set("after", after);
  return query.size === 0 ? list : `${list}?${query}`;
}

export function isFiltered(filters: Filters): boolean {
  return narrowing.some((name) => filters[name]);
}

export interface FilterProps {
  filters: Filters;
  choices: Choices;
  /** Path of the list. */
  list: string;
  /** By names of models, and words. */
  searches: boolean;
}

export function FilterForm({ filters, choices, list, searches }: FilterProps): Markup {
  const { from, to, label, group } = filters;
  const { keys, providers } = choices;
  return (
    <details class="filters" open={isFiltered(filters) && !group}>
      <summary>Filter</summary>
      <form method="get" action={list} class="card fields">
        {searches ? (
          <p class="wide">
            <label for="f-q">Query</label>
            <input
              id="f-q"
              name="q"
              value={filters.q ?? ""}
              spellcheck="false"
              placeholder="status:5xx cost>0.10 -provider:x total>2s words in an error"
            />
          </p>
        ) : null}
        {keys === undefined ? null : <Choose name="key" options={keys} value={filters.key} />}
        <Choose name="alias" options={choices.aliases} value={filters.alias} />
        {providers === undefined ? null : <Choose name="provider" options={providers} value={filters.provider} />}
        <Choose name="result" options={choices.results} value={filters.result} />
        <Choose name="range" options={lastHours.map(({ value }) => value)} value={filters.range} />
        {searches ? (
          <p>
            <label for="f-model">Model</label>
            <input
              id="f-model"
              name="model"
              value={filters.model ?? ""}
              placeholder={providers === undefined ? "name" : "name or provider/model"}
            />
          </p>
        ) : null}
        {label ? <input type="hidden" name="label" value={label} /> : null}
        {from ? <input type="hidden" name="from" value={from} /> : null}
        {to ? <input type="hidden" name="to" value={to} /> : null}
        {group ? <input type="hidden" name="group" value={group} /> : null}
        <p class="act">
          <button type="submit">Show</button>
        </p>
      </form>
    </details>
  );
}

interface ChooseProps {
  name: "key" | "alias" | "provider" | "result" | "range";
  options: readonly string[];
  value: string | undefined;
}

function Choose({ name, options, value = "" }: ChooseProps): Markup {
  const known = name === "result" || name === "range" ? options : ["-", ...options];
  const all = value === "" || known.includes(value) ? known : [...known, value];
  const words = (option: string) => (option === "-" ? "without one" : wordsOf(name, option));
  return (
    <p>
      <label for={`f-${name}`}>{names[name]}</label>
      <select id={`f-${name}`} name={name}>
        <option value="" selected={value === ""}>
          {name === "range" ? "any time" : "all"}
        </option>
        {all.map((option) => (
          <option value={option} selected={option === value}>
            {words(option)}
          </option>
        ))}
      </select>
    </p>
  );
}

function wordsOf(name: keyof Filters, value: string): string {
  if (name === "result") return results[value] ?? value;
  return name === "range" ? (lastHours.find((one) => one.value === value)?.words ?? value) : value;
}

export function Chips({ filters, list }: { filters: Filters; list: string }): Markup | null {
  const active = narrowing.filter((name) => filters[name]);
  const { group } = filters;
  if (active.length === 0) return null;
  return (
    <ul class="chips" aria-label="Filters in force">
      {active.map((name) => (
        <li>
          <a
            href={listAddress({ ...filters, [name]: "" }, undefined, list)}
            aria-label={`Take out: ${names[name]} ${chipWords(name, filters[name] ?? "")}`}
          >
            {names[name]}: {chipWords(name, filters[name] ?? "")} <span aria-hidden="true">✕</span>
          </a>
        </li>
      ))}
      {active.length < 2 ? null : (
        <li>
          <a href={listAddress(group ? { group } : {}, undefined, list)}>Take out all</a>
        </li>
      )}
    </ul>
  );
}

/** The box and the results as the address has them. */
function chipWords(name: keyof Filters, value: string): string {
  if (value === "-") return "none";
  return name === "range" ? wordsOf(name, value) : value;
}

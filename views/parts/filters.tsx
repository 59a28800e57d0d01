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
  from?: string;
  to?: string;
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
  from: "From",
  to: "Until",
};
const order = Object.keys(names) as (keyof Filters)[];
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
  return order.some((name) => filters[name]);
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
  const { from, to, label } = filters;
  const { keys, providers } = choices;
  return (
    <details class="filters" open={isFiltered(filters)}>
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
        <p class="act">
          <button type="submit">Show</button>
        </p>
      </form>
    </details>
  );
}

interface ChooseProps {
  name: "key" | "alias" | "provider" | "result";
  options: readonly string[];
  value: string | undefined;
}

function Choose({ name, options, value = "" }: ChooseProps): Markup {
  const known = name === "result" ? options : ["-", ...options];
  const all = value === "" || known.includes(value) ? known : [...known, value];
  const words = (option: string) => (option === "-" ? "without one" : name === "result" ? results[option] : option);
  return (
    <p>
      <label for={`f-${name}`}>{names[name]}</label>
      <select id={`f-${name}`} name={name}>
        <option value="" selected={value === ""}>
          all
        </option>
        {all.map((option) => (
          <option value={option} selected={option === value}>
            {words(option) ?? option}
          </option>
        ))}
      </select>
    </p>
  );
}

export function Chips({ filters, list }: { filters: Filters; list: string }): Markup | null {
  const active = order.filter((name) => filters[name]);
  if (active.length === 0) return null;
  return (
    <ul class="chips" aria-label="Filters in force">
      {active.map((name) => (
        <li>
          <a
            href={listAddress({ ...filters, [name]: "" }, undefined, list)}
            aria-label={`Take out: ${names[name]} ${filters[name]}`}
          >
            {names[name]}: {filters[name] === "-" ? "none" : filters[name]} <span aria-hidden="true">✕</span>
          </a>
        </li>
      ))}
      {active.length < 2 ? null : (
        <li>
          <a href={list}>Take out all</a>
        </li>
      )}
    </ul>
  );
}

/** What somebody has chosen of the list of requests: saved views, and which columns are shown. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { allRequests, type Filters, isFiltered, listAddress } from "./filters.tsx";

/** Those that can be left out, by their name in the cookie. */
export const columns = {
  key: "Key",
  protocol: "Protocol",
  model: "Model",
  target: "Served by",
  tries: "Tries",
  input: "Tokens in",
  output: "Tokens out",
  first: "First token",
  total: "Total",
  cost: "Cost",
} as const;
export type Column = keyof typeof columns;
export const columnNames = Object.keys(columns) as Column[];

export interface SavedView {
  name: string;
  /** The query of the list's address. */
  query: string;
}

export interface ListChoicesProps {
  csrf: string;
  filters: Filters;
  views: readonly SavedView[];
  /** Columns that are not shown. */
  hidden: readonly Column[];
}

export function ListChoices({ csrf, filters, views, hidden }: ListChoicesProps): Markup {
  const here = listAddress(filters);
  return (
    <div class="list-choices">
      <nav aria-label="Views">
        <a class="alone" href="/console/running">
          Requests that run
        </a>
        {filters.result === "success" ? null : (
          <a class="alone" href={listAddress({ ...filters, group: "cause" })}>
            Failures by cause
          </a>
        )}
        {views.map(({ name, query }) => (
          <a
            class="alone"
            href={`${allRequests}?${query}`}
            aria-current={here === `${allRequests}?${query}` ? "page" : null}
          >
            {name}
          </a>
        ))}
      </nav>
      <Views csrf={csrf} filters={filters} views={views} />
      <Columns csrf={csrf} here={here} hidden={hidden} />
    </div>
  );
}

function Views({ csrf, filters, views }: Omit<ListChoicesProps, "hidden">): Markup | null {
  const isNew = isFiltered(filters);
  if (!isNew && views.length === 0) return null;
  return (
    <details class="filters">
      <summary>Saved views</summary>
      <div class="card">
        {isNew ? (
          <form method="post" action={`${allRequests}/views`} class="fields">
            <input type="hidden" name="csrf" value={csrf} />
            <input type="hidden" name="query" value={listAddress(filters).split("?")[1] ?? ""} />
            <p>
              <label for="view-name">Name of the view</label>
              <input id="view-name" name="name" required maxlength="64" autocomplete="off" />
            </p>
            <p class="act">
              <button type="submit">Save these filters</button>
            </p>
          </form>
        ) : (
          <p class="muted">Filter the list to save what it shows.</p>
        )}
        {views.map(({ name }) => (
          <form method="post" action={`${allRequests}/views/remove`}>
            <input type="hidden" name="csrf" value={csrf} />
            <input type="hidden" name="name" value={name} />
            <button type="submit" class="quiet small">
              Forget “{name}”
            </button>
          </form>
        ))}
      </div>
    </details>
  );
}

function Columns({ csrf, here, hidden }: { csrf: string; here: string; hidden: readonly Column[] }): Markup {
  return (
    <details class="filters">
      <summary>Columns</summary>
      <form method="post" action={`${allRequests}/columns`} class="card">
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="next" value={here} />
        <fieldset class="checks">
          <legend>Shown in this browser</legend>
          {columnNames.map((name) => (
            <label class="switch">
              <input type="checkbox" name="column" value={name} checked={!hidden.includes(name)} /> {columns[name]}
            </label>
          ))}
        </fieldset>
        <p class="act">
          <button type="submit">Show these</button>
        </p>
      </form>
    </details>
  );
}

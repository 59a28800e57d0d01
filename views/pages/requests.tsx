/** The list of requests, newest first. Its rows are fetched again when there is news, and merged in place. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { None, Or } from "../parts/empty.tsx";
import { Ignored } from "../parts/fields.tsx";
import {
  allRequests,
  Chips,
  type Choices,
  FilterForm,
  type Filters,
  isFiltered,
  listAddress,
} from "../parts/filters.tsx";
import { type Clock, clockOf, duration, money, whole } from "../parts/format.ts";
import { type Column, columnNames, columns, ListChoices, type ListChoicesProps } from "../parts/list-choices.tsx";
import { Badge, type Outcome } from "../parts/result.tsx";
import { KeyFirst, Snippet } from "../parts/snippet.tsx";
import { type BarsProps, StackedBars } from "../parts/stacked-bars.tsx";

export interface Row extends Outcome {
  id: string;
  /** Epoch milliseconds. */
  at: number;
  key: string | null;
  label: string | null;
  protocol: string;
  model: string | null;
  target: string | null;
  tokens: { input: number; output: number } | null;
  ttftMs: number | null;
  totalMs: number | null;
  costNano: number | null;
}

export interface RowsProps {
  rows: readonly Row[];
  /** IANA name of the reporting timezone. */
  zone: string;
  /** What the list is narrowed down to: where a request was opened from. */
  filters: Filters;
  /** Columns that are not wanted. */
  hidden?: readonly Column[];
  /** Of a key's holder: the list is of that key alone, and may have neither targets nor costs. */
  own?: { showsTargets: boolean };
}

export interface RequestsProps extends RowsProps {
  shell: Shell;
  /** Cursor of the next page. */
  next: string | null;
  /** The newest page, which stays up to date. */
  isFirst: boolean;
  /** How many came when; null where that is not known by what the list is narrowed down to. */
  volume?: BarsProps | null;
  baseUrl: string;
  /** A name that clients can call. */
  model: string;
  choices: Choices;
  /** What somebody chose of the operator's list. */
  chosen?: Pick<ListChoicesProps, "csrf" | "views">;
  /** What of the address was not understood. */
  ignored: readonly string[];
}

/** Where the list is. */
function listOf(own: RowsProps["own"]): string {
  return own === undefined ? allRequests : "/console/me/requests";
}

export function requestsPage(props: RequestsProps): Markup {
  const { shell, rows, zone, next, isFirst, filters, ignored, own } = props;
  const list = listOf(own);
  const showsTargets = own?.showsTargets ?? true;
  const { hidden = [] } = props;
  return (
    <Layout shell={shell} title="Requests">
      <div class="bar">
        <h1>Requests</h1>
        {isFirst ? <Tail /> : null}
      </div>
      <Ignored ignored={ignored} />
      <FilterForm filters={filters} choices={props.choices} list={list} searches={showsTargets} />
      <Chips filters={filters} list={list} />
      {props.volume ? (
        <div class="volume">
          <StackedBars {...props.volume} />
        </div>
      ) : null}
      {props.chosen ? <ListChoices {...props.chosen} filters={filters} hidden={hidden} /> : null}
      {own === undefined ? null : (
        <nav aria-label="Views" class="list-choices">
          <a class="alone" href="/console/me/running">
            Requests that run
          </a>
        </nav>
      )}
      <p class="muted zone">Times in {zone}</p>
      <section class="scroll" tabindex="0" aria-label="Requests, newest first">
        <table class="requests">
          <caption class="hidden">Requests, newest first; times in {zone}</caption>
          <Head zone={zone} own={own} hidden={hidden} />
          <tbody id="rows" {...(isFirst ? liveRows(filters, list) : {})}>
            {requestRows({ rows, zone, filters, hidden, ...(own === undefined ? {} : { own }) })}
          </tbody>
        </table>
      </section>
      <Empty {...props} />
      {rows.length === 0 && next === null ? null : <Pages {...props} />}
    </Layout>
  );
}

/** A key's holder may have neither targets nor costs. */
function columnsOf({ own, hidden = [] }: Pick<RowsProps, "own" | "hidden">): Column[] {
  const untold: readonly Column[] = (own?.showsTargets ?? true) ? hidden : [...hidden, "target", "cost"];
  return columnNames.filter((name) => !untold.includes(name));
}

const words = new Set<Column>(["key", "protocol", "model", "target"]);

function Head(props: Pick<RowsProps, "zone" | "own" | "hidden">): Markup {
  return (
    <thead>
      <tr>
        <th scope="col">Time ({props.zone})</th>
        <th scope="col">Result</th>
        {columnsOf(props).map((name) => (
          <th scope="col" class={words.has(name) ? null : "number"}>
            {name === "key" && props.own !== undefined ? "Label" : columns[name]}
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** The rows alone, as the live list fetches them. */
export function requestRows(props: RowsProps): Markup {
  const { rows, zone, filters, own } = props;
  const clock = clockOf(zone);
  const shown = columnsOf(props);
  return (
    <>
      {rows.map((row) => (
        <RequestRow row={row} clock={clock} own={own} filters={filters} shown={shown} />
      ))}
    </>
  );
}

/** The script hears of news from the one address and has the rows fetched from the other. */
function liveRows(filters: Filters, list: string): Record<string, string> {
  const news = listAddress(filters, undefined, list.replace(/requests$/, "live"));
  return {
    "hx-trigger": "news",
    "hx-swap": "innerMorph",
    "hx-get": listAddress(filters, undefined, list),
    "data-live": news,
  };
}

function Tail(): Markup {
  return (
    <div class="tail">
      <button type="button" class="small" data-news hidden></button>
      <span id="live" role="status" class="muted">
        connecting
      </span>
      <button type="button" class="quiet" data-pause aria-pressed="false">
        Pause
      </button>
    </div>
  );
}

interface RequestRowProps extends Pick<RowsProps, "own" | "filters"> {
  row: Row;
  clock: Clock;
  shown: readonly Column[];
}

function RequestRow({ row, clock, own, filters, shown }: RequestRowProps): Markup {
  return (
    <tr id={`r-${row.id}`}>
      <th scope="row" class="time">
        <a href={listAddress(filters, undefined, `${listOf(own)}/${encodeURIComponent(row.id)}`)}>
          <time datetime={new Date(row.at).toISOString()} title={`${clock.long(row.at)} ${clock.zone}`}>
            {clock.short(row.at)}
          </time>
        </a>
      </th>
      <td class="result">
        <Badge {...row} />
      </td>
      {shown.map((name) =>
        name === "key" ? (
          <Asker row={row} isOwn={own !== undefined} />
        ) : words.has(name) ? (
          <Word name={name} row={row} />
        ) : (
          <Figure name={columns[name]} text={figureOf(row, name)} />
        ),
      )}
    </tr>
  );
}

function Word({ name, row: { protocol, model, target } }: { name: Column; row: Row }): Markup {
  const text = name === "protocol" ? protocol : name === "model" ? model : target;
  return (
    <td class={name} data-name={columns[name]} title={name === "protocol" ? null : text}>
      {name === "protocol" ? protocol : <Or text={text} />}
    </td>
  );
}

function figureOf({ attempts, tokens, ttftMs, totalMs, costNano }: Row, name: Column): string | null {
  switch (name) {
    case "tries":
      return whole(attempts);
    case "input":
      return tokens && whole(tokens.input);
    case "output":
      return tokens && whole(tokens.output);
    case "first":
      return ttftMs === null ? null : duration(ttftMs);
    case "total":
      return totalMs === null ? null : duration(totalMs);
    default:
      return tokens === null ? null : money(costNano);
  }
}

/** Whose request it is: of a list of one key its label alone says that. */
function Asker({ row: { key, label }, isOwn }: { row: Row; isOwn: boolean }): Markup {
  if (isOwn) {
    return (
      <td class="key" data-name="Label" title={label}>
        <Or text={label} />
      </td>
    );
  }
  return (
    <td class="key" data-name="Key" title={label === null ? key : `${key}:${label}`}>
      <Or text={key} />
      {label === null ? null : <span class="muted">:{label}</span>}
    </td>
  );
}

function Figure({ name, text }: { name: string; text: string | null }): Markup {
  return (
    <td class={name === "Tries" ? "number tries" : "number"} data-name={name}>
      {text === null ? <None /> : text}
    </td>
  );
}

/** Shown by the style sheet while there are no rows. */
function Empty({ isFirst, baseUrl, model, filters, next, own }: RequestsProps): Markup {
  const list = listOf(own);
  if (isFiltered(filters)) {
    const words =
      next === null
        ? "No request fits these filters."
        : "None of the requests looked at so far fits these filters; Older looks further.";
    return (
      <section class="card empty">
        <p>{words}</p>
        <p>
          <a class="button" href={list}>
            Show all requests
          </a>
        </p>
      </section>
    );
  }
  if (!isFirst) {
    return (
      <section class="card empty">
        <p>There are no older requests.</p>
        <p>
          <a class="button" href={list}>
            Go to the newest
          </a>
        </p>
      </section>
    );
  }
  return (
    <section class="empty">
      <p>No request has come in yet. Send one, and it appears here by itself.</p>
      <KeyFirst />
      <Snippet protocol="chat" baseUrl={baseUrl} model={model} rank={2} />
    </section>
  );
}

function Pages({ next, isFirst, filters, own }: RequestsProps): Markup {
  const list = listOf(own);
  return (
    <nav class="pages" aria-label="Pages of the list">
      {isFirst ? null : <a href={listAddress(filters, undefined, list)}>Newest</a>}
      {next === null ? null : <a href={listAddress(filters, next, list)}>Older</a>}
      <a href={listAddress(filters, undefined, `${list}.csv`)} download>
        CSV <span class="muted">(newest 10,000)</span>
      </a>
    </nav>
  );
}

/** Which usage rows a list shows, as SQL; request-fit.ts says the same of a record. None of it is indexed: a search looks at a bounded number of rows at once. */
import { type Fragment, fragment, none, raw, type Sql } from "./database.ts";
import { type Term, termCondition } from "./request-terms.ts";
import { firstIdAt, toText } from "./rows.ts";

/** `failed`: whatever did not succeed, clients that left aside. */
export const results = ["success", "failed", "cancelled", "interrupted", "4xx", "5xx"] as const;
export type ResultClass = (typeof results)[number];

export interface RequestFilter {
  /** 1 to 500; 50 unless said. */
  limit?: number;
  /** The `next` of the page before. */
  after?: string;
  /** Name of a client key. */
  key?: string;
  label?: string;
  alias?: string;
  provider?: string;
  /** The name that the client called, or the `provider/model` that answered. */
  model?: string;
  result?: ResultClass;
  /** Anywhere in ids, names or what failed; large and small letters alike. */
  text?: string;
  /** All of them hold. */
  terms?: readonly Term[];
  /** From, to before; epoch milliseconds. */
  from?: number;
  to?: number;
}

/**
 * Rows that one search looks at, step after step: most find their page among the newest, the others say after the last
 * step how far they came. To look for a text anywhere in a row takes longer.
 */
const steps = [2_000, 18_000];
const stepsForText = [1_000, 5_000];

export function searchSteps({ text }: RequestFilter): readonly number[] {
  return text === undefined ? steps : stepsForText;
}

/** A condition for each part that is given, beginning with AND. `floor`: what `searchFloor` said. */
export function conditionsOf(filter: RequestFilter, floor?: string): Fragment {
  return allOf([...equalities(filter), ...others(filter), ...idBounds(filter, floor)]);
}

function allOf(conditions: readonly Fragment[]): Fragment {
  return conditions.reduce((so_far, one) => fragment`${so_far} AND ${one}`, none);
}

function equalities({ key, label, alias, provider }: RequestFilter): Fragment[] {
  const values = { key_name: key, label, alias, provider };
  return Object.entries(values).flatMap(([column, value]) =>
    value === undefined
      ? []
      : [value === "" ? fragment`${raw(column)} IS NULL` : fragment`${raw(column)} = ${toText(value)}`],
  );
}

function others({ model, result, text, terms = [], ...place }: RequestFilter): Fragment[] {
  const all: Fragment[] = [];
  if (model !== undefined) {
    all.push(model === "" ? raw("target IS NULL") : fragment`(target = ${toText(model)} OR model = ${toText(model)})`);
  }
  if (result !== undefined) all.push(raw(resultConditions[result]));
  if (text !== undefined) all.push(holds(text));
  all.push(...terms.map(termCondition));
  if (place.from !== undefined) all.push(fragment`at >= ${place.from}`);
  if (place.to !== undefined) all.push(fragment`at < ${place.to}`);
  return all;
}

/**
 * Ids begin with the time of arrival, a moment before the row's own time. One bound at each end, the nearer one: of two,
 * SQLite may go along the index to the farther.
 */
function idBounds({ from, to, after }: Pick<RequestFilter, "from" | "to" | "after">, floor?: string): Fragment[] {
  const least = floor ?? (from === undefined ? undefined : firstIdAt(from - slackMs));
  const most = after ?? (to === undefined ? undefined : firstIdAt(to + slackMs));
  return [
    ...(least === undefined ? [] : [fragment`id >= ${least}`]),
    ...(most === undefined ? [] : [fragment`id < ${toText(most)}`]),
  ];
}

const slackMs = 60_000;

const resultConditions: Record<ResultClass, string> = {
  success: "code IS NULL",
  failed: "code IS NOT NULL AND code <> 'cancelled'",
  cancelled: "code = 'cancelled'",
  interrupted: "interrupted = 1",
  "4xx": "status >= 400 AND status < 500",
  "5xx": "status >= 500",
};

const searched = ["id", "client_request_id", "key_name", "label", "model", "alias", "target", "code", "errors"];

function holds(text: string): Fragment {
  const pattern = `%${toText(text)
    .toLowerCase()
    .replace(/[\\%_]/g, "\\$&")}%`;
  const [first = none, ...rest] = searched.map(
    (column) => fragment`LOWER(COALESCE(${raw(column)}, '')) LIKE ${pattern} ESCAPE '\\'`,
  );
  return fragment`(${rest.reduce((so_far, one) => fragment`${so_far} OR ${one}`, first)})`;
}

/** Does finding a page of it take a search? */
export function isSearch({ key, label, alias, provider, model, result, text, terms = [] }: RequestFilter): boolean {
  return terms.length > 0 || [key, label, alias, provider, model, result, text].some((one) => one !== undefined);
}

/** The id of the last of so many rows that a search looks at; undefined when there are fewer. The index alone says it. */
export async function searchFloor(sql: Sql, filter: RequestFilter, rows: number): Promise<string | undefined> {
  const within = allOf(idBounds(filter));
  const [found] = await sql<{ id: string }>`SELECT id FROM requests WHERE 1 = 1 ${within}
    ORDER BY id DESC LIMIT 1 OFFSET ${rows - 1}`;
  return found?.id;
}

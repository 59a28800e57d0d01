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

/** A condition for each part that is given, beginning with AND. */
export function conditionsOf(filter: RequestFilter): Fragment {
  const all = [...equalities(filter), ...others(filter)];
  return all.reduce((so_far, one) => fragment`${so_far} AND ${one}`, none);
}

function equalities({ key, label, alias, provider }: RequestFilter): Fragment[] {
  const values = { key_name: key, label, alias, provider };
  return Object.entries(values).flatMap(([column, value]) =>
    value === undefined
      ? []
      : [value === "" ? fragment`${raw(column)} IS NULL` : fragment`${raw(column)} = ${toText(value)}`],
  );
}

function others({ model, result, text, terms = [], from, to, after }: RequestFilter): Fragment[] {
  const all: Fragment[] = [];
  if (model !== undefined) {
    all.push(model === "" ? raw("target IS NULL") : fragment`(target = ${toText(model)} OR model = ${toText(model)})`);
  }
  if (result !== undefined) all.push(raw(resultConditions[result]));
  if (text !== undefined) all.push(holds(text));
  all.push(...terms.map(termCondition));
  // Ids begin with the time of arrival, a moment before the row's own time.
  if (from !== undefined) all.push(fragment`id >= ${firstIdAt(from - slackMs)} AND at >= ${from}`);
  if (to !== undefined) all.push(fragment`id < ${firstIdAt(to + slackMs)} AND at < ${to}`);
  if (after !== undefined) all.push(fragment`id < ${toText(after)}`);
  return all;
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

/** The id of the last of so many rows that a search looks at; undefined when there are fewer. */
export async function searchFloor(
  sql: Sql,
  { from, to, after }: RequestFilter,
  rows: number,
): Promise<string | undefined> {
  const within = conditionsOf({
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(after === undefined ? {} : { after }),
  });
  const [found] = await sql<{ id: string }>`SELECT id FROM requests WHERE 1 = 1 ${within}
    ORDER BY id DESC LIMIT 1 OFFSET ${rows - 1}`;
  return found?.id;
}

/** Which requests stand before and behind one in a list. */
import { fragment, none, type Sql } from "./database.ts";
import { conditionsOf, isSearch, type RequestFilter, searchFloor, searchSteps } from "./request-filter.ts";

/** Ids; null where there is none, or none among as many rows as a search looks at. */
export interface Neighbours {
  newer: string | null;
  older: string | null;
}

export async function requestNeighbours(sql: Sql, filter: RequestFilter, id: string): Promise<Neighbours> {
  const rows = isSearch(filter) ? searchSteps(filter).at(-1) : undefined;
  const [older, newer] = await Promise.all([
    olderThan(sql, { ...filter, after: id }, rows),
    newerThan(sql, { filter, id, rows }),
  ]);
  return { newer, older };
}

async function olderThan(sql: Sql, filter: RequestFilter, rows: number | undefined): Promise<string | null> {
  const floor = rows === undefined ? undefined : await searchFloor(sql, filter, rows);
  const found = await sql<{ id: string }>`SELECT id FROM requests WHERE 1 = 1 ${conditionsOf(filter, floor)}
    ORDER BY id DESC LIMIT 1`;
  return found[0]?.id ?? null;
}

interface Newer {
  filter: RequestFilter;
  id: string;
  rows: number | undefined;
}

async function newerThan(sql: Sql, { filter, id, rows }: Newer): Promise<string | null> {
  const { after: _place, ...all } = filter;
  const ceiling = rows === undefined ? undefined : await searchCeiling(sql, id, rows);
  const bound = ceiling === undefined ? none : fragment`AND id <= ${ceiling}`;
  const found = await sql<{ id: string }>`SELECT id FROM requests WHERE id > ${id} ${conditionsOf(all)} ${bound}
    ORDER BY id LIMIT 1`;
  return found[0]?.id ?? null;
}

async function searchCeiling(sql: Sql, id: string, rows: number): Promise<string | undefined> {
  const [found] = await sql<{
    id: string;
  }>`SELECT id FROM requests WHERE id > ${id} ORDER BY id LIMIT 1 OFFSET ${rows}`;
  return found?.id;
}

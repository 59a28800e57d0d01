/** A list of requests as CSV: the columns of the page, the newest first, as many as a spreadsheet takes at ease. */
import { resultOf } from "../../views/parts/result.tsx";
import { csvHead, csvLine } from "../kit/csv.ts";
import { nextTurn } from "../kit/turn.ts";
import type { RequestRecord } from "../model/record.ts";
import { download } from "./page.ts";
import type { Visit } from "./route.ts";

export const mostRows = 10_000;
const rowsAtOnce = 500;

export interface Exported {
  visit: Visit;
  /** A page of the list, as the console's own pages ask for it. */
  look(page: { limit: number; after?: string }): Promise<{ data: RequestRecord[]; next: string | null }>;
  /** Of a key's holder: without the key, and maybe without targets and costs. */
  own?: { showsTargets: boolean };
}

/** Written page by page, as the browser takes it: no more than one is held. */
export function requestsCsv({ visit, look, own }: Exported): Response {
  const encoder = new TextEncoder();
  let after: string | undefined;
  let written = 0;
  const body = new ReadableStream<Uint8Array>({
    start: (stream) => stream.enqueue(encoder.encode(csvHead(columnsOf(own)))),
    async pull(stream) {
      await nextTurn();
      const limit = Math.min(rowsAtOnce, mostRows - written);
      const { data, next } = await look({ limit, ...(after === undefined ? {} : { after }) });
      written += data.length;
      after = next ?? undefined;
      stream.enqueue(encoder.encode(data.map((row) => csvLine(cellsOf(row, own))).join("")));
      if (next === null || written >= mostRows) stream.close();
    },
  });
  return download(visit, body, "requests.csv");
}

function columnsOf(own: Exported["own"]): string[] {
  return Object.keys(cellsOf(undefined, own));
}

/** Times are UTC and in milliseconds, costs dollars; empty where nothing is known. */
function cellsOf(row: RequestRecord | undefined, own: Exported["own"]): Record<string, string | number | null> {
  const showsTargets = own?.showsTargets ?? true;
  const cost = row?.costNano ?? null;
  return {
    time: row === undefined ? null : new Date(row.at).toISOString(),
    request: row?.id ?? null,
    status: row?.status ?? null,
    result: row === undefined ? null : resultOf(row).word,
    code: row?.code ?? null,
    ...(own === undefined ? { key: row?.key ?? null } : {}),
    label: row?.label ?? null,
    protocol: row?.protocol ?? null,
    model: row?.model ?? null,
    ...(showsTargets ? { served_by: row?.target ?? null } : {}),
    tries: row?.attempts ?? null,
    tokens_in: row?.tokens?.input ?? null,
    tokens_out: row?.tokens?.output ?? null,
    first_token_ms: row?.ttftMs ?? null,
    total_ms: row?.totalMs ?? null,
    ...(showsTargets ? { cost_usd: cost === null || !row?.tokens ? null : dollars(cost) } : {}),
  };
}

/** Exactly: nano-dollars have nine places. */
function dollars(nano: number): string {
  const digits = String(Math.abs(nano)).padStart(10, "0");
  return `${nano < 0 ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

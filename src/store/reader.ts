/** Reads of a SQLite file in a thread of its own: started at the first query, ended when nobody asks any more. */
import { flatten, type Reader, type SqlValue } from "./database.ts";

export interface ReaderQuery {
  id: number;
  text: string;
  values: SqlValue[];
}
export type ReaderReply = { id: number; rows: unknown[] } | { id: number; error: string };

interface Waiting {
  resolve(rows: unknown[]): void;
  reject(error: Error): void;
}

/** In the binary all code is one file at the root, and the worker keeps its folder below it. */
function workerUrl(): string {
  const isCompiled = import.meta.url.includes("/$bunfs/") || import.meta.url.includes("~BUN");
  return new URL(isCompiled ? "./store/reader-worker.js" : "./reader-worker.ts", import.meta.url).href;
}

/** `idleMs`: after how long without a query the thread ends. */
export function openWorkerReader(path: string, idleMs = 60_000): Reader {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let idle: Timer | undefined;
  let last = 0;
  const stop = () => {
    clearTimeout(idle);
    worker?.terminate();
    worker = undefined;
  };
  const failAll = (message: string) => {
    stop();
    for (const { reject } of waiting.values()) reject(new Error(message));
    waiting.clear();
  };
  const start = (): Worker => {
    const started = new Worker(workerUrl());
    started.onmessage = (event: MessageEvent<ReaderReply>) => {
      const reply = event.data;
      const asked = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ("rows" in reply) asked?.resolve(reply.rows);
      else asked?.reject(new Error(reply.error));
      if (waiting.size > 0) return;
      idle = setTimeout(stop, idleMs);
      idle.unref();
    };
    started.onerror = (event) => failAll(`the reader failed: ${event.message}`);
    started.postMessage({ path });
    return started;
  };
  const ask = (text: string, values: SqlValue[]): Promise<unknown[]> =>
    new Promise((resolve, reject) => {
      clearTimeout(idle);
      worker ??= start();
      const id = ++last;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, text, values } satisfies ReaderQuery);
    });
  return {
    async sql<Row>(parts: TemplateStringsArray, ...values: Parameters<Reader["sql"]>[1][]) {
      const query = flatten({ parts, values }, () => "?");
      // The rows have the shape that the caller's query gives them, as everywhere with sql.
      return (await ask(query.text, query.values)) as Row[];
    },
    async close() {
      failAll("the reader was closed");
    },
  };
}

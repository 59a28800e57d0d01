/** The thread behind reader.ts: one connection that can only read. */
import { Database as Connection } from "bun:sqlite";
import type { ReaderQuery, ReaderReply } from "./reader.ts";
import { createStatements } from "./sqlite.ts";

declare const self: Worker;

let prepared: ReturnType<typeof createStatements> | undefined;

self.onmessage = (event: MessageEvent<{ path: string } | ReaderQuery>) => {
  const message = event.data;
  if ("path" in message) {
    const connection = new Connection(message.path, { readonly: true });
    connection.run("PRAGMA busy_timeout = 5000");
    prepared = createStatements(connection);
    return;
  }
  self.postMessage(answer(message));
};

function answer(query: ReaderQuery): ReaderReply {
  try {
    return { id: query.id, rows: prepared?.(query.text).all(...query.values) ?? [] };
  } catch (error) {
    return { id: query.id, error: error instanceof Error ? error.message : String(error) };
  }
}

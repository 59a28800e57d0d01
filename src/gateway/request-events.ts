/** Requests as they open and close, for those who look on. */
import { Broadcast } from "../kit/broadcast.ts";
import type { JsonObject } from "../model/json.ts";
import type { OpenedRecord, RequestRecord } from "../model/record.ts";
import type { Observer } from "./gateway.ts";

export interface RequestEvent {
  readonly type: "opened" | "closed";
  /** Null while it is not known: always when a request opens. */
  readonly key: string | null;
  readonly data: JsonObject;
  /** Of a request that closed, for those who choose by more than its key. */
  readonly record?: RequestRecord;
}

export type RequestEvents = Broadcast<RequestEvent>;

const kept = 1000;
const lingerMs = 60_000;

export function createRequestEvents(): RequestEvents {
  return new Broadcast({ keep: kept, lingerMs });
}

export function requestEventObserver(events: RequestEvents): Observer {
  return {
    opened: (exchange) =>
      events.publish(() => ({ type: "opened", key: null, data: openedToJson(exchange.openedRecord()) })),
    closed: (record) => events.publish(() => ({ type: "closed", key: record.key, data: closedToJson(record), record })),
  };
}

function openedToJson({ id, at, protocol }: OpenedRecord): JsonObject {
  return { id, at: new Date(at).toISOString(), protocol };
}

function closedToJson(record: RequestRecord): JsonObject {
  const { key, label, model, alias, target, attempts, stream, status, code, tokens } = record;
  return {
    ...{ ...openedToJson(record), key, label, model, alias, target, attempts, stream, status, code },
    tokens: { input: tokens?.input ?? 0, output: tokens?.output ?? 0 },
    ...{ cost_nano: record.costNano, ttft_ms: record.ttftMs, total_ms: record.totalMs, parent: record.parent },
  };
}

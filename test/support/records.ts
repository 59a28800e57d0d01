/** Records as the gateway leaves them, for tests of what is done with them. */
import { uuidv7 } from "../../src/kit/id.ts";
import type { OpenedRecord, RequestRecord } from "../../src/model/record.ts";

export function openedRecord(fields: Partial<OpenedRecord> = {}): OpenedRecord {
  return { id: uuidv7(), at: 1_800_000_000_123, protocol: "chat", address: "192.0.2.7", ...fields };
}

export function closedRecord(fields: Partial<RequestRecord> = {}): RequestRecord {
  return {
    ...openedRecord(),
    parent: null,
    key: "laptop",
    label: "repo:main",
    model: "sonnet",
    alias: "sonnet",
    target: "anthropic/claude",
    provider: "anthropic",
    attempts: 2,
    stream: true,
    status: 200,
    code: null,
    interrupted: false,
    counted: true,
    tokens: { input: 120, output: 30, reasoning: 10, cacheRead: 100, cacheWrite: 5, estimated: false },
    costNano: 8_123_456_789_012,
    ttftMs: 80,
    totalMs: 900,
    upstreamMs: 850,
    phases: { authenticated: 1, read: 2, committed: 80, closed: 900 },
    finish: "stop",
    degraded: [{ action: "dropped", field: "seed" }],
    errors: [
      { code: "overloaded", message: "busy", target: "a/b", upstreamStatus: 503, chain: ["Error: busy\n    at x"] },
    ],
    routing: '{"v":1,"g":[["default","random","",""]],"k":[["anthropic/claude",0]]}',
    clientRequestId: "client-1",
    ...fields,
  };
}

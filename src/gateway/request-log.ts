/** One line in the log for each request that ends: failures with their causes as warnings, the rest as information. */
import type { Log } from "../kit/log.ts";
import type { Observer } from "./gateway.ts";

export function requestLog(log: Log): Observer {
  return {
    closed(record) {
      const isFine = record.code === null || record.code === "cancelled";
      if (isFine && !log.isOn("info")) return;
      const fields = {
        request: record.id,
        key: record.key ?? undefined,
        protocol: record.protocol,
        model: record.model ?? undefined,
        target: record.target ?? undefined,
        status: record.status ?? undefined,
        code: record.code ?? undefined,
        attempts: record.attempts,
        ms: record.totalMs ?? undefined,
      };
      if (isFine) log.info("request", fields);
      else if (record.code === "internal") log.error("request failed", { ...fields, errors: record.errors });
      else log.warn("request refused", { ...fields, errors: record.errors.map(({ chain: _chain, ...rest }) => rest) });
    },
  };
}

/** The recompute as a job of this process: one at a time, its state to be asked for. */
import { GatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import { type RecomputeDeps, type Recomputed, type RecomputeOptions, recomputeCosts } from "./recompute.ts";

export interface RecomputeJob {
  /** Throws `conflict` while one runs. Resolves when it has ended, and at the latest after `waitMs`. */
  start(options: RecomputeOptions, waitMs?: number): Promise<JsonObject>;
  /** `{ running, looked, priced, started_at, ended_at, error }`; times in RFC 3339, null where there is nothing. */
  state(): JsonObject;
}

export function createRecomputeJob(deps: Omit<RecomputeDeps, "onStep">): RecomputeJob {
  let so: Recomputed = { looked: 0, priced: 0 };
  let times: { started: number | null; ended: number | null } = { started: null, ended: null };
  let failure: string | null = null;
  let isRunning = false;
  const state = (): JsonObject => ({
    running: isRunning,
    ...so,
    started_at: textOf(times.started),
    ended_at: textOf(times.ended),
    error: failure,
  });
  const run = async (options: RecomputeOptions) => {
    try {
      so = await recomputeCosts({ ...deps, onStep: (now) => (so = now) }, options);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    isRunning = false;
    times.ended = Date.now();
  };
  return {
    state,
    async start(options, waitMs = 5000) {
      if (isRunning)
        throw new GatewayError("conflict", "Rows are being priced already; ask for the state of that job.");
      isRunning = true;
      failure = null;
      so = { looked: 0, priced: 0 };
      times = { started: Date.now(), ended: null };
      await Promise.race([run(options), Bun.sleep(waitMs)]);
      return state();
    },
  };
}

function textOf(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

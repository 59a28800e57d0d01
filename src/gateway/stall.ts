/** Guards against upstreams that stall, where the provider's configuration has them. */
import { Watch } from "../kit/sweep.ts";
import { GatewayError } from "../model/error.ts";
import type { Candidate } from "../routing/resolve.ts";
import type { Exchange } from "./exchange.ts";
import type { Pace } from "./feed.ts";

/** Gives a stream up whose first byte does not come in time. Returns what calls the guard off. */
export function guardFirstByte(exchange: Exchange, candidate: Candidate, controller: AbortController): () => void {
  const { firstByteMs } = candidate.provider.stall;
  if (firstByteMs === null) return nothingToDo;
  const { sweep } = exchange.gateway;
  const words = `The provider sent nothing for ${firstByteMs / 1000} s.`;
  const watch = new Watch(() => controller.abort(new GatewayError("upstream-timeout", words)));
  sweep.set(watch, firstByteMs);
  return () => sweep.remove(watch);
}

function nothingToDo(): void {
  // Most providers have no guard.
}

/** How slow a stream of the candidate may be; undefined where any pace will do. */
export function paceOf({ provider }: Candidate): Pace | undefined {
  const { minBytesPerSecond, windowMs, graceMs } = provider.stall;
  return minBytesPerSecond === null ? undefined : { minBytesPerSecond, windowMs, graceMs };
}

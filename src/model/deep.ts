/** What is nested so deeply that walking it ends the stack is the request's fault. */
import { GatewayError } from "./error.ts";

/** Throws `invalid-request` where `work` runs out of stack. */
export function guardDepth<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new GatewayError("invalid-request", "The request body is nested too deeply.", { cause });
  }
}

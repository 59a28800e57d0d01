/** Everything that is wrong with a configuration, thrown at once. */
import type { Fault } from "./snapshot.ts";

export class ConfigFaults extends Error {
  override readonly name = "ConfigFaults";
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map(faultLine).join("\n"));
    this.faults = faults;
  }
}

/** `providers.openai.api_key: is required`. */
export function faultLine(fault: Fault): string {
  return `${fault.path === "" ? "the configuration" : fault.path}: ${fault.message}`;
}

/** `plexus check`: all faults of a configuration at once. */
import { resolve } from "node:path";
import { ConfigFaults, faultLine } from "../config/faults.ts";
import { type Command, parseArguments, UsageError } from "./command.ts";
import { loadSnapshot } from "./configuration.ts";

export const checkCommand: Command = {
  name: "check",
  summary: "validate a configuration file and print all its faults",
  usage: "[FILE] (default: --config FILE or PLEXUS_CONFIG)",
  async run(args, io) {
    const { values, rest } = parseArguments(args, ["config"]);
    const named = rest[0] ?? values.config ?? io.environment.PLEXUS_CONFIG;
    if (!named || rest.length > 1) throw new UsageError("Say which file to check.");
    const path = resolve(named);
    try {
      const snapshot = loadSnapshot({ path, environment: io.environment, only: new Set() });
      for (const warning of snapshot.warnings) io.error(`warning: ${faultLine(warning)}\n`);
      const count = snapshot.warnings.length;
      io.out(`${path} is valid${count > 0 ? `, with ${count} warning${count === 1 ? "" : "s"}` : ""}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof ConfigFaults)) throw error;
      for (const fault of error.faults) io.error(`${faultLine(fault)}\n`);
      io.error(`${path} has ${error.faults.length} fault${error.faults.length === 1 ? "" : "s"}\n`);
      return 1;
    }
  },
};

/** The commands. `serve` is what runs when none is named. */
import { makeRedactor } from "../secrets/redact.ts";
import { applyCommand, exportCommand, planCommand } from "./apply.ts";
import { checkCommand } from "./check.ts";
import type { Command, Io } from "./command.ts";
import { UsageError } from "./command.ts";
import { keysCommand } from "./keys.ts";
import { pricesCommand } from "./prices.ts";
import { serveCommand } from "./serve.ts";
import { serviceCommand } from "./service.ts";
import { translateCommand } from "./translate.ts";
import { versionCommand } from "./version.ts";

export const commands: readonly Command[] = [
  serveCommand,
  checkCommand,
  planCommand,
  applyCommand,
  exportCommand,
  keysCommand,
  pricesCommand,
  translateCommand,
  serviceCommand,
  versionCommand,
];

function help(): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return `Plexus, a self-hosted gateway for LLM APIs.

Usage: plexus [COMMAND] [OPTIONS]

Commands (serve when none is named):
${lines.join("\n")}

plexus COMMAND --help says more about one.
`;
}

function usageOf(command: Command): string {
  return `Usage: plexus ${command.name}${command.usage === "" ? "" : ` ${command.usage}`}\n`;
}

/** Runs what the arguments say and resolves with the exit code. */
export async function runCommand(args: readonly string[], io: Io): Promise<number> {
  const [first = "serve", ...others] = args;
  if (first === "--help" || first === "-h" || first === "help") {
    io.out(help());
    return 0;
  }
  if (first === "--version") return versionCommand.run([], io);
  const isOption = first.startsWith("-");
  const name = isOption ? "serve" : first;
  const command = commands.find((one) => one.name === name);
  if (!command) {
    io.error(`There is no command ${name}.\n\n${help()}`);
    return 2;
  }
  const rest = isOption ? args : others;
  if (rest.includes("--help") || rest.includes("-h")) {
    io.out(`${usageOf(command)}\n${command.summary}\n`);
    return 0;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.error(`${error.message}\n${usageOf(command)}`);
      return 2;
    }
    const words = error instanceof Error ? error.message : String(error);
    io.error(`plexus ${command.name} failed: ${makeRedactor([])(words)}\n`);
    return 1;
  }
}

/** The binary's entry: lifts the runtime's limit on concurrent requests, then runs the command. The only process.exit. */
import { runCommand } from "./cli/index.ts";

/** The runtime reads it when the process starts, so a process without it starts itself once more (in place, same pid). */
const limitName = "BUN_CONFIG_MAX_HTTP_REQUESTS";
const limit = "65535";

function restartWithLimit(): void {
  if (process.env[limitName] !== undefined || process.platform === "win32" || !process.execve) return;
  const isCompiled = Bun.main.startsWith("/$bunfs/");
  const args = isCompiled ? process.argv.slice(2) : [Bun.main, ...process.argv.slice(2)];
  try {
    process.execve(process.execPath, [process.execPath, ...args], { ...process.env, [limitName]: limit });
  } catch {
    // Without it everything works, up to 256 upstream requests at once; `serve` says so.
  }
}

restartWithLimit();
// What is created (database, journal, keys) is for this user alone.
process.umask(0o077);

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
  environment: process.env,
  input: () => Bun.stdin.text(),
});
process.exit();

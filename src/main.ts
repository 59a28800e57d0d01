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

/** Writes in order, and to the end: a pipe takes a large text in pieces. */
let written: Promise<unknown> = Promise.resolve();
const write = (file: typeof Bun.stdout, text: string) => {
  written = written.then(() => Bun.write(file, text)).catch(() => undefined);
};

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => write(Bun.stdout, text),
  error: (text) => write(Bun.stderr, text),
  environment: process.env,
  input: () => Bun.stdin.text(),
});
await written;
process.exit();

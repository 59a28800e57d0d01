/** The binary's entry: sees to the runtime's own settings, then runs the command. The only process.exit. */
import { runCommand } from "./cli/index.ts";

/** The runtime reads these when it starts, so a process without them starts itself once more (in place, same pid). */
const wanted: Readonly<Record<string, string>> = {
  /** Requests to providers that run at once: 256 unless said. */
  BUN_CONFIG_MAX_HTTP_REQUESTS: "65535",
  /** Its timer looks for garbage in every second, and at the heap in every turn of the loop; see kit/tidying.ts. */
  BUN_GC_TIMER_DISABLE: "1",
  /**
   * Milliseconds until freed memory goes back to the system, and between two looks for holes in what is held. At once
   * and in every pause, as the runtime would, costs under load a tenth of a request: the memory is asked for again.
   */
  MIMALLOC_PURGE_DELAY: "5000",
  MIMALLOC_PURGE_HOLES_MIN_INTERVAL: "10000",
};

function restartWithSettings(): void {
  const isSet = Object.keys(wanted).every((name) => process.env[name] !== undefined);
  if (isSet || process.platform === "win32" || !process.execve) return;
  const isCompiled = Bun.main.startsWith("/$bunfs/");
  const args = isCompiled ? process.argv.slice(2) : [Bun.main, ...process.argv.slice(2)];
  try {
    process.execve(process.execPath, [process.execPath, ...args], { ...wanted, ...process.env });
  } catch {
    // Without them everything works, up to 256 upstream requests at once; `serve` says so.
  }
}

restartWithSettings();
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

/** `plexus serve`: the gateway itself, until a signal ends it. */
import { statSync } from "node:fs";
import { type App, openStore, startApp } from "../app.ts";
import { ConfigFaults, faultLine } from "../config/faults.ts";
import type { Fault, Snapshot } from "../config/snapshot.ts";
import { createLog, type Log } from "../kit/log.ts";
import { makeRedactor } from "../secrets/redact.ts";
import { SealError } from "../secrets/seal.ts";
import { loadConfig, type Watch, watchConfig } from "../store/config.ts";
import type { EditDeps } from "../store/config-edits.ts";
import type { Store } from "../wiring/openings.ts";
import { type Command, type Io, parseArguments, UsageError } from "./command.ts";
import { loadSnapshot } from "./configuration.ts";
import { openEditor } from "./editing.ts";
import { adminHash, announcement, prepareFirstRun } from "./first-run.ts";
import { type Options, readOptions } from "./options.ts";

/** How long running requests may take to end after SIGTERM. */
const drainMs = 30_000;
const watchEveryMs = 500;

export const serveCommand: Command = {
  name: "serve",
  summary: "run the gateway (the default command)",
  usage: "[--config FILE] [--port PORT]",
  async run(args, io) {
    const { values, rest } = parseArguments(args, ["config", "port", "workers"]);
    if (rest.length > 0) throw new UsageError(`serve takes no argument ${rest[0]}.`);
    const options = readOptions(io.environment, values);
    try {
      await serve(options, io);
      return 0;
    } catch (error) {
      io.error(`${refusal(error, options)}\n`);
      return 1;
    }
  },
};

/** Why the gateway does not start, and what to do about it. */
function refusal(error: unknown, options: Options): string {
  if (error instanceof ConfigFaults) {
    const count = error.faults.length;
    return `${error.faults.map(faultLine).join("\n")}\nThe configuration has ${count} fault${count === 1 ? "" : "s"}; Plexus does not start.`;
  }
  if (error instanceof SealError) return `Plexus does not start: ${error.message}.`;
  const text = error instanceof Error ? error.message : String(error);
  if (/EADDRINUSE|in use/.test(text)) {
    return `Port ${options.port} on ${options.host} is in use: stop what uses it, or set PORT to another one.`;
  }
  return `Plexus does not start: ${makeRedactor([])(text)}`;
}

async function serve(options: Options, io: Io): Promise<void> {
  const store = await openStore(options);
  const load = async () => {
    const stored = await loadConfig(store.database.sql, store.sealer);
    return loadSnapshot({ path: options.configPath, environment: io.environment, only: options.configNames, stored });
  };
  const made = await prepareFirstRun(store, await load(), options);
  const snapshot = await load();
  const redaction = { current: redactorFor(snapshot, options) };
  const log = createLog({
    level: options.logLevel,
    format: options.logFormat,
    redact: (text) => redaction.current(text),
    write: (line) => void process.stderr.write(line),
  });
  guardProcess(log);
  if (io.environment.BUN_CONFIG_MAX_HTTP_REQUESTS === undefined) {
    log.warn("at most 256 requests to providers run at once: set BUN_CONFIG_MAX_HTTP_REQUESTS=65535 to lift this");
  }
  sayWarnings(log, snapshot);
  if (!store.sealer.enabled)
    log.warn("encryption at rest is off: set ENCRYPTION_KEY (openssl rand -hex 32) to turn it on");
  const force: { put: EditDeps["putInForce"] } = { put: async () => false };
  const putInForce: EditDeps["putInForce"] = (version) => force.put(version);
  const configEditor = openEditor({ store, options, environment: io.environment, putInForce });
  const hash = await adminHash(store, options);
  const app = await startApp({ options, store, snapshot, adminHash: hash, configEditor, log });
  const reload = async (why: string) => {
    const next = await load();
    redaction.current = redactorFor(next, options);
    app.swap(next);
    sayWarnings(log, next);
    log.info("configuration reloaded", { why, version: next.version });
  };
  const { look, stop } = watchChanges({ options, store, log, version: snapshot.version, reload, refuse: app.refuse });
  force.put = async (version) => {
    // A look that began before the edit was stored has not seen it.
    for (let looks = 0; looks < 3 && app.configVersion() < version; looks++) await look();
    return app.configVersion() >= version;
  };
  io.out(announcement(made, app.url, options));
  log.info("listening", { url: app.url });
  await endOfService(app, { log, stop });
}

function redactorFor(snapshot: Snapshot, options: Options): (text: string) => string {
  const own = [options.adminKey, options.encryptionKey].filter((secret) => secret !== undefined);
  return makeRedactor([...snapshot.secrets, ...own]);
}

function sayWarnings(log: Log, snapshot: Snapshot): void {
  for (const warning of snapshot.warnings) log.warn(faultLine(warning));
}

interface Watching {
  options: Options;
  store: Store;
  log: Log;
  version: number;
  reload(why: string): Promise<void>;
  refuse(faults: readonly Fault[]): void;
}

/** Reloads on SIGHUP, when the file changes, and when anybody changes the database's configuration. */
function watchChanges({ options, store, log, version, reload, refuse }: Watching): Watch {
  const failed = (error: unknown) => {
    const why = error instanceof ConfigFaults ? error.faults.map(faultLine).join("; ") : undefined;
    refuse(
      error instanceof ConfigFaults ? error.faults : [{ path: "", message: "could not be read; the log says why" }],
    );
    log.error("the new configuration is not valid; the running one stays in force", why ? { why } : { error });
  };
  const attempt = (why: string) => void reload(why).catch(failed);
  const watch = watchConfig(
    store.database,
    { version, everyMs: watchEveryMs },
    {
      onChange: () => reload("database").catch(failed),
      onError: (error) => log.warn("the configuration's version cannot be read", { error }),
    },
  );
  const hangup = () => attempt("SIGHUP");
  process.on("SIGHUP", hangup);
  const file = options.configPath;
  let stamp = file === undefined ? "" : stampOf(file);
  const timer = setInterval(() => {
    if (file === undefined) return;
    const now = stampOf(file);
    if (now === stamp) return;
    stamp = now;
    attempt("file");
  }, watchEveryMs);
  const stop = () => {
    watch.stop();
    clearInterval(timer);
    process.off("SIGHUP", hangup);
  };
  return { look: watch.look, stop };
}

/** Changes with every write, and with a file put in its place. */
function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return "gone";
  }
}

/** Nothing that a client or an upstream does may end the process. */
function guardProcess(log: Log): void {
  process.on("unhandledRejection", (error) => log.error("a promise failed unheard", { error }));
  process.on("uncaughtException", (error) => log.error("an exception was not caught", { error }));
}

/** Resolves when a signal came, running requests have ended and everything is stored. */
async function endOfService(app: App, { log, stop }: { log: Log; stop: () => void }): Promise<void> {
  const signal = await new Promise<string>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => resolve(name));
  });
  log.info("shutting down: running requests may finish", { signal });
  stop();
  await app.close(drainMs);
  log.info("stopped");
}

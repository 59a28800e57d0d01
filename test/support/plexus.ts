/** The compiled binary under full control: its folder, environment, signals and both outputs. Nothing of it stays. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../src/model/json.ts";

const root = join(import.meta.dir, "../..");
const startMs = 20_000;

/** PLEXUS_BINARY, else the one that the build makes, which is made when it is missing. */
export function plexusBinary(): string {
  const chosen = process.env.PLEXUS_BINARY;
  if (chosen) return chosen;
  const path = join(root, `dist/plexus${process.platform === "win32" ? ".exe" : ""}`);
  if (existsSync(path)) return path;
  const { status } = spawnSync("node", [join(root, "scripts/run.mjs"), "build"], { stdio: "ignore" });
  if (status !== 0 || !existsSync(path)) throw new Error("dist/plexus could not be built: run npm run build");
  return path;
}

export interface LaunchOptions {
  args?: readonly string[];
  environment?: Readonly<Record<string, string>>;
  /** Working folder, with DATA_DIR `data` below it. A new one when absent. */
  folder?: string;
}

/** A process of the binary that writes into files: a child that outlives a test must not hold its pipes open. */
export interface Running {
  folder: string;
  process: ChildProcess;
  out(): string;
  error(): string;
  /** Resolves with the exit code; null after a signal. */
  ended: Promise<number | null>;
}

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "plexus-test-"));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

export function launch({ args = [], environment = {}, folder = newFolder() }: LaunchOptions): Running {
  mkdirSync(folder, { recursive: true });
  const stamp = crypto.randomUUID();
  const paths = { out: join(folder, `out-${stamp}`), error: join(folder, `error-${stamp}`) };
  const files = { out: openSync(paths.out, "a"), error: openSync(paths.error, "a") };
  const child = spawn(plexusBinary(), [...args], {
    cwd: folder,
    stdio: ["ignore", files.out, files.error],
    env: { PATH: process.env.PATH, HOME: folder, DATA_DIR: join(folder, "data"), PORT: "0", ...environment },
  });
  closeSync(files.out);
  closeSync(files.error);
  const kill = () => void child.kill("SIGKILL");
  process.on("exit", kill);
  const ended = new Promise<number | null>((resolve) => {
    child.once("exit", (code) => {
      process.off("exit", kill);
      resolve(code);
    });
  });
  const out = () => readFileSync(paths.out, "utf8");
  const error = () => readFileSync(paths.error, "utf8");
  return { folder, process: child, out, error, ended };
}

export interface Finished {
  code: number | null;
  out: string;
  error: string;
}

/** Runs a command to its end; `input` is its standard input. */
export function runToEnd(options: LaunchOptions & { input?: string }): Finished {
  const { args = [], environment = {}, folder = tmpdir(), input = "" } = options;
  const done = spawnSync(plexusBinary(), [...args], {
    cwd: folder,
    input,
    encoding: "utf8",
    timeout: 20_000,
    env: { PATH: process.env.PATH, HOME: folder, DATA_DIR: join(folder, "data"), ...environment },
  });
  return { code: done.status, out: done.stdout, error: done.stderr };
}

export interface Plexus extends Running {
  url: string;
  adminKey: string;
  pid: number;
  /** `GET` of the management API. */
  api(path: string): Promise<JsonObject>;
  /** The row of one request, once it is there. */
  row(id: string | null): Promise<JsonObject>;
  /** Ends it and, unless told to keep it, its folder goes. Resolves with the exit code. */
  stop(options?: { signal?: NodeJS.Signals; keep?: boolean }): Promise<number | null>;
}

export interface PlexusOptions extends LaunchOptions {
  config?: JsonObject;
}

export async function startPlexus({ config, ...options }: PlexusOptions): Promise<Plexus> {
  const folder = options.folder ?? newFolder();
  const adminKey = "adm-of-the-tests-0123456789";
  const configPath = join(folder, "config.json");
  if (config) writeFileSync(configPath, JSON.stringify(config));
  const args = [...(options.args ?? ["serve"]), ...(config ? ["--config", configPath] : [])];
  const environment = { LOG_LEVEL: "error", ADMIN_KEY: adminKey, ...options.environment };
  const running = launch({ args, environment, folder });
  const stop: Plexus["stop"] = async ({ signal = "SIGTERM", keep = false } = {}) => {
    running.process.kill(signal);
    const late = setTimeout(() => running.process.kill("SIGKILL"), 40_000);
    const code = await running.ended;
    clearTimeout(late);
    if (!keep) removeFolder(folder);
    return code;
  };
  try {
    const url = await ready(running);
    const pid = running.process.pid ?? 0;
    return { ...running, url, adminKey: environment.ADMIN_KEY, pid, stop, ...readers(url, environment.ADMIN_KEY) };
  } catch (error) {
    const words = `${error instanceof Error ? error.message : error}\n${running.error()}`;
    await stop({ signal: "SIGKILL", keep: options.folder !== undefined });
    throw new Error(words);
  }
}

/** The port is the system's choice: the first line says which. */
async function ready(running: Running): Promise<string> {
  const until = Date.now() + startMs;
  while (Date.now() < until) {
    if (running.process.exitCode !== null) throw new Error(`plexus ended with ${running.process.exitCode}`);
    const url = /^CONSOLE=(\S+)\/console$/m.exec(running.out())?.[1];
    const health = url === undefined ? undefined : await fetch(`${url}/healthz`).catch(() => undefined);
    if (url !== undefined && health?.ok) return url;
    await Bun.sleep(5);
  }
  throw new Error("plexus did not start in time");
}

function readers(url: string, adminKey: string): Pick<Plexus, "api" | "row"> {
  const headers = { authorization: `Bearer ${adminKey}` };
  const get = async (path: string) => {
    const response = await fetch(`${url}${path}`, { headers });
    return { ok: response.ok, body: (await response.json()) as JsonObject };
  };
  return {
    api: async (path) => (await get(path)).body,
    async row(id) {
      const until = Date.now() + 3000;
      for (;;) {
        const { ok, body } = await get(`/api/requests/${id}`);
        if (ok) return body;
        if (Date.now() > until) throw new Error(`no row of request ${id}: ${JSON.stringify(body)}`);
        await Bun.sleep(20);
      }
    },
  };
}

/** Resident memory of a process in megabytes; undefined where the system does not say. */
export function residentMb(pid: number): number | undefined {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return undefined;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(path, "utf8"))?.[1] ?? 0) / 1024;
}

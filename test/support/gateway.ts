/** The compiled binary as a test's gateway: its own folder and port, nothing of it stays. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../src/model/json.ts";
import { type Fields, fieldsOf } from "./upstream/shape.ts";

const root = join(import.meta.dir, "../..");
const startMs = 20_000;
const rowMs = 3000;

export interface Gateway {
  url: string;
  clientKey: string;
  adminKey: string;
  /** What the process wrote so far. */
  log(): string;
  /** `GET /api/requests`, newest first. */
  requests(): Promise<Fields[]>;
  /** The row of one request, once it is there. */
  request(id: string): Promise<Fields>;
  /** Sends SIGTERM, waits for the end and removes the folder. Resolves to the exit code. */
  stop(): Promise<number | null>;
}

export interface GatewayOptions {
  /** One client key, `test`, is added. */
  config: JsonObject;
  environment?: Record<string, string>;
}

/** PLEXUS_BINARY, else the one that the build makes, which is made when it is missing. */
function binary(): string {
  const chosen = process.env.PLEXUS_BINARY;
  if (chosen) return chosen;
  const path = join(root, `dist/plexus${process.platform === "win32" ? ".exe" : ""}`);
  if (existsSync(path)) return path;
  const { status } = spawnSync("node", [join(root, "scripts/run.mjs"), "build"], { stdio: "ignore" });
  if (status !== 0 || !existsSync(path)) throw new Error("dist/plexus could not be built: run npm run build");
  return path;
}

export async function startGateway({ config, environment = {} }: GatewayOptions): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), "plexus-test-"));
  const clientKey = `sk-${crypto.randomUUID()}`;
  const adminKey = `adm-${crypto.randomUUID()}`;
  const configPath = join(folder, "config.json");
  writeFileSync(
    configPath,
    JSON.stringify({ ...config, keys: { ...fieldsOf(config.keys), test: { secret: clientKey } } }),
  );
  const logPath = join(folder, "log");
  // A file: a child that outlives the test must not hold our pipes open.
  const output = openSync(logPath, "a");
  const child = spawn(binary(), ["serve", "--config", configPath], {
    cwd: folder,
    stdio: ["ignore", output, output],
    env: {
      ...{ PATH: process.env.PATH, HOME: folder, DATA_DIR: join(folder, "data"), PORT: "0" },
      ...{ LOG_LEVEL: "error", ADMIN_KEY: adminKey, ...environment },
    },
  });
  closeSync(output);
  const log = () => readFileSync(logPath, "utf8");
  const kill = () => child.kill("SIGKILL");
  process.on("exit", kill);
  const stop = async () => {
    const code = await ended(child);
    process.off("exit", kill);
    rmSync(folder, { recursive: true, force: true });
    return code;
  };
  try {
    const url = await ready(child, log);
    return { url, clientKey, adminKey, log, stop, ...reader(url, adminKey) };
  } catch (error) {
    const words = `${error instanceof Error ? error.message : error}\n${log()}`;
    await stop();
    throw new Error(words);
  }
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
    const late = setTimeout(() => child.kill("SIGKILL"), 40_000);
    child.once("exit", (code) => {
      clearTimeout(late);
      resolve(code);
    });
    child.kill("SIGTERM");
  });
}

/** The port is the system's choice: the first line says which. */
async function ready(child: ChildProcess, log: () => string): Promise<string> {
  const until = Date.now() + startMs;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`);
    const url = /^CONSOLE=(\S+)\/console$/m.exec(log())?.[1];
    const health = url === undefined ? undefined : await fetch(`${url}/healthz`).catch(() => undefined);
    if (url !== undefined && health?.ok) return url;
    await Bun.sleep(10);
  }
  throw new Error("the gateway did not start in time");
}

function reader(url: string, adminKey: string): Pick<Gateway, "requests" | "request"> {
  const headers = { authorization: `Bearer ${adminKey}` };
  return {
    async requests() {
      const { data } = fieldsOf(await (await fetch(`${url}/api/requests?limit=500`, { headers })).json());
      return Array.isArray(data) ? data.map(fieldsOf) : [];
    },
    async request(id) {
      const until = Date.now() + rowMs;
      for (;;) {
        const response = await fetch(`${url}/api/requests/${id}`, { headers });
        const row = fieldsOf(await response.json());
        if (response.ok) return row;
        if (Date.now() > until) throw new Error(`no row of request ${id}: ${JSON.stringify(row)}`);
        await Bun.sleep(10);
      }
    },
  };
}

// Processes under measurement: starting them, and reading what they used from the kernel.
import { readdirSync, readFileSync } from "node:fs";

export interface Subject {
  name: string;
  pid: number;
  url: string;
  stop(): Promise<void>;
}

export interface Starting {
  name: string;
  command: string[];
  environment?: Record<string, string>;
  cwd?: string;
  /** The port, when the process does not print it as its first line. */
  port?: number;
}

export async function start(options: Starting): Promise<Subject> {
  const child = Bun.spawn(options.command, {
    stdout: "pipe",
    stderr: "ignore",
    env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: "65535", ...options.environment },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const port = options.port ?? Number(await firstLine(child.stdout));
  const url = `http://127.0.0.1:${port}`;
  return {
    name: options.name,
    pid: child.pid,
    url,
    async stop() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true });
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0] ?? "";
}

/** Milliseconds from now until the first 200 of /healthz. */
export async function untilHealthy(url: string): Promise<number> {
  const began = performance.now();
  for (;;) {
    try {
      const response = await fetch(`${url}/healthz`);
      await response.arrayBuffer();
      if (response.status === 200) return performance.now() - began;
    } catch {
      // Not listening yet.
    }
    if (performance.now() - began > 20_000) throw new Error(`${url} did not become healthy in 20 s`);
    await Bun.sleep(1);
  }
}

/** CPU time in milliseconds, user and system, of all threads or of those with this name. */
export function cpuMs(pid: number, thread?: string): number {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${task}`;
    try {
      if (thread !== undefined && readFileSync(`${folder}/comm`, "utf8").trim() !== thread) continue;
      nanoseconds += Number(readFileSync(`${folder}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // A thread that ended in between.
    }
  }
  return nanoseconds / 1e6;
}

/** Resident memory in megabytes. */
export function memoryMb(pid: number): number {
  const line = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) / 1024;
}

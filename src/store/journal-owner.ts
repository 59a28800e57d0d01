/** Who writes a journal's folder, and whether that process still lives. */
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

interface Owner {
  pid: number;
  host: string;
  /** Tells this start of the machine from others; empty where the system does not say. */
  boot: string;
  /** Tells this process from an earlier one with its pid; empty where the system does not say. */
  start: string;
}

const fileName = "owner.json";
/** A process of another host is taken for dead when it has not beaten for so long. */
const silence = 60_000;

/** Written whole or not at all. */
export function writeOwner(folder: string): void {
  const path = join(folder, fileName);
  writeFileSync(`${path}.new`, JSON.stringify(thisProcess()), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function ownerLives(folder: string): boolean {
  const owner = readOwner(folder);
  if (!owner) return age(folder) < silence;
  const own = thisProcess();
  if (owner.host !== own.host) return age(join(folder, fileName)) < silence;
  if (owner.boot !== own.boot) return false;
  if (owner.pid === own.pid) return owner.start === own.start && own.start !== "";
  return isRunning(owner.pid) && startOf(owner.pid) === owner.start;
}

function thisProcess(): Owner {
  return { pid: process.pid, host: hostname(), boot: bootId(), start: startOf(process.pid) };
}

function readOwner(folder: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, fileName), "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

function age(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Signal 0 only asks; a process of another user answers with EPERM. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function bootId(): string {
  return readOptional("/proc/sys/kernel/random/boot_id").trim();
}

/** Start time in ticks: the 20th field after the command, which may itself hold spaces and parentheses. */
function startOf(pid: number): string {
  const stat = readOptional(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

function readOptional(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** What a command line client needs to run a turn: its files, its environment and how its answer is read. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Fields } from "../../support/upstream/shape.ts";

export interface Turn {
  /** The gateway's address, without a version. */
  url: string;
  key: string;
  model: string;
  /** For what the client asks beside the conversation, such as its title. */
  sideModel: string;
  prompt: string;
}

export interface Launch {
  /** The program, a path below node_modules; `.js` files are run by node. */
  file: string;
  args: string[];
  environment: Record<string, string>;
  /** Path below the home folder -> its text. */
  files?: Record<string, string>;
}

export interface Program {
  name: string;
  launch(turn: Turn): Launch;
  /** The call of its own tool that reads a file, as a model would make it. */
  reading(path: string): { name: string; args: Fields };
  /** The last text that it shows. */
  answer(out: string): string;
}

export interface Ended {
  code: number | null;
  out: string;
  error: string;
}

/** A home folder of its own with a working folder in it. */
export interface Home {
  path: string;
  work: string;
  remove(): void;
}

export function newHome(): Home {
  const path = mkdtempSync(join(tmpdir(), "plexus-client-"));
  const work = join(path, "work");
  mkdirSync(work);
  return { path, work, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const modules = join(import.meta.dir, "../node_modules");
const turnMs = 30_000;

/** Runs one turn with nothing of this machine's settings; a turn that does not end is killed, its code is null. */
export function runTurn({ path, work }: Home, { file, args, environment, files = {} }: Launch): Promise<Ended> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  const program = join(modules, file);
  const [command, ...first] = file.endsWith(".js") ? ["node", program] : [program];
  const child = spawn(command, [...first, ...args], {
    cwd: work,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, TERM: "dumb", NO_COLOR: "1", HOME: path, ...environment },
  });
  const said = { out: "", error: "" };
  child.stdout.on("data", (bytes) => {
    said.out += bytes;
  });
  child.stderr.on("data", (bytes) => {
    said.error += bytes;
  });
  const late = setTimeout(() => child.kill("SIGKILL"), turnMs);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(late);
      resolve({ code, ...said });
    });
  });
}

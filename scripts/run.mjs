// Sets up and runs: `npm start`, `npm test`, `npm run build` and their friends. Node built-ins only: it runs before
// anything is installed. Safe to interrupt and to repeat.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { countsOf, heard, runLanes, say } from "./lanes.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const [command = "start", ...args] = process.argv.slice(2);

/** Headers up to twice the product's default limit reach the gateway, which answers in the client's shape. */
const headerBytes = 132096;

function fail(message) {
  console.error(message);
  process.exit(1);
}

function run(file, parameters, options = {}) {
  const done = spawnSync(file, parameters, { cwd: root, stdio: "inherit", ...options });
  if (done.error) fail(`${file} could not be started: ${done.error.message}`);
  return done.status ?? 1;
}

/** Installs what the lock file says, once for each lock file and kind of set-up. */
function install(kind) {
  const hash = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex")
    .slice(0, 16);
  const marker = (name) => join(modules, `.setup-${name}-${hash}`);
  if (existsSync(marker("test")) || existsSync(marker(kind))) return;
  console.error(`Installing packages for ${kind} (once for each change of package-lock.json) …`);
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const omit = kind === "start" ? ["--omit=dev"] : [];
  // npm's own settings of the outer call (NODE_ENV, omit) must not leave packages out here.
  const status = run(npm, ["ci", ...omit, "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, NODE_ENV: "", npm_config_omit: "" },
  });
  if (status !== 0) fail("npm ci failed (see above). Check the network connection to the npm registry and try again.");
  mkdirSync(modules, { recursive: true });
  writeFileSync(marker(kind), "");
}

/** Frameworks first: they take seconds. */
const clientTests = ["frameworks/ai-sdk", "frameworks/langchain", "frameworks/gaps", "cli/clis"];

/** Runs other vendors' clients, whose packages have a folder of their own, over the binary; offline where that can be had. */
async function testClients() {
  const folder = join(root, "test/clients");
  const marker = join(folder, "node_modules/.setup-complete");
  const lock = readFileSync(join(folder, "package-lock.json"), "utf8");
  if (!existsSync(marker) || readFileSync(marker, "utf8") !== lock) {
    console.error("Installing clients into test/clients (1.1 GB, once for each change of its package-lock.json) …");
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    const status = run(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: folder,
      stdio: ["ignore", 2, 2],
    });
    if (status !== 0) fail("npm ci failed in test/clients (see above).");
    writeFileSync(marker, lock);
  }
  if (!process.env.PLEXUS_BINARY && !existsSync(join(root, "dist/plexus"))) await build();
  const files = clientTests.map((name) => `./test/clients/${name}.clients.ts`);
  const command = [bunPath(), "test", "--timeout", "120000", ...files, ...args];
  // A network namespace with nothing but loopback.
  const alone = ["unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
  const canBeAlone = spawnSync(alone[0], [...alone.slice(1), "true"], { stdio: "ignore" }).status === 0;
  if (!canBeAlone) console.error("No network namespace is to be had here: the clients could reach the network.");
  const [file, ...parameters] = canBeAlone ? [...alone, ...command] : command;
  runCounted(file, parameters);
}

/** The bun of node_modules: moved by its install script, or still in its platform package where scripts are off. */
function bunPath() {
  const arch = process.arch === "arm64" ? "aarch64" : process.arch;
  const system = process.platform === "win32" ? "windows" : process.platform;
  const file = process.platform === "win32" ? "bun.exe" : "bun";
  const candidates = [join(modules, "bun/bin/bun.exe")];
  for (const variant of ["", "-baseline", "-musl", "-musl-baseline"]) {
    candidates.push(join(modules, `@oven/bun-${system}-${arch}${variant}/bin/${file}`));
  }
  const found = candidates.find((path) => existsSync(path) && statSync(path).size > 1_000_000);
  return (
    found ??
    fail("No bun binary for this platform was installed. Supported: Linux, macOS and Windows on x64 and arm64.")
  );
}

/** Twice: the second time with the code that a start needs side by side, which is less to read and to keep in memory. */
async function build() {
  compile();
  const folder = mkdtempSync(join(tmpdir(), "plexus-build-"));
  const order = join(folder, "order");
  await startOnce(folder, order);
  if (existsSync(order)) compile(`--bytecode-order=${order}`);
  else say("build: the binary could not be tried, so its code stays in the order of its files");
  rmSync(folder, { recursive: true, force: true });
}

function compile(...more) {
  const status = run(
    bunPath(),
    [
      ...["build", "--compile", "--minify", "--bytecode", "--format=esm", "--sourcemap"],
      ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig", ...more],
      `--compile-exec-argv=--max-http-header-size=${headerBytes}`,
      ...["src/main.ts", "src/store/reader-worker.ts", "--outfile", "dist/plexus"],
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  if (status !== 0) fail("The build failed (see above).");
}

/** Starts what was built, in a folder of its own, and ends it when it serves: it writes down which code it ran. */
function startOnce(folder, order) {
  const environment = { DATA_DIR: join(folder, "data"), PORT: "0", LOG_LEVEL: "error", BUN_BYTECODE_ORDER_OUT: order };
  const child = spawn(join(root, "dist/plexus"), ["serve"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
    env: { PATH: process.env.PATH ?? "", HOME: folder, ...environment },
  });
  const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
  child.stdout.on("data", (text) => {
    if (/^CONSOLE=/m.test(String(text))) child.kill("SIGTERM");
  });
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(late);
      resolve();
    };
    child.once("error", end);
    child.once("exit", end);
  });
}

/** Types, lint and format, side by side. */
async function check() {
  const bin = (name) => join(modules, name);
  const steps = [
    ["types", [bin("typescript/bin/tsc"), "-p", "."]],
    ["lint and format", [bin("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."]],
  ];
  const runs = steps.map(async ([name, parameters]) => {
    const { code, text } = await heard(process.execPath, parameters, { cwd: root });
    process.stderr.write(`check: ${name}\n${text}`);
    if (code !== 0) fail(`check: ${name} failed`);
  });
  await Promise.all(runs);
}

/** All tests in a few processes; those that `args` choose in one. */
async function test() {
  const bun = bunPath();
  await check();
  await build();
  const parameters = ["test", "--timeout", "60000", "--no-orphans"];
  if (args.length > 0) runCounted(bun, [...parameters, ...args], { BUN: bun });
  else process.exitCode = await runLanes({ bun, root, parameters, env: { ...process.env, BUN: bun } });
}

/** Runs tests and closes with the one line that says how many passed. */
function runCounted(file, parameters, env = {}) {
  const child = spawn(file, parameters, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes) => {
      process.stdout.write(bytes);
      text += bytes;
    });
  }
  child.on("error", (error) => fail(`${file} could not be started: ${error.message}`));
  child.on("close", (code) => {
    say(countsOf(text));
    process.exit(code ?? 1);
  });
}

/** Runs a child in the foreground and passes the signals that end us on to it. */
function foreground(file, parameters, env) {
  const child = spawn(file, parameters, { stdio: "inherit", env: { ...process.env, ...env } });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("close", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

switch (command) {
  case "start":
    install("start");
    await build();
    foreground(join(root, "dist/plexus"), args, {});
    break;
  case "build":
    install("start");
    await build();
    break;
  case "test":
    install("test");
    await test();
    break;
  case "test:clients":
    install("test");
    await testClients();
    break;
  case "journeys":
    install("test");
    await build();
    runCounted(bunPath(), ["test", "--timeout", "120000", "test/console/journeys", ...args], { JOURNEY_LOOKS: "all" });
    break;
  case "check":
    install("test");
    await check();
    break;
  case "format":
    install("test");
    process.exit(run(process.execPath, [join(modules, "@biomejs/biome/bin/biome"), "check", "--write", "."]));
    break;
  case "fidelity":
  case "simulate":
  case "seed":
    install("test");
    foreground(bunPath(), [join(root, `scripts/${command}.ts`), ...args], {});
    break;
  case "bench":
  case "console:bars":
  case "crash":
  case "gallery":
  case "quotas":
  case "transcripts":
    install("test");
    await build();
    foreground(bunPath(), [join(root, `scripts/${command.replace(":", "-")}.ts`), ...args], {
      BUN_CONFIG_MAX_HTTP_REQUESTS: "65535",
    });
    break;
  default:
    console.error(
      `Unknown command ${command}. Use start, test, test:clients, build, check, format, fidelity, bench, simulate, seed, gallery, journeys, crash, quotas or transcripts.`,
    );
    process.exit(2);
}

// Runs the test files in a few processes side by side, and closes with the one line that says how many passed.
// Each process's words are printed together when it has ended. Plain processes, as the runner's own workers may hang.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** They look closely at clocks or at memory and hardly compute: they run beside each other, after all others. */
const calm = [
  "scenarios/cooldowns",
  "store/cooldowns",
  "scenarios/streams",
  "scenarios/bad-input",
  "scenarios/stored",
  "scenarios/failover",
  "scenarios/demo",
  "gateway/stalls",
  "cli/commands",
  "cli/reload",
  "cli/apply",
  "sdk/stored",
  "store/kept-turns",
  "store/writer",
  "crash/crash",
  "kit/sweep",
  "kit/tidying",
].map((name) => `test/${name}.test.ts`);
const calmLanes = 3;
const busyLanes = 2;

/** The slowest rooms, which begin first, and how many of their files one process takes. */
const slow = { console: 3, sdk: 4, laws: 4, scenarios: 6, store: 9 };
/** Files of the other rooms in one process: each has to start its own PostgreSQL and load what it imports. */
const otherFiles = 45;

const isTest = /[._](test|spec)\.[cm]?[jt]sx?$/;

function cut(files, size) {
  return Array.from({ length: Math.ceil(files.length / size) }, (_, at) => files.slice(at * size, (at + 1) * size));
}

/** Every file of `files` is in exactly one share. */
export function sharesOf(files) {
  const missing = calm.filter((file) => !files.includes(file));
  if (missing.length > 0) throw new Error(`scripts/lanes.mjs names tests that are not there: ${missing.join(", ")}`);
  const others = files.filter((file) => !calm.includes(file));
  const roomOf = (file) => file.split("/")[1];
  const rooms = Object.entries(slow).map(([room, size]) =>
    cut(
      others.filter((file) => roomOf(file) === room),
      size,
    ),
  );
  const rest = cut(
    others.filter((file) => !Object.hasOwn(slow, roomOf(file))),
    otherFiles,
  );
  return { busy: [...rooms.flat(), ...rest], calm: cut(calm, 1) };
}

function testFiles(root) {
  return readdirSync(join(root, "test"), { recursive: true })
    .map((path) => `test/${path.replaceAll("\\", "/")}`)
    .filter((path) => isTest.test(path) && !path.includes("/node_modules/"))
    .sort();
}

/** Runs a process and keeps what it says. */
export function heard(file, parameters, options) {
  return new Promise((resolve) => {
    const child = spawn(file, parameters, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const parts = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => parts.push(bytes));
    child.on("error", (error) => resolve({ code: 1, text: `${file} could not be started: ${error.message}\n` }));
    child.on("close", (code) => resolve({ code: code ?? 1, text: Buffer.concat(parts).toString() }));
  });
}

/** How many tests a run's last lines count. */
export function countsOf(text) {
  const count = (word) => Number(new RegExp(`^\\s*(\\d+) ${word}\\s*$`, "m").exec(text)?.[1] ?? 0);
  return { pass: count("pass"), fail: count("fail"), skip: count("skip") };
}

export function say({ pass, fail, skip }) {
  console.log(`${pass} passed, ${fail} failed, ${skip} skipped`);
}

/** What failed, each with its file; the runner's own list at the end has none. */
function failuresOf(text) {
  const found = [];
  let file = "";
  for (const line of text.split(/^\d+ tests? failed:$/m)[0].split("\n")) {
    if (/^test\/\S+:$/.test(line)) file = line;
    if (line.startsWith("(fail)")) found.push(`${file} ${line}`);
  }
  return found;
}

/** Resolves to the exit code. A process that dies or counts nothing is a failure, whatever it said. */
export async function runLanes({ bun, root, parameters, env }) {
  const shares = sharesOf(testFiles(root));
  const sum = { pass: 0, fail: 0, skip: 0 };
  const failures = [];
  let worst = 0;
  const runShare = async (files) => {
    const paths = files.map((file) => `./${file}`);
    const { code, text } = await heard(bun, [...parameters, ...paths], { cwd: root, env });
    process.stdout.write(text);
    const counts = countsOf(text);
    for (const word of Object.keys(sum)) sum[word] += counts[word];
    const isWhole = new RegExp(`^Ran \\d+ tests? across ${files.length} files?\\.`, "m").test(text);
    if (code === 0 && isWhole) return;
    worst = code || 1;
    failures.push(...failuresOf(text));
    if (!isWhole) failures.push(`(fail) a process ended with ${code} before its end: ${files.join(" ")}`);
  };
  for (const [queue, lanes] of [
    [shares.busy, busyLanes],
    [shares.calm, calmLanes],
  ]) {
    const lane = async () => {
      for (let files = queue.shift(); files; files = queue.shift()) await runShare(files);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }
  for (const line of failures) console.log(line);
  say(sum);
  return worst;
}

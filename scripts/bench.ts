// `npm run bench`: what the gateway costs, as multiples of a bare proxy on the same runtime, in the same run and
// interleaved. Prints one table and writes bench-results.json. Never a timed test: read the ratios.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Case, cases } from "./bench/cases.ts";
import { type Held, hold, measure, type Target } from "./bench/load.ts";
import { cpuMs, memoryMb, type Subject, start, untilHealthy } from "./bench/process.ts";

const root = join(import.meta.dir, "..");
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const only = process.argv[2];
const key = "sk-bench-0123456789abcdef";

interface Row {
  name: string;
  plexus: string;
  bare: string;
  /** What is held against the bar: a multiple, or a value of its own. */
  value: number;
  bar: number;
}
const rows: Row[] = [];

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function configuration(upstream: string): string {
  const providers: Record<string, object> = {};
  const aliases: Record<string, object> = {};
  for (const kind of ["fast", "tools", "calls", "slow"]) {
    for (const protocol of ["chat", "messages"]) {
      const name = `${kind}-${protocol}`;
      providers[name] = { protocols: { [protocol]: `${upstream}/${kind}/v1` }, api_key: "bench-upstream-key-000" };
      aliases[name] = { targets: [`${name}/bench-model`] };
    }
  }
  return JSON.stringify({ providers, aliases, keys: { bench: { secret: key } } });
}

function gatewayCommand(folder: string, port: number) {
  return {
    name: "plexus",
    command: [join(root, "dist/plexus")],
    environment: {
      DATA_DIR: join(folder, "data"),
      PORT: String(port),
      PLEXUS_CONFIG: join(folder, "plexus.json"),
      LOG_LEVEL: "error",
      ADMIN_KEY: "adm-bench-0123456789",
    },
    cwd: folder,
    port,
  };
}

function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = server;
  server.stop(true);
  return port ?? 0;
}

/**
 * Rounds until the code is compiled: a gateway runs for days, and what its compiler's threads take in the first seconds
 * is as much as the requests take. Resolves to what the first round took, which is told beside the others.
 */
async function warmUp(target: Target, one: Case): Promise<number> {
  const compiler = () => cpuMs(target.subject.pid, "JITWorker");
  let first = 0;
  for (let round = 0; round < 12; round++) {
    const before = compiler();
    const each = await measure(target, one, one.requests);
    if (round === 0) first = each;
    if (round >= 2 && compiler() - before < (each * one.requests) / 20) break;
  }
  return first;
}

async function compare(one: Case, targets: { plexus: Target; bare: Target }): Promise<void> {
  const seen = { plexus: [] as number[], bare: [] as number[] };
  const coldBare = await warmUp(targets.bare, one);
  const cold = (await warmUp(targets.plexus, one)) / coldBare;
  for (let round = 0; round < rounds; round++) {
    seen.bare.push(await measure(targets.bare, one, one.requests));
    seen.plexus.push(await measure(targets.plexus, one, one.requests));
  }
  const ratios = seen.plexus.map((value, at) => value / (seen.bare[at] ?? 1));
  const text = (values: number[]) => `${median(values).toFixed(3)} ms`;
  rows.push({ name: one.name, plexus: text(seen.plexus), bare: text(seen.bare), value: median(ratios), bar: one.bar });
  console.error(
    `${one.name}: ${ratios.map((ratio) => ratio.toFixed(2)).join(" ")} (not yet compiled: ${cold.toFixed(2)})`,
  );
}

const noHold: Held = { cpu: 0, memory: 0, open: 0 };

/** A thousand slow streams at once: none may wait for another. */
async function holdOpen(targets: { plexus: Target; bare: Target }): Promise<void> {
  const streams = 1000;
  const base = cases.find((one) => one.client === "chat" && one.name.includes("stream"));
  if (!base) throw new Error("there is no chat stream among the cases");
  const one: Case = { ...base, name: "slow" };
  const options = { streams, seconds: 6 };
  const slow = (target: Target, prefix: string): Target => ({
    ...target,
    prefix: () => prefix,
    model: () => "slow-chat",
  });
  const pairs: { bare: Held; plexus: Held }[] = [];
  for (let at = 0; at <= rounds; at++) {
    const bare = await hold(slow(targets.bare, "/slow"), one, options);
    pairs.push({ bare, plexus: await hold(slow(targets.plexus, ""), one, options) });
  }
  // The first pair has the compiler's and the collector's share in it. Memory is taken there: a process keeps what it once had.
  const [first = { bare: noHold, plexus: noHold }, ...rest] = pairs;
  const ratios = rest.map(({ bare, plexus }) => plexus.cpu / bare.cpu);
  process.stdout.write(`slow streams: ${ratios.map((ratio) => ratio.toFixed(2)).join(" ")}\n`);
  const cpu = (side: "bare" | "plexus") => `${(median(rest.map((pair) => pair[side].cpu)) * streams).toFixed(1)} ms/s`;
  rows.push({
    name: `${streams} open slow streams`,
    plexus: cpu("plexus"),
    bare: cpu("bare"),
    value: median(ratios),
    bar: 1.5,
  });
  const { bare, plexus } = first;
  const kilobytes = (value: number) => `${value.toFixed(0)} KB`;
  rows.push({
    name: "  memory for each of them, KB",
    plexus: kilobytes(plexus.memory),
    bare: kilobytes(bare.memory),
    value: plexus.memory,
    bar: 100,
  });
  rows.push({
    name: "  streams that wait for another",
    plexus: String(streams - plexus.open),
    bare: String(streams - bare.open),
    value: streams - plexus.open,
    bar: 0,
  });
}

async function startUp(folder: string, bareCommand: string[]): Promise<void> {
  const times = { plexus: [] as number[], bare: [] as number[] };
  const memory = { plexus: 0, bare: 0 };
  for (let at = 0; at < 10; at++) {
    for (const name of ["bare", "plexus"] as const) {
      const port = freePort();
      const command =
        name === "plexus"
          ? gatewayCommand(folder, port)
          : { name, command: bareCommand, environment: { PORT: String(port) }, port };
      const starting = start({ ...command, environment: { ...command.environment, BUN_CONFIG_MAX_HTTP_REQUESTS: "" } });
      times[name].push(await untilHealthy(`http://127.0.0.1:${port}`));
      const subject: Subject = await starting;
      if (at === 9) {
        await Bun.sleep(10_000);
        memory[name] = memoryMb(subject.pid);
      }
      await subject.stop();
    }
  }
  const ms = (values: number[]) => `${median(values).toFixed(0)} ms`;
  rows.push({
    name: "start to the first /healthz 200, ms",
    plexus: ms(times.plexus),
    bare: ms(times.bare),
    value: median(times.plexus),
    bar: 200,
  });
  const mb = (value: number) => `${value.toFixed(0)} MB`;
  rows.push({
    name: "idle memory 10 s after the start, MB",
    plexus: mb(memory.plexus),
    bare: mb(memory.bare),
    value: memory.plexus,
    bar: 70,
  });
}

function print(): void {
  const width = Math.max(...rows.map((row) => row.name.length));
  const line = (cells: string[]) =>
    `${(cells[0] ?? "").padEnd(width)}  ${cells
      .slice(1)
      .map((cell) => cell.padStart(12))
      .join("  ")}`;
  console.log(line(["CPU for one request", "plexus", "bare proxy", "multiple", "at most", ""]));
  for (const row of rows) {
    console.log(
      line([
        row.name,
        row.plexus,
        row.bare,
        row.value.toFixed(2),
        String(row.bar),
        row.value <= row.bar ? "holds" : "MISSED",
      ]),
    );
  }
}

const folder = mkdtempSync(join(tmpdir(), "plexus-bench-"));
const bareBinary = join(folder, "bare");
const bun = process.execPath;
Bun.spawnSync([
  bun,
  "build",
  "--compile",
  "--minify",
  "--bytecode",
  "--format=esm",
  join(root, "scripts/bench/bare.ts"),
  "--outfile",
  bareBinary,
]);
const upstream = await start({ name: "upstream", command: [bun, join(root, "scripts/bench/upstream.ts")] });
writeFileSync(join(folder, "plexus.json"), configuration(upstream.url));
const port = freePort();
const plexus = await start(gatewayCommand(folder, port));
await untilHealthy(plexus.url);
const bare = await start({ name: "bare", command: [bareBinary, upstream.url] });
const targets = {
  plexus: {
    subject: plexus,
    prefix: () => "",
    model: (one: Case) => `${one.kind}-${one.provider}`,
    headers: { authorization: `Bearer ${key}` },
  },
  bare: { subject: bare, prefix: (one: Case) => `/${one.kind}`, model: () => "bench-model", headers: {} },
};
try {
  for (const one of cases) if (only === undefined || one.name.includes(only)) await compare(one, targets);
  if (only === undefined || only === "slow") await holdOpen(targets);
  await plexus.stop();
  if (only === undefined || only === "start") await startUp(folder, [bareBinary, upstream.url]);
} finally {
  for (const subject of [plexus, bare, upstream]) await subject.stop();
  rmSync(folder, { recursive: true, force: true });
}
print();
writeFileSync(join(root, "bench-results.json"), `${JSON.stringify(rows, null, 2)}\n`);

// What one visit of a page costs the server, and what it brings to a browser that has nothing in its cache.
import { cpuMs } from "../bench/process.ts";

export interface Server {
  url: string;
  pid: number;
  /** Of the probe in its process. */
  probe: string;
  /** Processes of its database that work for it. */
  others(): Promise<number[]>;
}

export interface Weight {
  /** CPU milliseconds of all threads, those of the database included. */
  cpu: number;
  /** Of them, those of the database's own processes. */
  database: number;
  /** CPU milliseconds for which the thread that serves requests was held at once. */
  held: number;
  /** Kilobytes of the page and of all that it loads. */
  size: number;
}

const warmUps = 4;
const visits = 3;

/** The best of three, when the runtime has seen the page a few times. */
export async function weigh(server: Server, path: string, cookie: string): Promise<Weight> {
  const address = server.url + path;
  for (let count = 0; count < warmUps; count++) await visit(address, cookie);
  const others = await server.others();
  const cpus: [all: number, database: number][] = [];
  const holds: number[] = [];
  for (let count = 0; count < visits; count++) {
    const before = [cpuMs(server.pid), sum(others.map((pid) => cpuMs(pid)))] as const;
    await visit(address, cookie);
    const own = cpuMs(server.pid) - before[0];
    const database = sum(others.map((pid) => cpuMs(pid))) - before[1];
    cpus.push([own + database, database]);
    await fetch(`${server.probe}/start`);
    await visit(address, cookie);
    const { longest } = (await (await fetch(`${server.probe}/stop`)).json()) as { longest: number };
    holds.push(longest);
  }
  const [cpu, database] = cpus.sort(([one], [other]) => one - other)[0] ?? [0, 0];
  return { cpu, database, held: Math.min(...holds), size: (await coldBytes(server.url, path, cookie)) / 1024 };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

/** Bytes as they come, packed where the server packs them. */
export async function visit(address: string, cookie: string): Promise<{ text: string; bytes: number }> {
  const headers = { cookie, "accept-encoding": "gzip, deflate, br" };
  const response = await fetch(address, { headers, redirect: "manual", decompress: false });
  const body = new Uint8Array(await response.arrayBuffer());
  if (response.status !== 200) throw new Error(`${address} was answered with ${response.status}`);
  const isPacked = response.headers.get("content-encoding") === "gzip";
  const text = new TextDecoder().decode(isPacked ? Bun.gunzipSync(body) : body);
  const head = [...response.headers].reduce((bytes, [name, value]) => bytes + name.length + value.length + 4, 20);
  return { text, bytes: head + body.length };
}

async function coldBytes(url: string, path: string, cookie: string): Promise<number> {
  const { text, bytes } = await visit(url + path, cookie);
  const names = new Set([...text.matchAll(/(?:href|src)="(\/console\/assets\/[^"]+)"/g)].map(([, name = ""]) => name));
  const sizes = await Promise.all([...names].map(async (name) => (await visit(url + name, cookie)).bytes));
  return bytes + sum(sizes);
}

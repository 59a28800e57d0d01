/**
 * Whether a provider's address can be reached, step by step: the name, a connection, TLS. A probe of its own, for the
 * runtime's `fetch` does not tell these apart; nothing is sent.
 */
import { lookup } from "node:dns/promises";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import ipaddr from "ipaddr.js";

export interface Reached {
  step: "dns" | "connect" | "tls";
  /** `host:port`. */
  target: string;
  /** Undefined where the step was not needed, or not possible. */
  ms?: number;
  /** Of `dns`: the addresses that were found. */
  addresses?: readonly string[];
  /** The step went through no network: why. */
  skipped?: "literal" | "plain" | "proxied";
  failure?: { code: string; message: string };
}

export interface Reaching {
  /** http(s) proxy that is asked in the place of the provider. */
  proxy: string | null;
  /** Of each step. */
  timeoutMs: number;
}

/** The steps up to the first that fails. */
export async function reach(address: string, { proxy, timeoutMs }: Reaching): Promise<Reached[]> {
  const provider = new URL(address);
  const url = proxy === null ? provider : new URL(proxy);
  const host = hostOf(url);
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  const target = `${url.hostname}:${port}`;
  const named = await resolve(host, target, timeoutMs);
  const literal = ipaddr.isValid(hostOf(provider)) ? [hostOf(provider)] : [];
  const forbidden = [...(named.addresses ?? []), ...literal].find(isOfThisLink);
  if (forbidden !== undefined) {
    const message = `${forbidden} is an address of the own link, where clouds keep the credentials of their machines`;
    return [{ ...named, failure: { code: "LINK_LOCAL", message } }];
  }
  const [first] = named.addresses ?? [];
  if (named.failure || first === undefined) return [named];
  const { reached, socket } = await open({ host: first, port, target, timeoutMs });
  if (!socket) return [named, reached];
  if (url.protocol === "https:") return [named, reached, await handshake(socket, { host, target, timeoutMs })];
  socket.destroy();
  const skipped = proxy !== null && provider.protocol === "https:" ? "proxied" : "plain";
  return [named, reached, { step: "tls", target, skipped }];
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

/** Link-local addresses, and those by which clouds answer for the machine itself. */
export function isOfThisLink(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (address.range() === "linkLocal") return true;
  return ["168.63.129.16", "100.100.100.200", "fd00:ec2::254"].includes(address.toString());
}

async function resolve(host: string, target: string, timeoutMs: number): Promise<Reached> {
  if (ipaddr.isValid(host)) return { step: "dns", target, addresses: [host], skipped: "literal" };
  const started = performance.now();
  try {
    const found = await withinTime(lookup(host, { all: true }), timeoutMs);
    // As `fetch` does: IPv4 first.
    const addresses = found.sort((one, other) => one.family - other.family).map(({ address }) => address);
    return { step: "dns", target, ms: performance.now() - started, addresses };
  } catch (error) {
    return { step: "dns", target, ms: performance.now() - started, failure: failureOf(error) };
  }
}

function withinTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" })), timeoutMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

interface Opening {
  host: string;
  port: number;
  target: string;
  timeoutMs: number;
}

async function open({ host, port, target, timeoutMs }: Opening): Promise<{ reached: Reached; socket?: Socket }> {
  const started = performance.now();
  const socket = connect({ host, port });
  const opened = new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  try {
    await withinTime(opened, timeoutMs);
    // Later errors are told by whoever goes on with it.
    socket.on("error", () => undefined);
    return { reached: { step: "connect", target, ms: performance.now() - started }, socket };
  } catch (error) {
    socket.on("error", () => undefined);
    socket.destroy();
    return { reached: { step: "connect", target, ms: performance.now() - started, failure: failureOf(error) } };
  }
}

async function handshake(socket: Socket, { host, target, timeoutMs }: Omit<Opening, "port">): Promise<Reached> {
  const started = performance.now();
  const secure = connectTls({ socket, ...(ipaddr.isValid(host) ? {} : { servername: host }), host });
  const done = new Promise<void>((resolve, reject) => {
    secure.once("secureConnect", resolve);
    secure.once("error", reject);
    secure.once("close", () => reject(Object.assign(new Error("the server closed it"), { code: "ECONNRESET" })));
  });
  try {
    await withinTime(done, timeoutMs);
    return { step: "tls", target, ms: performance.now() - started };
  } catch (error) {
    return { step: "tls", target, ms: performance.now() - started, failure: failureOf(error) };
  } finally {
    secure.on("error", () => undefined);
    secure.destroy();
    socket.destroy();
  }
}

function failureOf(error: unknown): { code: string; message: string } {
  const code = error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
  return { code, message: error instanceof Error ? error.message : String(error) };
}

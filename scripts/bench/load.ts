// The load generator: keeps so many requests in flight until all are answered, and checks each answer.
import { type Case, cases, paths } from "./cases.ts";
import { cpuMs, memoryMb, type Subject } from "./process.ts";

export interface Target {
  subject: Subject;
  /** Before the protocol's path: the bare proxy passes the kind of upstream on. */
  prefix(one: Case): string;
  model(one: Case): string;
  headers: Record<string, string>;
}

/** The bare proxy's client speaks the upstream's protocol: it gets that protocol's own stream case. */
function bodyFor(target: Target, one: Case): string {
  const model = target.model(one);
  const isForeign = one.client === "gemini" || one.client === "responses";
  if (target.prefix(one) === "" || !isForeign) return one.body(model);
  const own = cases.find((other) => other.client === one.provider && other.name.includes("stream"));
  return (own ?? one).body(model);
}

async function once(target: Target, one: Case, body: string): Promise<void> {
  const bare = target.prefix(one) !== "";
  const protocol = bare ? one.provider : one.client;
  const response = await fetch(`${target.subject.url}${target.prefix(one)}${paths[protocol](target.model(one))}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...target.headers },
    body,
  });
  const text = await response.text();
  const holds =
    bare && one.provider !== one.client
      ? one.provider === "chat"
        ? /\[DONE\]|choices/
        : /message/
      : new RegExp(one.holds.replace(/[[\]]/g, "\\$&"));
  if (response.status !== 200 || !holds.test(text)) {
    throw new Error(`${target.subject.name}, ${one.name}: status ${response.status}, ${text.slice(0, 300)}`);
  }
}

/** CPU milliseconds for one request. */
export async function measure(target: Target, one: Case, requests: number): Promise<number> {
  const body = bodyFor(target, one);
  let left = requests;
  const before = cpuMs(target.subject.pid);
  const lane = async () => {
    while (left-- > 0) await once(target, one, body);
  };
  await Promise.all(Array.from({ length: Math.min(one.parallel, requests) }, lane));
  // What is written shortly after the answer belongs to it.
  await Bun.sleep(300);
  return (cpuMs(target.subject.pid) - before) / requests;
}

export interface Held {
  /** CPU milliseconds for each second of each stream. */
  cpu: number;
  /** Kilobytes of memory for each stream. */
  memory: number;
  /** Streams that had their first bytes when all were open. */
  open: number;
}

/** Opens so many slow streams at once, holds them, and leaves. */
export async function hold(
  target: Target,
  one: Case,
  { streams, seconds }: { streams: number; seconds: number },
): Promise<Held> {
  const { pid } = target.subject;
  const body = bodyFor(target, one);
  const before = memoryMb(pid);
  const leave = new AbortController();
  let open = 0;
  const lanes = Array.from({ length: streams }, async () => {
    const response = await fetch(`${target.subject.url}${target.prefix(one)}${paths[one.client](target.model(one))}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...target.headers },
      body,
      signal: leave.signal,
    });
    const reader = response.body?.getReader();
    for (let first = true; reader; first = false) {
      const part = await reader.read();
      if (part.done) return;
      if (first) open++;
    }
  });
  const all = Promise.allSettled(lanes);
  await Bun.sleep(4000);
  const began = cpuMs(pid);
  await Bun.sleep(seconds * 1000);
  const result = {
    cpu: (cpuMs(pid) - began) / seconds / streams,
    memory: ((memoryMb(pid) - before) * 1024) / streams,
    open,
  };
  leave.abort();
  await all;
  await Bun.sleep(500);
  return result;
}

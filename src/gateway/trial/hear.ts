/** One call of a trial, on the traffic's own transport, with as much of the answer as is needed to say what is wrong. */
import { GatewayError, toGatewayError } from "../../model/error.ts";
import type { Json } from "../../model/json.ts";
import type { Wire } from "../../protocols/protocol.ts";
import { callUpstream, readErrorBody, transportError } from "../../providers/call.ts";
import type { Gateway } from "../gateway.ts";
import type { Addressed } from "../outgoing.ts";

export interface Heard {
  url: string;
  ms: number;
  status: number | null;
  headers: Headers;
  text: string;
  /** No answer came, or not all of it. */
  error?: GatewayError;
}

export interface Hearing {
  method: "GET" | "POST";
  proxy: string | null;
  timeoutMs: number;
}

/** More than this no list of models has. */
const mostBytes = 16 * 1024 * 1024;

/** Never rejects. */
export async function hear(
  gateway: Gateway,
  { url, headers, body }: Addressed<Wire>,
  { method, proxy, timeoutMs }: Hearing,
): Promise<Heard> {
  const started = performance.now();
  const seconds = Math.round(timeoutMs / 1000);
  const controller = new AbortController();
  const late = new GatewayError("upstream-timeout", `No answer came within ${seconds} s.`);
  const timer = setTimeout(() => controller.abort(late), timeoutMs);
  const { signal } = controller;
  const heard = { url, status: null, headers: new Headers(), text: "" };
  const since = () => performance.now() - started;
  try {
    const via = proxy === null ? {} : { proxy };
    const response = await callUpstream(gateway.transport(url), url, { method, headers, body, signal, ...via });
    const { status } = response;
    const text = response.ok ? await wholeText(response, signal) : await readErrorBody(response);
    return { url, ms: since(), status, headers: response.headers, text };
  } catch (error) {
    return { ...heard, ms: since(), error: toGatewayError(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function wholeText(response: Response, signal: AbortSignal): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of response.body ?? []) {
      size += part.byteLength;
      if (size > mostBytes) throw new GatewayError("upstream-failed", "The answer is larger than 16 MB.");
      parts.push(part);
    }
  } catch (error) {
    throw transportError(error, signal);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Undefined when it is no JSON. */
export function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

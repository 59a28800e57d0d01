/** One HTTP call to one upstream. Knows transports and their failures, nothing of protocols. */
import { GatewayError } from "../model/error.ts";

export interface TransportInit {
  method: "POST" | "GET";
  headers: Record<string, string>;
  /** Of a GET it is left out. Bytes are only good until the call has begun: whoever sends them later copies them, as `fetch` does. */
  body: string | Buffer;
  signal: AbortSignal;
  /** http(s) proxy for this call. */
  proxy?: string;
  /** On a connection of its own. */
  isFresh?: true;
}

/** Sends a request and resolves at the response's headers: `fetch`, or an upstream inside the process. */
export type Transport = (url: string, init: TransportInit) => Promise<Response>;

export const fetchTransport: Transport = (url, init) =>
  fetch(url, {
    method: init.method,
    headers: init.headers,
    ...(init.method === "GET" ? {} : { body: init.body }),
    signal: init.signal,
    redirect: "manual",
    // The gateway has its own deadlines; the runtime's must not cut in before them.
    timeout: false,
    ...(init.proxy === undefined ? {} : { proxy: init.proxy }),
    ...(init.isFresh ? { keepalive: false } : {}),
  } as BunFetchRequestInit);

/** Reads at most this much of an error's body: enough to classify and to show. */
const errorBodyBytes = 65_536;
const errorBodyMs = 5_000;

/** Rejects with a GatewayError. */
export function callUpstream(transport: Transport, url: string, init: TransportInit): Promise<Response> {
  const failed = (error: unknown) => {
    throw transportError(error, init.signal);
  };
  try {
    return transport(url, init).catch(failed);
  } catch (error) {
    return failed(error);
  }
}

const unreachable = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ConnectionRefused",
  "FailedToOpenSocket",
  "DNSException",
]);

/** What a failed call or a broken body means. An abort carries its own reason. */
export function transportError(error: unknown, signal: AbortSignal): GatewayError {
  if (error instanceof GatewayError) return error;
  if (signal.aborted && signal.reason instanceof GatewayError) return signal.reason;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (unreachable.has(code) || /CERT|TLS|SSL|SELF_SIGNED/.test(code)) {
    return new GatewayError("upstream-unreachable", `The provider cannot be reached (${code}).`, { cause: error });
  }
  return new GatewayError("upstream-failed", "The provider closed the connection before its answer was complete.", {
    cause: error,
  });
}

/** The text of a failed response, bounded in size and time; what came in time is returned. */
export async function readErrorBody(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  const deadline = new Promise<undefined>((resolve) => setTimeout(resolve, errorBodyMs).unref());
  let text = "";
  let size = 0;
  try {
    while (size < errorBodyBytes) {
      const part = await Promise.race([reader.read(), deadline]);
      if (part === undefined || part.done) break;
      size += part.value.byteLength;
      text += decoder.decode(part.value, { stream: true });
    }
  } catch {
    // The status alone still classifies the failure.
  }
  reader.cancel().catch(() => undefined);
  return text.slice(0, errorBodyBytes);
}

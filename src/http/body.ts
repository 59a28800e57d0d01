/** Reads a request's body once, within limits of size and time. */
import { isUtf8 } from "node:buffer";
import { Content } from "../kit/content.ts";
import { type Sweep, Watch } from "../kit/sweep.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";

/** A sender that is silent this long in the middle of its body is given up. */
const silenceMs = 30_000;
const slowestBytesPerSecond = 50_000;
/** From here on bytes are kept as they are, for the text of a large body may never be needed. */
const largeBytes = 65_536;

export function readBody(request: Request, sweep: Sweep, limit: number): Promise<Content> {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > limit) return Promise.reject(tooLarge(limit));
  return declared === null ? readCounted(request, sweep, limit) : readAtOnce(request, sweep, Number(declared));
}

/** A declared length is read in one piece, in a time that grows with it. */
async function readAtOnce(request: Request, sweep: Sweep, length: number): Promise<Content> {
  const milliseconds = silenceMs + (length / slowestBytesPerSecond) * 1000;
  if (length > largeBytes) {
    const bytes = Buffer.from(await within(sweep, request.arrayBuffer(), milliseconds));
    if (!isUtf8(bytes)) throw notUtf8();
    return Content.ofBytes(bytes);
  }
  const text = await within(sweep, request.text(), milliseconds);
  // The decoder puts U+FFFD where bytes were no UTF-8, and that changes the length.
  if (Buffer.byteLength(text) !== length && text.includes("\ufffd")) throw notUtf8();
  return Content.ofText(text);
}

async function readCounted(request: Request, sweep: Sweep, limit: number): Promise<Content> {
  const reader = request.body?.getReader();
  if (!reader) return Content.ofText("");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  try {
    for (;;) {
      const part = await within(sweep, reader.read(), silenceMs);
      if (part.done) return Content.ofText(text + decoded(() => decoder.decode()));
      size += part.value.byteLength;
      if (size > limit) throw tooLarge(limit);
      text += decoded(() => decoder.decode(part.value, { stream: true }));
    }
  } catch (error) {
    reader.cancel().catch(() => undefined);
    throw error;
  }
}

function decoded(work: () => string): string {
  try {
    return work();
  } catch {
    throw notUtf8();
  }
}

function notUtf8(): GatewayError {
  return new GatewayError("invalid-request", "The request body is not valid UTF-8.");
}

function within<T>(sweep: Sweep, work: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const watch = new Watch(() => {
      const message = "The request body did not arrive in time. Send it whole, or check the connection.";
      reject(new GatewayError("invalid-request", message, { status: 408 }));
    });
    sweep.set(watch, milliseconds);
    work.then(
      (value) => {
        sweep.remove(watch);
        resolve(value);
      },
      (cause) => {
        sweep.remove(watch);
        reject(
          new GatewayError("cancelled", "The client closed the connection before its request was complete.", { cause }),
        );
      },
    );
  });
}

/** Throws `invalid-request` for what is not an object of JSON. */
export function parseObject(text: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw new GatewayError("invalid-request", `The request body is not valid JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new GatewayError("invalid-request", "The request body must be a JSON object.");
}

function tooLarge(limit: number): GatewayError {
  const megabytes = Math.round((limit / 1_048_576) * 10) / 10;
  return new GatewayError(
    "too-large",
    `The request body is larger than the limit of ${megabytes} MB (settings.limits.body_mb).`,
  );
}

/**
 * A provider of raw power on a plain socket: any bytes, any cut, any delay. Each model name has its own script; every
 * request is kept as it came.
 */
import { createServer, type Socket } from "node:net";
import type { JsonObject } from "../../src/model/json.ts";

type Bytes = string | Uint8Array;

/** One request of the gateway, and the means to answer it. */
export class Visit {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Names in lower case, in the order they came. */
  readonly headers: Record<string, string>;
  readonly body: string;
  /** Resolves when the connection is closed, by whomever. */
  readonly left: Promise<void>;
  hasLeft = false;
  private readonly socket: Socket;
  private chunked = false;

  constructor(socket: Socket, head: string, body: string) {
    const [first = "", ...lines] = head.split("\r\n");
    [this.method = "", this.path = ""] = first.split(" ");
    this.headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
    );
    this.body = body;
    this.socket = socket;
    this.left = new Promise((resolve) => {
      socket.once("close", () => {
        this.hasLeft = true;
        resolve();
      });
    });
  }

  get json(): JsonObject {
    return JSON.parse(this.body) as JsonObject;
  }

  /** Status and headers; the body follows in chunks unless a length is given. */
  head(status: number, headers: Readonly<Record<string, string>> = {}): this {
    this.chunked = !("content-length" in headers);
    const all = { connection: "close", ...(this.chunked ? { "transfer-encoding": "chunked" } : {}), ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    return this.raw(`HTTP/1.1 ${status} Said\r\n${lines.join("")}\r\n`);
  }

  /** Head of an event stream. */
  events(headers: Readonly<Record<string, string>> = {}): this {
    return this.head(200, { "content-type": "text/event-stream", ...headers });
  }

  send(bytes: Bytes): this {
    const data = Buffer.from(bytes as string);
    if (!this.chunked) return this.raw(data);
    return this.raw(Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]));
  }

  /** Like `send`; resolves when the socket has room again, or the connection is gone. */
  async sendSlowly(bytes: Bytes): Promise<void> {
    const before = this.socket.writableLength;
    this.send(bytes);
    if (this.hasLeft || this.socket.writableLength <= Math.max(before, 262_144)) return;
    await Promise.race([new Promise<void>((resolve) => this.socket.once("drain", resolve)), this.left]);
  }

  raw(bytes: Bytes): this {
    if (!this.hasLeft) this.socket.write(bytes);
    return this;
  }

  end(): void {
    if (this.hasLeft) return;
    if (this.chunked) this.raw("0\r\n\r\n");
    this.socket.end();
  }

  /** Closes the connection in the middle of the answer. */
  cut(): void {
    this.socket.destroy();
  }

  /** A whole JSON answer, byte for byte when given as text. */
  answer(status: number, body: JsonObject | string, headers: Readonly<Record<string, string>> = {}): void {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const length = String(Buffer.byteLength(text));
    this.head(status, { "content-type": "application/json", "content-length": length, ...headers }).send(text);
    this.end();
  }
}

export type Script = (visit: Visit) => void | Promise<void>;

export interface RawUpstream {
  /** Without a version. */
  url: string;
  /** What answers requests for the model. */
  on(model: string, script: Script): void;
  visits(model: string): Visit[];
  stop(): void;
}

export async function startRawUpstream(): Promise<RawUpstream> {
  const scripts = new Map<string, Script>();
  const kept = new Map<string, Visit[]>();
  const sockets = new Set<Socket>();
  const take = (visit: Visit) => {
    const inPath = /\/models\/([^/:]+):\w+(?:\?|$)/.exec(visit.path)?.[1];
    const model = inPath ?? /"model"\s*:\s*"([^"]*)"/.exec(visit.body)?.[1] ?? "";
    kept.set(model, [...(kept.get(model) ?? []), visit]);
    const script = scripts.get(model);
    if (script) void Promise.resolve(script(visit)).catch((error) => console.error("a script failed", error));
    else visit.answer(404, { error: { message: `no script for ${model}`, code: "model_not_found" } });
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    read(socket, take);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    on: (model, script) => void scripts.set(model, script),
    visits: (model) => kept.get(model) ?? [],
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** One request for each connection: every answer closes it. */
function read(socket: Socket, take: (visit: Visit) => void): void {
  let bytes = Buffer.alloc(0);
  let isTaken = false;
  socket.on("data", (data) => {
    if (isTaken) return;
    bytes = Buffer.concat([bytes, data as Buffer]);
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = bytes.toString("latin1", 0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (bytes.length < end + 4 + length) return;
    isTaken = true;
    take(new Visit(socket, head, bytes.toString("utf8", end + 4, end + 4 + length)));
  });
}

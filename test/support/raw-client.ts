/** A client on a plain socket: any bytes, any pace, and none of the limits that `fetch` has. */
import { connect, type Socket } from "node:net";

export interface RawClient {
  socket: Socket;
  /** What has come so far, head included. */
  text(): string;
  /** Waits until `needle` has come; throws when the connection ends first or the time is over. */
  wait(needle: string, milliseconds?: number): Promise<string>;
  /** Resolves with all that came, once the connection is closed. */
  closed: Promise<string>;
}

export function openRaw(url: string, bytes: string | Uint8Array = ""): RawClient {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const parts: Buffer[] = [];
  let isClosed = false;
  const text = () => Buffer.concat(parts).toString("utf8");
  socket.on("data", (data) => void parts.push(data as Buffer));
  socket.on("error", () => undefined);
  const closed = new Promise<string>((resolve) => {
    socket.once("close", () => {
      isClosed = true;
      resolve(text());
    });
  });
  if (bytes.length > 0) socket.write(bytes);
  return {
    socket,
    text,
    closed,
    async wait(needle, milliseconds = 10_000) {
      const until = performance.now() + milliseconds;
      while (!text().includes(needle)) {
        if (isClosed || performance.now() > until)
          throw new Error(`${needle} never came, but: ${text().slice(0, 500)}`);
        await Bun.sleep(5);
      }
      return text();
    },
  };
}

/** A request as text, with its length. */
export function rawRequest(method: string, path: string, headers: Readonly<Record<string, string>>, body = ""): string {
  const length = body === "" && method !== "POST" ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const lines = Object.entries({ host: "localhost", ...headers, ...length }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

import { afterEach, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import { fetchTransport } from "../../src/providers/call.ts";
import { withFreshConnections } from "../../src/providers/stale.ts";

let server: Server | undefined;
afterEach(() => server?.close());

type Answering = (socket: Socket, turn: { connection: number; request: number }) => void;

/** A server on a plain socket that says of each request what becomes of it. */
async function serve(answering: Answering) {
  const seen = { connections: 0, requests: 0 };
  server = createServer((socket) => {
    const connection = ++seen.connections;
    let request = 0;
    socket.on("error", () => undefined);
    socket.on("data", () => {
      seen.requests++;
      answering(socket, { connection, request: ++request });
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { seen, url: `http://127.0.0.1:${port}/v1/x` };
}

const ok = (socket: Socket, connection = "keep-alive") =>
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: ${connection}\r\n\r\nok`);

function asker(url: string) {
  const transport = withFreshConnections(fetchTransport);
  return async (body: string | Buffer = "{}") => {
    const init = { method: "POST", headers: {}, body, signal: new AbortController().signal } as const;
    return (await transport(url, init)).text();
  };
}

test("a request that meets a closing connection goes out once more on a new one", async () => {
  const { seen, url } = await serve((socket, { connection, request }) => {
    if (connection === 1 && request === 2) socket.destroy();
    else ok(socket);
  });
  const ask = asker(url);
  expect([await ask(), await ask(), await ask()]).toEqual(["ok", "ok", "ok"]);
  expect(seen).toMatchObject({ connections: 3, requests: 4 });
});

test("not more than once", async () => {
  const { seen, url } = await serve((socket) => (seen.requests > 1 ? socket.destroy() : ok(socket)));
  const ask = asker(url);
  await ask();
  await expect(ask()).rejects.toThrow();
  await ask().catch(() => undefined);
  expect(seen.requests).toBe(5);
});

test("nor on a first connection, after one that was closed by agreement, late, or with bytes that are gone", async () => {
  const first = await serve((socket) => socket.destroy());
  await asker(first.url)().catch(() => undefined);
  expect(first.seen.requests).toBe(1);

  const agreed = await serve((socket) => {
    if (agreed.seen.requests > 1) socket.destroy();
    else {
      ok(socket, "close");
      socket.end();
    }
  });
  const askAgreed = asker(agreed.url);
  await askAgreed();
  await askAgreed().catch(() => undefined);
  expect(agreed.seen.requests).toBe(2);

  const late = await serve((socket) => {
    if (late.seen.requests === 1) ok(socket);
    else setTimeout(() => socket.destroy(), 1200);
  });
  const askLate = asker(late.url);
  await askLate();
  await askLate().catch(() => undefined);
  expect(late.seen.requests).toBe(2);

  const bytes = await serve((socket) => (bytes.seen.requests === 1 ? ok(socket) : socket.destroy()));
  const askBytes = asker(bytes.url);
  await askBytes();
  await askBytes(Buffer.from("{}")).catch(() => undefined);
  expect(bytes.seen.requests).toBe(2);
});

/** A line to a gateway that can be cut and mended: everything that is open on it ends, and nobody can call. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export interface Line {
  url: string;
  cut(): Promise<void>;
  mend(): Promise<void>;
  stop(): Promise<void>;
}

export async function openLine(gatewayUrl: string): Promise<Line> {
  const port = Number(new URL(gatewayUrl).port);
  const open = new Set<Socket>();
  let server: Server | undefined;
  const listen = (at: number) =>
    new Promise<number>((resolve, reject) => {
      const opened = createServer((near) => {
        const far = connect(port, "127.0.0.1");
        for (const [one, other] of [
          [near, far],
          [far, near],
        ] as const) {
          open.add(one);
          one.on("close", () => {
            open.delete(one);
            other.destroy();
          });
          one.on("error", () => other.destroy());
          one.pipe(other);
        }
      });
      opened.on("error", reject);
      opened.listen(at, "127.0.0.1", () => resolve((opened.address() as AddressInfo).port));
      server = opened;
    });
  const cut = () =>
    new Promise<void>((resolve) => {
      for (const socket of open) socket.destroy();
      if (server) server.close(() => resolve());
      else resolve();
      server = undefined;
    });
  const own = await listen(0);
  return { url: `http://127.0.0.1:${own}`, cut, mend: async () => void (await listen(own)), stop: cut };
}

// What everything is measured against: the least that a proxy on this runtime does.
const upstream = process.argv.at(-1);
const server = Bun.serve({
  port: Number(process.env.PORT ?? 0),
  hostname: "127.0.0.1",
  idleTimeout: 0,
  maxRequestBodySize: 1024 ** 3,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/healthz") return new Response("ok");
    const body = await request.arrayBuffer();
    const response = await fetch(`${upstream}${pathname}`, { method: request.method, headers: request.headers, body });
    return new Response(response.body, {
      status: response.status,
      headers: { "content-type": response.headers.get("content-type") ?? "" },
    });
  },
});
console.log(server.port);

export {};

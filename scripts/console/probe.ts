// Loaded into the gateway by the bars (BUN_OPTIONS): how long is the thread that serves requests held? Looks each
// millisecond at the CPU time that this thread took since the last look, so that what else the machine does is not counted.
import { writeFileSync } from "node:fs";

const path = process.env.PLEXUS_PROBE;
if (path !== undefined && Bun.isMainThread) {
  let longest = 0;
  let last = 0;
  let timer: Timer | undefined;
  const used = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const look = () => {
    const now = used();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      clearInterval(timer);
      if (request.url.endsWith("/start")) {
        longest = 0;
        last = used();
        timer = setInterval(look, 1);
      } else look();
      return Response.json({ longest });
    },
  });
  writeFileSync(path, String(server.port));
}

import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

const binary = join(import.meta.dir, "../../dist/plexus");

test("a large output reaches a slow reader whole", async () => {
  expect(existsSync(binary)).toBe(true);
  const text = "x".repeat(3_000_000);
  const body = JSON.stringify({ model: "m", max_tokens: 5, messages: [{ role: "user", content: text }] });
  const child = Bun.spawn([binary, "translate", "request", "--from", "messages", "--to", "chat"], {
    stdin: new TextEncoder().encode(body),
    stdout: "pipe",
    stderr: "ignore",
  });
  await Bun.sleep(500);
  const out = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  expect(out).toContain(text);
  JSON.parse(out);
}, 30_000);

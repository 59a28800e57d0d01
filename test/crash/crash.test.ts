import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { clientKey, startLoad, teach } from "../../scripts/crash/load.ts";
import { crash } from "../../scripts/crash/rounds.ts";
import { compare, integrityFaults, readRows } from "../../scripts/crash/rows.ts";
import { newFolder, removeFolder, startPlexus } from "../support/plexus.ts";
import { openRaw, rawRequest } from "../support/raw-client.ts";
import { startRawUpstream } from "../support/raw-upstream.ts";

test("a gateway that is killed under load forgets no answered request", async () => {
  const { answered, interrupted, faults } = await crash({ rounds: 3, say: () => undefined });
  expect(faults).toEqual([]);
  expect(answered).toBeGreaterThan(50);
  expect(interrupted).toBeGreaterThanOrEqual(3);
}, 60_000);

test("SIGTERM under load: what runs may finish, what is new is refused, and no row is lost", async () => {
  const folder = newFolder();
  const upstream = await startRawUpstream();
  teach(upstream);
  const config = {
    providers: { up: { protocols: { chat: `${upstream.url}/v1` }, api_key: "up-of-the-crashes-0123456789" } },
    keys: { crash: { secret: clientKey } },
  };
  const plexus = await startPlexus({ folder, config });
  try {
    const chunk = (content: string) =>
      `data: ${JSON.stringify({ id: "a", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { content }, finish_reason: content === "" ? "stop" : null }] })}\n\n`;
    upstream.on("long", async (visit) => {
      visit.events();
      for (let at = 0; at < 15; at++) {
        visit.send(chunk(`piece ${at} `));
        await Bun.sleep(100);
      }
      visit.send(`${chunk("")}data: [DONE]\n\n`).end();
    });
    const headers = { authorization: `Bearer ${clientKey}` };
    const body = JSON.stringify({ model: "up/long", stream: true, messages: [{ role: "user", content: "hi" }] });
    const long = openRaw(plexus.url, rawRequest("POST", "/v1/chat/completions", headers, body));
    await long.wait("piece 0");
    // A connection that is open before the signal, for a request that comes after it.
    const kept = openRaw(plexus.url, rawRequest("GET", "/healthz", {}));
    await kept.wait("ok");
    const load = startLoad(plexus.url, 8, { endless: false });
    await Bun.sleep(400);
    const stopping = plexus.stop({ keep: true });
    await Bun.sleep(150);
    kept.socket.write(rawRequest("POST", "/v1/chat/completions", headers, body));
    const late = await Promise.race([kept.closed, kept.wait("shutting down", 3000).catch(() => kept.text())]);
    expect(late).not.toContain("piece");
    expect(await refused(plexus.url)).toBe(true);
    const text = await long.wait("[DONE]", 5000);
    expect(text).toContain("piece 14");
    expect(await stopping).toBe(0);
    const killedAt = performance.now();
    await load.stop();
    const rows = readRows(folder);
    expect(compare(rows, load.sights, killedAt)).toEqual([]);
    expect(rows.filter((row) => row.interrupted === 1)).toEqual([]);
    expect([...load.sights.values()].filter((sight) => sight.isWhole).length).toBeGreaterThan(10);
    expect([...load.sights.values()].filter((sight) => sight.status === 200 && !sight.isWhole)).toEqual([]);
    expect(integrityFaults(folder)).toEqual([]);
    const journal = join(folder, "data", "journal");
    expect(existsSync(journal) ? readdirSync(journal) : []).toEqual([]);
  } finally {
    upstream.stop();
    removeFolder(folder);
  }
}, 60_000);

async function refused(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${clientKey}` } });
    await response.text();
    return response.status === 503;
  } catch {
    return true;
  }
}

/** What commands change is in the audit, beside a running server, told as the command line's. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/model/json.ts";
import { runToEnd, startPlexus } from "../support/plexus.ts";

test("keys, configurations and prices that commands change are told as the command line's", async () => {
  const plexus = await startPlexus({});
  try {
    const { folder } = plexus;
    const file = (name: string, value: object) => {
      writeFileSync(join(folder, name), JSON.stringify(value));
      return join(folder, name);
    };
    const run = (...args: string[]) => {
      const { code, error } = runToEnd({ args, folder });
      expect([args, code, error]).toEqual([args, 0, ""]);
    };
    run("keys", "create", "web");
    run("apply", file("more.json", { quotas: { day: { unit: "requests", limit: 1, window: "daily" } } }));
    const models = [{ provider: "p", id: "m", price: { input: 1, output: 2 } }];
    run("prices", "update", file("prices.json", { generated: "2026-12-01", models }));
    run("prices", "recompute", "--rows", "all");
    run("prices", "list");
    const list = async (path: string) => (await plexus.api(path)).data as JsonObject[];
    const acts = (await list("/api/acts")).map(({ kind, by, detail }) => [kind, by, detail]);
    expect(acts).toEqual([
      ["costs recomputed", "cli", "of all requests"],
      ["prices loaded", "cli", expect.stringMatching(/^1 models, update-\d+$/)],
    ]);
    const changes = await list("/api/config/history?limit=2");
    expect(changes.map(({ section, name, by }) => [section, name, by])).toEqual([
      ["quotas", "day", "cli"],
      ["keys", "web", "cli"],
    ]);
    const origins = [...(await list("/api/acts")), ...changes].map(({ from }) => from);
    expect(new Set(origins).size).toBe(1);
  } finally {
    await plexus.stop();
  }
}, 60_000);

/** `plan`, `apply` and `export` beside running servers, and edits that are in force for the next request. */
import { afterEach, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/model/json.ts";
import { newFolder, type Plexus, removeFolder, runToEnd, startPlexus } from "../support/plexus.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function open(folder: string, config?: JsonObject): Promise<Plexus> {
  const plexus = await startPlexus({ folder, ...(config ? { config } : {}) });
  ends.push(() => plexus.stop({ keep: true }));
  return plexus;
}

function folderOfTest(): string {
  const folder = newFolder();
  ends.push(async () => removeFolder(folder));
  return folder;
}

async function call(plexus: Plexus, method: string, path: string, body?: JsonObject) {
  const headers = { authorization: `Bearer ${plexus.adminKey}` };
  const response = await fetch(`${plexus.url}${path}`, {
    ...{ method, headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as JsonObject };
}

async function statusOf(plexus: Plexus, key: string, model = "demo"): Promise<number> {
  const response = await fetch(`${plexus.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] }),
  });
  await response.text();
  return response.status;
}

/** Milliseconds until it is so. */
async function becomes(wanted: number, ask: () => Promise<number>): Promise<number> {
  const began = performance.now();
  while ((await ask()) !== wanted) {
    if (performance.now() - began > 3000) throw new Error(`did not become ${wanted}`);
    await Bun.sleep(10);
  }
  return performance.now() - began;
}

test("an edit is in force for the next request here at once, and in another process within a second", async () => {
  const folder = folderOfTest();
  const [one, other] = [await open(folder), await open(folder)];
  const made = await call(one, "POST", "/api/config/keys", { name: "laptop" });
  expect([made.status, made.body.in_force, made.headers.get("cache-control")]).toEqual([201, true, "no-store"]);
  const secret = String(made.body.secret);
  expect(await statusOf(one, secret)).toBe(200);
  expect(await becomes(200, () => statusOf(other, secret))).toBeLessThan(1200);
  expect((await call(one, "PUT", "/api/config/aliases/mine", { targets: ["demo/demo"] })).status).toBe(201);
  expect(await statusOf(one, secret, "mine")).toBe(200);
  const rotated = await call(one, "POST", "/api/config/keys/laptop/rotate", { overlap_s: 3600 });
  expect([await statusOf(one, secret), await statusOf(one, String(rotated.body.secret))]).toEqual([200, 200]);
  await call(one, "POST", "/api/config/keys/laptop/rotate", { overlap_s: 0 });
  expect([await statusOf(one, secret), await statusOf(one, String(rotated.body.secret))]).toEqual([401, 401]);
  await call(one, "PATCH", "/api/config/keys/laptop", { enabled: false });
  await call(one, "DELETE", "/api/config/aliases/mine");
  await becomes(404, async () => (await call(other, "GET", "/api/config/aliases/mine")).status);
}, 30_000);

test("plan changes nothing, apply is in force in a running server, export comes back as it was", async () => {
  const folder = folderOfTest();
  const plexus = await open(folder);
  const path = join(folder, "wanted.yaml");
  const secret = "sk-of-the-applied-key-0123456789";
  writeFileSync(
    path,
    `keys:\n  applied: { secret: ${secret} }\nquotas:\n  day: { unit: cost, limit: 1, window: daily }\n`,
  );
  const run = (args: string[], input = "") => runToEnd({ args, folder, input });
  const planned = run(["plan", path]);
  expect([planned.code, planned.error]).toEqual([0, ""]);
  expect(planned.out).toContain('+ keys.applied\n    secret: (ends "6789")');
  expect(planned.out).toContain("- keys.default\n");
  expect(planned.out).toEndWith("2 to create, 0 to change, 1 to delete.\n");
  expect(planned.out).not.toContain(secret);
  expect(await statusOf(plexus, secret)).toBe(401);
  const applied = run(["apply", path]);
  expect([applied.code, applied.error]).toEqual([0, ""]);
  expect(applied.out).toContain("Applied as version 2.\n");
  expect(await becomes(200, () => statusOf(plexus, secret))).toBeLessThan(1200);
  expect(run(["apply", path])).toEqual({ code: 0, out: "No changes.\n", error: "" });
  const exported = run(["export"]);
  expect([exported.code, exported.out.includes(secret)]).toEqual([0, false]);
  expect(exported.out).toContain("keep:");
  for (const format of ["yaml", "json"]) {
    const { out } = run(["export", "--format", format]);
    expect(run(["apply", "-"], out).out).toBe("No changes.\n");
  }
  const { data } = (await call(plexus, "GET", "/api/config/history")).body as { data: JsonObject[] };
  const told = data.map(({ by, action, name, note }) => [by, action, name, note].join(" "));
  expect(told.slice(0, 3).sort()).toEqual([
    "cli create applied apply",
    "cli create day apply",
    "cli delete default apply",
  ]);
  expect(told.slice(3)).toEqual(["start create default "]);
}, 30_000);

test("faults are all told and nothing is changed; what the server's file defines is refused", async () => {
  const folder = folderOfTest();
  const path = join(folder, "wanted.json");
  const run = (args: string[]) => runToEnd({ args, folder });
  writeFileSync(path, JSON.stringify({ quotas: { day: { unit: "cost", limit: 0 } }, alias: {} }));
  for (const command of ["plan", "apply"]) {
    const { code, out, error } = run([command, path]);
    expect([code, out]).toEqual([1, ""]);
    expect(error).toContain("quotas.day.limit: must be more than 0\n");
    expect(error).toContain("quotas.day.window: is required\n");
    expect(error).toContain('alias: is not a known field; did you mean "aliases"?');
    expect(error).toEndWith("3 faults; nothing was changed\n");
  }
  expect(run(["apply", join(folder, "nowhere.yaml")]).code).toBe(1);
  const fixed = join(folder, "server.yaml");
  writeFileSync(fixed, "aliases:\n  a: { targets: [demo/demo] }\n");
  writeFileSync(path, JSON.stringify({ aliases: { a: { targets: ["demo/other"] } } }));
  const refused = run(["apply", path, "--config", fixed]);
  expect([refused.code, refused.error]).toEqual([
    1,
    "aliases.a is defined in the configuration file, which wins: change it there.\n",
  ]);
  expect(run(["apply", fixed, "--config", fixed]).out).toBe(
    "Left to the configuration file, which says the same: aliases.a\nNo changes.\n",
  );
}, 30_000);

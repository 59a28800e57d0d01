import { afterEach, describe, expect, test } from "bun:test";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/model/json.ts";
import { ask, clientKey, framesOf, readUntil, until, wholeAnswer } from "../scenarios/stage.ts";
import { newFolder, type Plexus, removeFolder, startPlexus } from "../support/plexus.ts";
import { sharedPostgres } from "../support/postgres.ts";
import { type RawUpstream, startRawUpstream, type Visit } from "../support/raw-upstream.ts";

interface Scene {
  plexus: Plexus;
  upstream: RawUpstream;
  /** Writes the configuration anew. */
  write(aliases: JsonObject, more?: JsonObject): void;
  post(model: string, stream?: boolean): Promise<Response>;
}

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function open(environment: Record<string, string> = {}): Promise<Scene> {
  const upstream = await startRawUpstream();
  const folder = newFolder();
  const path = join(folder, "config.json");
  const write = (aliases: JsonObject, more: JsonObject = {}) => {
    const text = JSON.stringify({
      providers: { up: { protocols: { chat: `${upstream.url}/v1` }, api_key: "up-0123456789abcdef" } },
      keys: { test: { secret: clientKey } },
      aliases,
      ...more,
    });
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  write({ before: { targets: ["up/model"] } });
  upstream.on("model", (visit) => visit.answer(200, wholeAnswer("chat", "model")));
  const args = ["serve", "--config", path];
  const plexus = await startPlexus({ folder, args, environment: { LOG_LEVEL: "info", ...environment } });
  ends.push(async () => {
    upstream.stop();
    await plexus.stop();
  });
  const post = (model: string, stream = false) =>
    fetch(`${plexus.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${clientKey}` },
      body: JSON.stringify(ask("chat", model, { stream })),
    });
  return { plexus, upstream, write, post };
}

/** As the configuration writes it. */
function reference(name: string): string {
  return `\${${name}}`;
}

async function statusOf({ post }: Scene, model: string): Promise<number> {
  const response = await post(model);
  await response.text();
  return response.status;
}

async function becomes(scene: Scene, model: string, status: number): Promise<void> {
  const began = performance.now();
  while ((await statusOf(scene, model)) !== status) {
    if (performance.now() - began > 3000) throw new Error(`${model} did not become ${status}: ${scene.plexus.error()}`);
    await Bun.sleep(20);
  }
}

describe("a changed configuration file", () => {
  test("is in force for the next request within a second; a running stream is not cut", async () => {
    const scene = await open();
    const frames = framesOf("chat", "long");
    let visit: Visit | undefined;
    scene.upstream.on("long", (made) => {
      visit = made.events().send(frames.opening + frames.text("begun "));
    });
    const response = await scene.post("up/long", true);
    const reader = response.body?.getReader();
    if (!reader) throw new Error("no body");
    const first = await readUntil(reader, "begun");
    scene.write({ after: { targets: ["up/model"] } });
    const began = performance.now();
    await becomes(scene, "after", 200);
    expect(performance.now() - began).toBeLessThan(1500);
    expect(await statusOf(scene, "before")).toBe(404);
    visit?.send(frames.text("and ended") + frames.ending).end();
    const text = await readUntil(reader, "[DONE]", first);
    expect(text).toContain("and ended");
    expect(text).toContain("[DONE]");
  });

  test("is read again on SIGHUP", async () => {
    const scene = await open();
    scene.write({ hup: { targets: ["up/model"] } });
    scene.plexus.process.kill("SIGHUP");
    await until(() => scene.plexus.error().includes("SIGHUP"));
    expect(await statusOf(scene, "hup")).toBe(200);
    for (let at = 0; at < 20; at++) scene.plexus.process.kill("SIGHUP");
    expect(await statusOf(scene, "hup")).toBe(200);
  });

  test("that is not valid leaves the running one in force and is told with its paths; the next valid one is taken", async () => {
    const scene = await open();
    const broken: (() => void)[] = [
      () => scene.write({ before: { targets: ["nobody/model"] } }),
      () => scene.write({}, { settings: { nonsense: true } }),
      () => writeFileSync(join(scene.plexus.folder, "config.json"), '{"aliases":'),
      () => scene.write({}, { keys: { test: { secret: reference("NOT_SET_ANYWHERE") } } }),
      () => rmSync(join(scene.plexus.folder, "config.json")),
    ];
    for (const [at, breakIt] of broken.entries()) {
      breakIt();
      const told = () => scene.plexus.error().split("stays in force").length - 1;
      await until(() => told() === at + 1, 3000);
      expect(await statusOf(scene, "before")).toBe(200);
    }
    for (const word of ["aliases.before.targets.0", "settings.nonsense", "NOT_SET_ANYWHERE", "does not exist"]) {
      expect(scene.plexus.error()).toContain(word);
    }
    scene.write({ mended: { targets: ["up/model"] } });
    await becomes(scene, "mended", 200);
    expect(await statusOf(scene, "before")).toBe(404);
  });

  test("may take keys away and bring new ones; secrets that it names never reach the log", async () => {
    const scene = await open({ LATER_KEY: "sk-later-0123456789abcdef" });
    scene.write({ before: { targets: ["up/model"] } }, { keys: { later: { secret: reference("LATER_KEY") } } });
    await becomes(scene, "before", 401);
    const headers = { "x-api-key": "sk-later-0123456789abcdef" };
    expect((await fetch(`${scene.plexus.url}/v1/models`, { headers })).status).toBe(200);
    expect(scene.plexus.error()).not.toContain("sk-later");
    expect(scene.plexus.error()).not.toContain(clientKey);
  });
});

test("references reach the provider resolved: a variable, NAME_FILE and a file beside the configuration", async () => {
  const upstream = await startRawUpstream();
  const folder = newFolder();
  ends.push(async () => upstream.stop());
  writeFileSync(join(folder, "beside.txt"), "key-of-a-file\n");
  writeFileSync(join(folder, "named.txt"), "key-of-name-file\n");
  const provider = (apiKey: string) => ({ protocols: { chat: `${upstream.url}/v1` }, api_key: apiKey });
  const config = {
    providers: {
      variable: provider(`${reference("ONE")}-x`),
      named: provider(reference("TWO")),
      beside: provider(reference("file:beside.txt")),
      literal: provider(`$${reference("ONE")}`),
    },
    keys: { test: { secret: clientKey } },
  };
  const environment = { ONE: "key-of-a-variable", TWO_FILE: join(folder, "named.txt") };
  const plexus = await startPlexus({ folder, config, environment });
  ends.push(() => plexus.stop());
  upstream.on("m", (visit) => visit.answer(200, wholeAnswer("chat", "m")));
  for (const name of Object.keys(config.providers)) {
    const body = JSON.stringify(ask("chat", `${name}/m`));
    await (
      await fetch(`${plexus.url}/v1/chat/completions`, { method: "POST", headers: { "x-api-key": clientKey }, body })
    ).text();
  }
  expect(upstream.visits("m").map((visit) => visit.headers.authorization)).toEqual([
    "Bearer key-of-a-variable-x",
    "Bearer key-of-name-file",
    "Bearer key-of-a-file",
    `Bearer ${reference("ONE")}`,
  ]);
});

test("ADMIN_KEY_FILE holds the admin key", async () => {
  const folder = newFolder();
  const path = join(folder, "admin");
  writeFileSync(path, "adm-from-a-file-0123456789\n");
  const plexus = await startPlexus({ folder, environment: { ADMIN_KEY: "", ADMIN_KEY_FILE: path } });
  ends.push(() => plexus.stop());
  expect(plexus.out()).not.toContain("ADMIN_KEY=");
  const headers = { authorization: "Bearer adm-from-a-file-0123456789" };
  expect((await fetch(`${plexus.url}/api/requests`, { headers })).status).toBe(200);
});

test("the binary serves on PostgreSQL: keys, rows, and a second start on the same database", async () => {
  const server = await sharedPostgres();
  if (!server) return;
  const url = await server.createUrl();
  const folder = newFolder();
  ends.push(async () => removeFolder(folder));
  writeFileSync(join(folder, "url"), `${url}\n`);
  const environment = { DATABASE_URL_FILE: join(folder, "url") };
  const first = await startPlexus({ folder, environment });
  const key = /^PLEXUS_KEY=(\S+)$/m.exec(first.out())?.[1] ?? "";
  const post = async (plexus: Plexus, stream: boolean) => {
    const response = await fetch(`${plexus.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "x-api-key": key },
      body: JSON.stringify(ask("chat", "demo", { stream })),
    });
    await response.text();
    return response.headers.get("x-request-id");
  };
  const ids = await Promise.all([false, true, false].map((stream) => post(first, stream)));
  for (const id of ids) {
    expect(await first.row(id)).toMatchObject({ id, status: 200, target: "demo/demo", key: "default" });
  }
  const last = await post(first, true);
  expect(await first.stop({ keep: true })).toBe(0);
  const second = await startPlexus({ folder, environment });
  ends.push(() => second.stop({ keep: true }));
  expect(second.out()).toBe(`CONSOLE=${second.url}/console\n`);
  expect(await second.row(last)).toMatchObject({ status: 200 });
  expect((await post(second, false)) === null).toBe(false);
  const { data } = (await second.api("/api/requests?limit=2")) as { data: JsonObject[] };
  expect(data).toHaveLength(2);
}, 60_000);

import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launch, newFolder, type Running, removeFolder } from "../support/plexus.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) removeFolder(folder);
});

function folder(): string {
  const made = newFolder();
  folders.push(made);
  return made;
}

/** Starts `serve` in a folder, waits for its first lines, does `work` and stops it. */
async function serving<T>(
  options: Parameters<typeof launch>[0],
  work: (running: Running, url: string) => T | Promise<T>,
): Promise<T> {
  const running = launch(options);
  try {
    for (let attempt = 0; attempt < 1000 && running.process.exitCode === null; attempt++) {
      const url = /^CONSOLE=(\S+)\/console$/m.exec(running.out())?.[1];
      if (url !== undefined) return await work(running, url);
      await Bun.sleep(10);
    }
    throw new Error(`it did not start: ${running.error()}`);
  } finally {
    running.process.kill("SIGTERM");
    await running.ended;
  }
}

const keyForm = "[A-Za-z0-9_-]{43}";

/** A command, run by bash as a person would paste it. */
async function pasted(command: string, environment: Record<string, string> = {}) {
  const child = Bun.spawn(["bash", "-c", `${command} --silent --max-time 10`], {
    env: { PATH: process.env.PATH ?? "", ...environment },
    stdin: "ignore",
  });
  const text = await new Response(child.stdout).text();
  await child.exited;
  return JSON.parse(text) as { choices?: { message: { content: string } }[]; model?: string };
}

describe("the first run", () => {
  test("prints the console, both keys, an empty line and a request that works as pasted", async () => {
    const here = folder();
    await serving({ folder: here, args: ["serve"] }, async (running, url) => {
      const lines = running.out().split("\n");
      expect(lines).toHaveLength(6);
      expect(lines[0]).toBe(`CONSOLE=${url}/console`);
      expect(lines[1]).toMatch(new RegExp(`^ADMIN_KEY=adm-${keyForm}$`));
      expect(lines[2]).toMatch(new RegExp(`^PLEXUS_KEY=sk-${keyForm}$`));
      expect(lines[3]).toBe("");
      expect(lines[4]).toStartWith("curl ");
      expect(lines[5]).toBe("");
      const answer = await pasted(lines[4] ?? "");
      expect(answer.choices?.[0]?.message.content).toContain("You said: Hello!");
      const admin = { authorization: `Bearer ${lines[1]?.slice("ADMIN_KEY=".length)}` };
      expect((await fetch(`${url}/api/requests`, { headers: admin })).status).toBe(200);
      expect(running.error()).toContain("listening");
      for (const line of lines.slice(1, 3)) expect(running.error()).not.toContain(line.slice(-43));
    });
    expect(existsSync(join(here, "data/plexus.db"))).toBe(true);
    expect(readFileSync(join(here, "data/plexus.db"), "latin1")).not.toMatch(new RegExp(`(sk|adm)-${keyForm}`));
  });

  test("is over with the second start: one line, and the keys still hold", async () => {
    const here = folder();
    const first = await serving({ folder: here }, (running) => running.out());
    const secret = (name: string) => new RegExp(`^${name}=(\\S+)$`, "m").exec(first)?.[1] ?? "";
    await serving({ folder: here, environment: { LOG_FORMAT: "json" } }, async (running, url) => {
      expect(running.out()).toBe(`CONSOLE=${url}/console\n`);
      const client = { headers: { authorization: `Bearer ${secret("PLEXUS_KEY")}` } };
      const admin = { headers: { authorization: `Bearer ${secret("ADMIN_KEY")}` } };
      expect((await fetch(`${url}/v1/models`, client)).status).toBe(200);
      expect((await fetch(`${url}/api/requests`, admin)).status).toBe(200);
    });
  });

  test("leaves out the admin key when ADMIN_KEY is set, which wins over a stored one as long as it is", async () => {
    const here = folder();
    const adminKey = "my-own-admin-key-0123456789";
    const status = async (url: string, key: string) =>
      (await fetch(`${url}/api/requests`, { headers: { authorization: `Bearer ${key}` } })).status;
    const stored = await serving({ folder: here }, (running) => /^ADMIN_KEY=(\S+)$/m.exec(running.out())?.[1] ?? "");
    await serving({ folder: here, environment: { ADMIN_KEY: adminKey } }, async (running, url) => {
      expect(running.out()).toBe(`CONSOLE=${url}/console\n`);
      expect([await status(url, adminKey), await status(url, stored)]).toEqual([200, 401]);
    });
    await serving({ folder: here }, async (_running, url) => {
      expect([await status(url, adminKey), await status(url, stored)]).toEqual([401, 200]);
    });
    await serving({ folder: folder(), environment: { ADMIN_KEY: adminKey } }, (running) => {
      expect(running.out()).not.toContain("ADMIN_KEY");
      expect(running.out()).toMatch(/^PLEXUS_KEY=sk-/m);
    });
  });

  test("leaves out the client key when the file defines keys; the request then reads $PLEXUS_KEY", async () => {
    const here = folder();
    const secret = "sk-of-the-file-0123456789";
    writeFileSync(join(here, "plexus.yaml"), `keys:\n  mine:\n    secret: ${secret}\n`);
    await serving({ folder: here, args: ["--config", "plexus.yaml"] }, async (running) => {
      const lines = running.out().split("\n");
      expect(lines[1]).toStartWith("ADMIN_KEY=");
      expect(running.out()).not.toContain("PLEXUS_KEY=");
      const curl = lines.find((line) => line.startsWith("curl ")) ?? "";
      const answer = await pasted(curl, { PLEXUS_KEY: secret });
      expect(answer.choices?.[0]?.message.content).toContain("Hello!");
    });
  });

  test("as a service keeps the secrets in a file that only its owner reads", async () => {
    const here = folder();
    await serving({ folder: here, environment: { JOURNAL_STREAM: "8:12345" } }, async (running, url) => {
      const path = join(here, "data/first-run.txt");
      expect(running.out()).not.toMatch(new RegExp(keyForm));
      expect(running.error()).not.toMatch(new RegExp(`-${keyForm}`));
      expect(running.out()).toContain(`CONSOLE=${url}/console\n`);
      expect(running.out().match(/first-run\.txt/g)).toHaveLength(2);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const text = readFileSync(path, "utf8");
      expect(text).toMatch(new RegExp(`^ADMIN_KEY=adm-${keyForm}$`, "m"));
      const curl = text.split("\n").find((line) => line.startsWith("curl ")) ?? "";
      expect((await pasted(curl)).model).toBe("demo");
    });
  });
});

test("two that start at once in one folder agree on the keys", async () => {
  const here = folder();
  const both = [launch({ folder: here }), launch({ folder: here })];
  try {
    for (let attempt = 0; attempt < 500; attempt++) {
      if (both.every((one) => one.out().includes("CONSOLE="))) break;
      await Bun.sleep(10);
    }
    const made = both.map((one) => one.out()).join("");
    expect(made.match(/^ADMIN_KEY=/gm)).toHaveLength(1);
    expect(made.match(/^PLEXUS_KEY=/gm)).toHaveLength(1);
  } finally {
    for (const one of both) one.process.kill("SIGTERM");
    await Promise.all(both.map((one) => one.ended));
  }
});

import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../package.json";
import { launch, newFolder, plexusBinary, removeFolder, runToEnd, startPlexus } from "../support/plexus.ts";

const here = newFolder();
afterAll(() => removeFolder(here));

function file(name: string, text: string): string {
  const path = join(here, name);
  writeFileSync(path, text);
  return path;
}

const run = (args: string[], environment: Record<string, string> = {}, input = "") =>
  runToEnd({ args, environment, input, folder: here });

describe("help and usage", () => {
  const commands = ["serve", "check", "plan", "apply", "export", "keys", "prices", "translate", "service", "version"];

  test("plexus --help lists every command", () => {
    for (const args of [["--help"], ["-h"], ["help"]]) {
      const { code, out, error } = run(args);
      expect([code, error]).toEqual([0, ""]);
      for (const command of commands) expect(out).toContain(`  ${command} `);
    }
  });

  test.each(commands)("plexus %s --help says how it is called, and does nothing", (command) => {
    const { code, out, error } = run([command, "--help"]);
    expect([code, error]).toEqual([0, ""]);
    expect(out).toStartWith(`Usage: plexus ${command}`);
  });

  test.each([
    [["nonsense"]],
    [["serve", "more"]],
    [["serve", "--nonsense"]],
    [["--nonsense"]],
    [["serve", "--port"]],
    [["serve", "--port", "x"]],
    [["serve", "--port", "70000"]],
    [["serve", "--workers", "two"]],
    [["check"]],
    [["check", "a", "b"]],
    [["plan"]],
    [["apply", "a", "b"]],
    [["apply", "--nonsense", "a"]],
    [["export", "a"]],
    [["export", "--format", "xml"]],
    [["keys"]],
    [["keys", "create"]],
    [["keys", "delete", "a"]],
    [["prices"]],
    [["prices", "update"]],
    [["prices", "nonsense"]],
    [["prices", "recompute", "--rows", "some"]],
    [["prices", "recompute", "--since", "soon"]],
    [["translate"]],
    [["translate", "request"]],
    [["translate", "request", "--from", "chat", "--to", "nothing"]],
    [["translate", "nonsense", "--from", "chat", "--to", "messages"]],
    [["service"]],
    [["service", "nonsense"]],
  ])("plexus %p is a mistake in usage: words on standard error and 2", (args) => {
    const { code, out, error } = run(args);
    expect([args, code, out]).toEqual([args, 2, ""]);
    expect(error).toContain("Usage: plexus");
  });

  test.each([
    ["PORT", "99999"],
    ["LOG_LEVEL", "loud"],
    ["LOG_FORMAT", "xml"],
    ["ADMIN_KEY", "short"],
    ["ADMIN_KEY_FILE", "/nothing/there"],
  ])("the variable %s=%s is refused by name", (name, value) => {
    const { code, error } = run(["serve"], { [name]: value });
    expect(code).toBe(2);
    expect(error).toContain(name);
  });

  test("version says which", () => {
    for (const args of [["version"], ["--version"]]) {
      const { code, out } = run(args);
      expect(code).toBe(0);
      expect(out).toStartWith(`plexus ${version} `);
    }
  });
});

describe("check", () => {
  test("prints all faults at once, each with its path", () => {
    const path = file(
      "faults.yaml",
      `providers:
  one: { protocols: { chat: "not a url" }, api_key: "\${NOT_SET_ANYWHERE}" }
  Two!: { protocols: { chat: https://api.example.com/v1 } }
aliases:
  a: { targets: [nobody/model], selector: wishful }
keys:
  k: { secret: short, quotas: [none] }
settings:
  nonsense: 1
  limits: { body_mb: -1 }
`,
    );
    const { code, out, error } = run(["check", path]);
    expect([code, out]).toEqual([1, ""]);
    const paths = [
      ...["providers.one.protocols.chat", "providers.one.api_key", "providers.Two!", "aliases.a.selector"],
      ...["keys.k.secret", "settings.nonsense", "settings.limits.body_mb"],
    ];
    for (const one of paths) expect(error).toContain(one);
    expect(error).toContain("NOT_SET_ANYWHERE");
    expect(error.trim().split("\n").at(-1)).toMatch(/has \d+ faults$/);
  });

  test("tells warnings and passes what is valid, in YAML and JSON", () => {
    const valid = { providers: { one: { protocols: { chat: "https://api.example.com/v1" }, api_key: "x" } } };
    for (const path of [file("valid.json", JSON.stringify(valid)), file("valid.yaml", Bun.YAML.stringify(valid))]) {
      const { code, out, error } = run(["check", path]);
      expect([code, error]).toEqual([0, ""]);
      expect(out).toContain("is valid");
    }
    const odd = { ...valid, aliases: { a: { targets: ["one/m"], capture: { mode: "all" } } } };
    const { code, out, error } = run(["check", file("odd.json", JSON.stringify(odd))]);
    expect(code).toBe(0);
    expect(out).toContain("1 warning");
    expect(error).toContain("aliases.a.capture");
  });

  test("reads the file that --config and PLEXUS_CONFIG name", () => {
    const path = file("named.json", "{}");
    expect(run(["check", "--config", path]).code).toBe(0);
    expect(run(["check"], { PLEXUS_CONFIG: path }).code).toBe(0);
  });

  test.each([
    ["missing.yaml", undefined],
    ["broken.yaml", "a: [1"],
    ["broken.json", "{"],
    ["list.yaml", "- 1"],
  ])("%s is a fault, not a crash", (name, text) => {
    const path = text === undefined ? join(here, name) : file(name, text);
    const { code, out, error } = run(["check", path]);
    expect([code, out]).toEqual([1, ""]);
    expect(error).not.toContain("    at ");
  });

  test("references are read from variables, NAME_FILE and files; secrets are never printed", () => {
    file("secret.txt", "from-a-file-0123456789\n");
    const path = file(
      "references.yaml",
      `providers:
  one: { protocols: { chat: https://api.example.com/v1 }, api_key: "\${ONE_KEY}" }
  two: { protocols: { chat: https://api.example.com/v1 }, api_key: "\${file:secret.txt}", quirks: [none] }
`,
    );
    expect(run(["check", path]).code).toBe(1);
    const ways: Record<string, string>[] = [
      { ONE_KEY: "from-a-variable-0123" },
      { ONE_KEY_FILE: join(here, "secret.txt") },
    ];
    for (const environment of ways) {
      const { out, error } = run(["check", path], environment);
      expect(`${out}${error}`).not.toMatch(/from-a-(file|variable)/);
      expect(error).not.toContain("ONE_KEY");
    }
  });
});

describe("keys create", () => {
  test("prints the secret alone; it is in force in a running server within a second; a name is taken once", async () => {
    const plexus = await startPlexus({});
    try {
      const { code, out, error } = runToEnd({ args: ["keys", "create", "phone"], folder: plexus.folder });
      expect([code, error]).toEqual([0, ""]);
      expect(out).toMatch(/^sk-[A-Za-z0-9_-]{43}\n$/);
      const began = performance.now();
      const status = async () =>
        (await fetch(`${plexus.url}/v1/models`, { headers: { "x-api-key": out.trim() } })).status;
      while ((await status()) !== 200 && performance.now() - began < 3000) await Bun.sleep(20);
      expect(performance.now() - began).toBeLessThan(1000);
      const again = runToEnd({ args: ["keys", "create", "phone"], folder: plexus.folder });
      expect([again.code, again.out]).toEqual([1, ""]);
      expect(again.error).toContain("phone");
      const bad = runToEnd({ args: ["keys", "create", "a\u0007b"], folder: plexus.folder });
      expect([bad.code, bad.out]).toEqual([1, ""]);
      expect(await status()).toBe(200);
    } finally {
      await plexus.stop();
    }
  });
});

describe("translate", () => {
  const chatRequest = JSON.stringify({
    model: "m",
    max_tokens: 5,
    logit_bias: { "1": 1 },
    messages: [
      { role: "system", content: "be brief" },
      { role: "user", content: "hi" },
    ],
  });

  test("a request, from standard input or a file, with what was degraded on standard error", () => {
    const args = ["translate", "request", "--from", "chat", "--to", "messages"];
    for (const done of [run(args, {}, chatRequest), run([...args, file("request.json", chatRequest)])]) {
      expect(done.code).toBe(0);
      expect(JSON.parse(done.out)).toMatchObject({ model: "m", max_tokens: 5, messages: [{ role: "user" }] });
      expect(done.error).toBe("dropped logit_bias\n");
    }
  });

  test("an answer", () => {
    const answer = {
      ...{ id: "msg_1", type: "message", role: "assistant", model: "m", content: [{ type: "text", text: "hello" }] },
      ...{ stop_reason: "end_turn", stop_sequence: null, usage: { input_tokens: 3, output_tokens: 1 } },
    };
    const done = run(["translate", "response", "--from=messages", "--to=chat"], {}, JSON.stringify(answer));
    expect(done.code).toBe(0);
    expect(JSON.parse(done.out)).toMatchObject({
      choices: [{ message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 3, completion_tokens: 1 },
    });
  });

  test("a stream", () => {
    const chunk = (delta: object, finish: string | null) =>
      `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const stream = `${chunk({ role: "assistant", content: "hel" }, null)}${chunk({ content: "lo" }, "stop")}data: [DONE]\n\n`;
    const done = run(["translate", "stream", "--from", "chat", "--to", "messages"], {}, stream);
    expect(done.code).toBe(0);
    expect(done.out).toStartWith("event: message_start\n");
    expect(done.out).toContain('"text":"hel"');
    expect(done.out.trimEnd()).toEndWith('data: {"type":"message_stop"}');
  });

  test.each([["{"], ["[]"], ['{"model":1}'], [""]])("what is no request (%p) is told in words and 1", (input) => {
    const done = run(["translate", "request", "--from", "chat", "--to", "messages"], {}, input);
    expect([done.code, done.out]).toEqual([1, ""]);
    expect(done.error).toStartWith("invalid-request: ");
  });

  test("a file that is not there is told in words and 1", () => {
    const done = run(["translate", "request", "--from", "chat", "--to", "messages", join(here, "nowhere.json")]);
    expect([done.code, done.out]).toEqual([1, ""]);
    expect(done.error).toContain("nowhere.json");
    expect(done.error).not.toContain("    at ");
  });
});

describe("service print", () => {
  test("names this binary and the configuration", () => {
    const { code, out } = run(["service", "print", "--config", "my plexus.yaml"]);
    expect(code).toBe(0);
    expect(out).toContain(`ExecStart=${plexusBinary()} serve --config "${join(here, "my plexus.yaml")}"`);
    for (const line of ["NoNewPrivileges=yes", "ProtectSystem=strict", "[Install]"]) expect(out).toContain(line);
  });

  test("is a unit that systemd understands", () => {
    const unit = file("plexus.service", run(["service", "print"]).out);
    const done = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8", timeout: 20_000 });
    if (done.error) return console.log("skipped: this system has no systemd-analyze");
    expect([done.status, done.stderr.split("\n").filter((line) => line.includes("plexus.service"))]).toEqual([0, []]);
  });
});

describe("a start that is refused", () => {
  async function refused(options: Parameters<typeof launch>[0]): Promise<string> {
    const running = launch(options);
    const late = setTimeout(() => running.process.kill("SIGKILL"), 15_000);
    const code = await running.ended;
    clearTimeout(late);
    expect([code, running.out()]).toEqual([1, ""]);
    expect(running.error()).not.toContain("    at ");
    return running.error();
  }

  test("for a port that is in use says which", async () => {
    const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const error = await refused({ folder: join(here, "port"), environment: { PORT: String(other.port) } });
    expect(error).toContain(`Port ${other.port} on 127.0.0.1 is in use`);
    await other.stop(true);
  });

  test("for a wrong ENCRYPTION_KEY says so and changes nothing; the right one still opens it", async () => {
    const folder = join(here, "sealed");
    file("key", `${"a1".repeat(32)}\n`);
    const right = { ENCRYPTION_KEY_FILE: join(here, "key") };
    const first = await startPlexus({ folder, environment: right });
    await first.stop({ keep: true });
    const wrong: Record<string, string>[] = [
      { ENCRYPTION_KEY: "b2".repeat(32) },
      { ENCRYPTION_KEY: "a passphrase of mine" },
      {},
    ];
    for (const environment of wrong) {
      expect(await refused({ folder, environment })).toMatch(/ENCRYPTION_KEY/);
    }
    const keys = runToEnd({ args: ["keys", "create", "a"], folder, environment: { ENCRYPTION_KEY: "b2".repeat(32) } });
    expect([keys.code, keys.out]).toEqual([1, ""]);
    expect(keys.error).toContain("ENCRYPTION_KEY");
    expect(keys.error).not.toContain("    at ");
    const again = await startPlexus({ folder, environment: right });
    expect(await again.stop({ keep: true })).toBe(0);
  });

  test("for a configuration with faults prints them all", async () => {
    const config = file("bad.yaml", "settings: { a: 1, b: 2 }\n");
    const error = await refused({ folder: join(here, "bad"), args: ["serve", "--config", config] });
    expect(error).toContain("settings.a");
    expect(error).toContain("settings.b");
    expect(error).toContain("2 faults");
  });

  test("for a database that cannot be opened says so, without its password", async () => {
    const environment = { DATABASE_URL: "postgres://someone:very-secret@127.0.0.1:1/none" };
    const error = await refused({ folder: join(here, "unreachable"), environment });
    expect(error).toContain("Plexus does not start");
    expect(error).not.toContain("very-secret");
    expect(await refused({ folder: join(here, "url"), environment: { DATABASE_URL: "mysql://a/b" } })).toContain(
      "does not start",
    );
  });

  test("for a data folder that is a file says so", async () => {
    const path = file("in-the-way", "");
    expect(await refused({ folder: join(here, "way"), environment: { DATA_DIR: path } })).toContain("does not start");
  });
});

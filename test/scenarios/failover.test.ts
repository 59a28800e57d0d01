import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import type { Script, Visit } from "../support/raw-upstream.ts";
import {
  ask,
  endsWell,
  frame,
  framesOf,
  openStage,
  type ProtocolName,
  provider,
  readFrames,
  type Stage,
  textOf,
  wholeAnswer,
} from "./stage.ts";

const protocols = ["chat", "messages"] as const;
/** Targets of every route in order; each alias uses its own models, so that no test sees another's. */
const routes = 60;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage((url) => {
    const at = { url };
    const targets = (name: string, providers: string[]) => providers.map((one) => `${one}/${name}-${one}`);
    const alias = (name: string, providers: string[], more: JsonObject = {}) => [
      name,
      { selector: "in_order", targets: targets(name, providers), ...more },
    ];
    return {
      providers: {
        ...Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((id) => [id, provider("chat", at)])),
        ma: provider("messages", at),
        mb: provider("messages", at),
        refused: { protocols: { chat: "http://127.0.0.1:1/v1" }, api_key: "x" },
        brief: provider("chat", at, { timeout_s: 0.3 }),
        off: provider("chat", at, { enabled: false }),
        small: provider("chat", at, {
          models: { "window-small": { context: 8000 }, "windows-small": { context: 8000 } },
        }),
        large: provider("chat", at, { models: { "window-large": { context: 200_000 } } }),
        same: provider("chat", at, { models: { "windows-same": { context: 8000 } } }),
      },
      settings: { timeouts: { request_s: 3 } },
      aliases: Object.fromEntries([
        ...Array.from({ length: routes }, (_, at) => alias(`r${at}`, ["a", "b", "c", "d", "e", "f"])),
        ...Array.from({ length: routes }, (_, at) => alias(`m${at}`, ["ma", "mb"])),
        alias("unreachable", ["refused", "a"]),
        alias("late", ["brief", "a"]),
        alias("window", ["small", "a", "large"]),
        alias("windows", ["small", "same"]),
        alias("disabled", ["off", "a"]),
        alias("all-off", ["off"]),
        alias("matched", ["a", "ma"], { priority: "api_match" }),
        alias("also-known", ["a"], { also: ["claude-next", "with/slash"] }),
        [
          "long",
          {
            selector: "in_order",
            targets: [
              { provider: "a", model: "long-a", enabled: false },
              { provider: "b", model: "long-b" },
            ],
          },
        ],
        [
          "weighted",
          {
            targets: [
              { provider: "a", model: "weighted-a", weight: 3 },
              { provider: "b", model: "weighted-b", weight: 1 },
              { provider: "c", model: "weighted-c", weight: 0 },
            ],
          },
        ],
        [
          "grouped",
          {
            groups: [
              { name: "first", selector: "random", targets: ["a/grouped-a", "b/grouped-b"] },
              { name: "second", selector: "in_order", targets: ["c/grouped-c", "d/grouped-d"] },
            ],
          },
        ],
      ]),
    };
  });
});
afterAll(() => stage.stop());

let route = 0;
let messagesRoute = 0;

interface Scene {
  alias: string;
  protocol: ProtocolName;
  /** Names of the targets' models, in order. */
  models: string[];
}

/** A fresh alias whose targets answer by these scripts; targets without one answer well. */
function scene(protocol: ProtocolName, scripts: readonly Script[]): Scene {
  const isChat = protocol === "chat";
  const alias = isChat ? `r${route++}` : `m${messagesRoute++}`;
  const models = (isChat ? ["a", "b", "c", "d", "e", "f"] : ["ma", "mb"]).map((id) => `${alias}-${id}`);
  for (const [at, model] of models.entries()) stage.upstream.on(model, scripts[at] ?? good(protocol, model));
  return { alias, protocol, models };
}

function visits({ models }: Scene): number[] {
  return models.map((model) => stage.upstream.visits(model).length);
}

function good(protocol: ProtocolName, model: string, text = `from ${model}`): Script {
  return (visit) => {
    if (visit.json.stream !== true) return visit.answer(200, wholeAnswer(protocol, model, text));
    const frames = framesOf(protocol, model);
    visit
      .events()
      .send(frames.opening + frames.text(text) + frames.ending)
      .end();
  };
}

function refusal(status: number, type: string, message: string, headers: Record<string, string> = {}): Script {
  return (visit) => visit.answer(status, { type: "error", error: { type, message, code: null } }, headers);
}

const limited = refusal(429, "rate_limit_error", "slow down");
const failing = refusal(500, "server_error", "it broke");
const busy = refusal(529, "overloaded_error", "Overloaded");

/** What goes wrong before any content has come, as a stream or whole. */
const failures: { name: string; code: string; script: (protocol: ProtocolName, model: string) => Script }[] = [
  { name: "429", code: "rate-limited", script: () => limited },
  {
    name: "half of a whole answer",
    code: "upstream-failed",
    script: (protocol, model) => async (visit) => {
      const text = JSON.stringify(wholeAnswer(protocol, model));
      const headers = { "content-type": "application/json", "content-length": String(text.length) };
      visit.head(200, headers).send(text.slice(0, -30));
      await Bun.sleep(20);
      visit.cut();
    },
  },
  { name: "500", code: "upstream-failed", script: () => failing },
  {
    name: "503 with a page of HTML",
    code: "overloaded",
    script: () => (visit) => visit.answer(503, "<html><h1>Down</h1></html>", { "content-type": "text/html" }),
  },
  { name: "529", code: "overloaded", script: () => busy },
  { name: "a closed connection", code: "upstream-failed", script: () => (visit) => visit.cut() },
  { name: "headers and nothing more", code: "upstream-failed", script: () => (visit) => visit.events().cut() },
  { name: "an error hidden in a 200", code: "rate-limited", script: () => refusal(200, "rate_limit_error", "hidden") },
  {
    name: "no JSON in a 200",
    code: "upstream-failed",
    script: () => (visit) => visit.answer(200, "<html>Login</html>"),
  },
  { name: "an empty 200", code: "upstream-failed", script: () => (visit) => visit.answer(200, "") },
  {
    name: "a redirect",
    code: "upstream-failed",
    script: () => (visit) => visit.answer(302, "", { location: "/login" }),
  },
];

const streamFailures: typeof failures = [
  {
    name: "an error after the opening events",
    code: "overloaded",
    script: (protocol, model) => (visit) => {
      const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
      visit
        .events()
        .send(framesOf(protocol, model).opening + frame(error, protocol === "chat" ? undefined : "error"))
        .end();
    },
  },
  {
    name: "an end after the opening events",
    code: "upstream-failed",
    script: (protocol, model) => (visit) => visit.events().send(framesOf(protocol, model).opening).end(),
  },
  {
    name: "a cut after the opening events",
    code: "upstream-failed",
    script: (protocol, model) => async (visit) => {
      visit.events().send(framesOf(protocol, model).opening);
      await Bun.sleep(20);
      visit.cut();
    },
  },
  { name: "a stream without any event", code: "upstream-failed", script: () => (visit) => visit.events().end() },
];

describe.each(protocols)("before the commit of a %s request the next target is tried after", (protocol) => {
  for (const stream of [false, true]) {
    for (const failure of stream ? [...failures, ...streamFailures] : failures) {
      test.concurrent(`${failure.name} (${stream ? "stream" : "whole"})`, async () => {
        const first = failure.script(protocol, "first");
        const { alias, models } = scene(protocol, [first]);
        const response = await stage.send({ protocol, body: ask(protocol, alias, { stream }) });
        const text = await response.text();
        expect([response.status, text]).toEqual([200, expect.stringContaining(`from ${models[1]}`)]);
        expect(endsWell(protocol, text)).toBe(true);
        expect(response.headers.get("x-plexus-attempts")).toBe("2");
        expect(response.headers.get("x-plexus-target")).toContain(models[1] ?? "?");
        const row = await stage.plexus.row(response.headers.get("x-request-id"));
        expect(row).toMatchObject({ status: 200, code: null, attempts: 2, alias, model: alias, stream });
        expect(row.errors).toMatchObject([{ code: failure.code, target: expect.stringContaining(models[0] ?? "?") }]);
      });
    }
  }
});

test("a provider that refuses connections is passed over", async () => {
  stage.upstream.on("unreachable-a", good("chat", "unreachable-a"));
  const response = await stage.send({ body: ask("chat", "unreachable") });
  expect(await response.text()).toContain("from unreachable-a");
  const row = await stage.plexus.row(response.headers.get("x-request-id"));
  expect(row.errors).toMatchObject([{ code: "upstream-unreachable", target: "refused/unreachable-refused" }]);
});

test("a provider that does not commit within its timeout is passed over, its call cancelled", async () => {
  let slow: Visit | undefined;
  stage.upstream.on("late-brief", (visit) => {
    slow = visit.events().send(framesOf("chat", "late-brief").opening);
  });
  stage.upstream.on("late-a", good("chat", "late-a"));
  const response = await stage.send({ body: ask("chat", "late", { stream: true }) });
  expect(await response.text()).toContain("from late-a");
  await slow?.left;
  const row = await stage.plexus.row(response.headers.get("x-request-id"));
  expect(row.errors).toMatchObject([{ code: "upstream-timeout", target: "brief/late-brief" }]);
  const [failed] = row.errors as { took_ms: number }[];
  expect(failed?.took_ms).toBeGreaterThan(200);
  // Phases are those of the attempt that answered.
  const { sent = 0 } = row.phases as { sent?: number };
  expect(sent).toBeGreaterThan(failed?.took_ms ?? 0);
});

test.concurrent.each([false, true])(
  "request_s holds for all attempts together; after it no provider is called (stream: %p)",
  async (stream) => {
    const hanging = Array.from({ length: 6 }, (): Script => () => undefined);
    const stageScene = scene("chat", hanging);
    const began = performance.now();
    const response = await stage.send({ body: ask("chat", stageScene.alias, { stream }) });
    await response.text();
    expect(response.status).toBe(504);
    expect(performance.now() - began).toBeGreaterThan(2700);
    expect(performance.now() - began).toBeLessThan(4000);
    expect(visits(stageScene)).toEqual([1, 0, 0, 0, 0, 0]);
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({ code: "upstream-timeout", attempts: 1 });
  },
);

describe.each(protocols)("after the first content of a %s stream", (protocol) => {
  const breaks: [string, (visit: Visit) => void | Promise<void>][] = [
    ["is cut", (visit) => visit.cut()],
    ["ends without its end", (visit) => visit.end()],
    [
      "says an error",
      (visit) => visit.send(frame({ type: "error", error: { type: "server_error", message: "boom" } }, "error")).end(),
    ],
  ];
  test.concurrent.each(breaks)("no other target is tried when it %s", async (_name, broken) => {
    const frames = framesOf(protocol, "first");
    const cut: Script = async (visit) => {
      visit.events().send(frames.opening + frames.text("paid for"));
      await Bun.sleep(20);
      await broken(visit);
    };
    const stageScene = scene(protocol, [cut]);
    const response = await stage.send({ protocol, body: ask(protocol, stageScene.alias, { stream: true }) });
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(textOf(protocol, readFrames(text))).toBe("paid for");
    expect(endsWell(protocol, text)).toBe(false);
    expect(readFrames(text).at(-1)?.data).toMatchObject({ error: { message: expect.any(String) } });
    expect(visits(stageScene).slice(0, 2)).toEqual([1, 0]);
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({ status: 200, code: "upstream-failed", attempts: 1 });
  });
});

test.each(protocols)("content and an error that come in one piece are both told to a %s client", async (protocol) => {
  const frames = framesOf(protocol, "first");
  const error = frame({ type: "error", error: { type: "server_error", message: "boom" } }, "error");
  for (const isWarm of [false, true]) {
    const stageScene = scene(protocol, [
      async (visit) => {
        visit.events();
        if (isWarm) visit.send(frames.opening + frames.text("warm "));
        if (isWarm) await Bun.sleep(30);
        visit.send(`${isWarm ? "" : frames.opening}${frames.text("paid for")}${error}${frames.text("never")}`).end();
      },
    ]);
    const response = await stage.send({ protocol, body: ask(protocol, stageScene.alias, { stream: true }) });
    const text = await response.text();
    expect(textOf(protocol, readFrames(text))).toBe(isWarm ? "warm paid for" : "paid for");
    expect(text.match(/boom/g)).toHaveLength(1);
    expect(endsWell(protocol, text)).toBe(false);
    expect(visits(stageScene).slice(0, 2)).toEqual([1, 0]);
  }
});

test.each(protocols)("a frame that was cut in the middle never reaches a %s client", async (protocol) => {
  const frames = framesOf(protocol, "first");
  for (const last of ["end", "cut"] as const) {
    const half = frames.text("half of it").slice(0, -20);
    const { alias } = scene(protocol, [
      async (visit) => {
        visit.events().send(frames.opening + frames.text("paid for") + half);
        await Bun.sleep(20);
        visit[last]();
      },
    ]);
    const response = await stage.send({ protocol, body: ask(protocol, alias, { stream: true }) });
    const text = await response.text();
    expect(text).not.toContain("half of it");
    expect(readFrames(text).at(-1)?.data).toMatchObject({ error: { message: expect.any(String) } });
  }
});

describe("when every target fails", () => {
  /** One for each class, each of which outranks those after it. */
  const classes: [string, number, Script][] = [
    ["rate-limited", 429, limited],
    ["overloaded", 503, refusal(503, "server_error", "busy")],
    ["upstream-failed", 502, failing],
    ["context-length", 400, refusal(400, "invalid_request_error", "This model's maximum context length is 10 tokens")],
    [
      "unsupported",
      400,
      refusal(400, "invalid_request_error", "Unsupported parameter: 'seed' is not supported with this model."),
    ],
    ["billing", 429, refusal(402, "insufficient_quota", "Payment required")],
    ["upstream-auth", 502, refusal(401, "authentication_error", "Incorrect API key provided")],
    ["not-found", 404, refusal(404, "not_found_error", "The model does not exist")],
  ];
  const pairs = classes.slice(1).map((worse, at) => [classes[at], worse] as const);

  test.concurrent.each(pairs.map(([better, worse]) => [better?.[0], worse[0], better, worse] as const))(
    "%s is told before %s",
    async (code, _other, better, worse) => {
      // After a request was too long only a larger target is tried: that failure must come last.
      const order = code === "context-length" ? [worse, better] : [better, worse];
      const scripts = Array.from({ length: 6 }, (_, at) => order[at % 2]?.[2] ?? limited);
      const response = await stage.send({ body: ask("chat", scene("chat", scripts).alias) });
      const row = await stage.plexus.row(response.headers.get("x-request-id"));
      expect(row).toMatchObject({ code, status: better?.[1] });
      expect(response.status).toBe(better?.[1] ?? 0);
      const { error } = (await response.json()) as { error: JsonObject };
      expect(error).toMatchObject({ message: expect.any(String), type: expect.any(String) });
    },
  );

  test("the last words of the class are told, with the shortest wait of any", async () => {
    const { alias } = scene("chat", [
      refusal(429, "rate_limit_error", "first words", { "retry-after": "40" }),
      refusal(503, "server_error", "second words", { "retry-after": "7" }),
      refusal(429, "rate_limit_error", "third words", { "retry-after": "20" }),
      failing,
      failing,
    ]);
    const response = await stage.send({ body: ask("chat", alias) });
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("7");
    expect(await response.text()).toContain("third words");
    expect(response.headers.get("x-plexus-attempts")).toBe("5");
  });

  test("a messages client is told in its own words", async () => {
    const { alias } = scene("messages", [busy, busy]);
    const response = await stage.send({ protocol: "messages", body: ask("messages", alias, { stream: true }) });
    expect(response.status).toBe(529);
    const id = response.headers.get("x-request-id") ?? "";
    expect(await response.json()).toEqual({
      type: "error",
      error: { type: "overloaded_error", message: expect.any(String) },
      request_id: id,
    });
    expect(response.headers.get("request-id")).toBe(id);
  });

  test("not more than max_attempts are made", async () => {
    const stageScene = scene(
      "chat",
      Array.from({ length: 6 }, () => failing),
    );
    const response = await stage.send({ body: ask("chat", stageScene.alias) });
    expect(response.status).toBe(502);
    expect(visits(stageScene)).toEqual([1, 1, 1, 1, 1, 0]);
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row.attempts).toBe(5);
    expect(row.errors).toHaveLength(5);
  });
});

test.each([
  ["a bad request", 400, refusal(400, "invalid_request_error", "messages: wrong")],
  ["refused content", 400, refusal(400, "invalid_request_error", "content_policy violation")],
])("no other target is tried after %s", async (_name, status, script) => {
  const stageScene = scene("chat", [script]);
  const response = await stage.send({ body: ask("chat", stageScene.alias) });
  expect(response.status).toBe(status);
  expect(visits(stageScene).slice(0, 2)).toEqual([1, 0]);
});

describe("a request that is too long for its target", () => {
  const tooLong = refusal(400, "invalid_request_error", "This model's maximum context length is 8000 tokens");

  test("goes only to one that is known to hold more", async () => {
    stage.upstream.on("window-small", tooLong);
    stage.upstream.on("window-a", good("chat", "window-a"));
    stage.upstream.on("window-large", good("chat", "window-large"));
    const response = await stage.send({ body: ask("chat", "window") });
    expect(await response.text()).toContain("from window-large");
    expect(stage.upstream.visits("window-a")).toHaveLength(0);
  });

  test("is refused as such when none holds more", async () => {
    stage.upstream.on("windows-small", tooLong);
    const response = await stage.send({ body: ask("chat", "windows") });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "context_length_exceeded" } });
    expect(stage.upstream.visits("windows-same")).toHaveLength(0);
  });
});

describe("the order of targets", () => {
  test("follows the weights; nothing goes to a weight of 0 while others answer", async () => {
    for (const id of ["a", "b", "c"]) stage.upstream.on(`weighted-${id}`, good("chat", `weighted-${id}`));
    await Promise.all(
      Array.from({ length: 200 }, async () => (await stage.send({ body: ask("chat", "weighted") })).text()),
    );
    const [a = 0, b = 0, c = 0] = ["a", "b", "c"].map((id) => stage.upstream.visits(`weighted-${id}`).length);
    expect(a + b + c).toBe(200);
    expect(c).toBe(0);
    // 150 expected, standard deviation 6.
    expect(a).toBeGreaterThan(115);
    expect(a).toBeLessThan(185);
  });

  test("goes group after group", async () => {
    for (const id of ["a", "b"]) stage.upstream.on(`grouped-${id}`, failing);
    stage.upstream.on("grouped-c", failing);
    stage.upstream.on("grouped-d", good("chat", "grouped-d"));
    const response = await stage.send({ body: ask("chat", "grouped") });
    expect(await response.text()).toContain("from grouped-d");
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    const tried = (row.errors as JsonObject[]).map((error) => String(error.target));
    expect(tried.slice(0, 2).sort()).toEqual(["a/grouped-a", "b/grouped-b"]);
    expect(tried[2]).toBe("c/grouped-c");
  });

  test("leaves out disabled providers and targets", async () => {
    stage.upstream.on("disabled-a", good("chat", "disabled-a"));
    stage.upstream.on("long-b", good("chat", "long-b"));
    for (const alias of ["disabled", "long"]) {
      const response = await stage.send({ body: ask("chat", alias) });
      expect(response.status).toBe(200);
      expect(response.headers.get("x-plexus-attempts")).toBe("1");
    }
    expect(stage.upstream.visits("disabled-off")).toHaveLength(0);
    expect(stage.upstream.visits("long-a")).toHaveLength(0);
  });

  test("with everything disabled the answer is 503 without a time", async () => {
    const response = await stage.send({ body: ask("chat", "all-off") });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBeNull();
    expect(response.headers.get("x-plexus-target")).toBeNull();
    expect(response.headers.get("x-plexus-attempts")).toBeNull();
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({ code: "no-target", attempts: 0, target: null });
  });

  test("begins with the client's own protocol where the alias says api_match", async () => {
    stage.upstream.on("matched-a", good("chat", "matched-a"));
    stage.upstream.on("matched-ma", good("messages", "matched-ma"));
    const targets = [];
    for (const protocol of protocols) {
      const response = await stage.send({ protocol, body: ask(protocol, "matched") });
      targets.push(response.headers.get("x-plexus-target"));
    }
    expect(targets).toEqual(["a/matched-a", "ma/matched-ma"]);
  });
});

describe("a model's name", () => {
  test("may be any of the alias's names; the answer repeats the one that was used", async () => {
    stage.upstream.on("also-known-a", good("chat", "also-known-a"));
    for (const model of ["also-known", "claude-next", "with/slash"]) {
      const response = await stage.send({ body: ask("chat", model) });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ model });
      const row = await stage.plexus.row(response.headers.get("x-request-id"));
      expect(row).toMatchObject({ model, alias: "also-known", target: "a/also-known-a" });
    }
  });

  test("may be provider/model, the model unlisted and with more slashes", async () => {
    stage.upstream.on("vendor/deep/model", good("chat", "vendor/deep/model"));
    const response = await stage.send({ body: ask("chat", "a/vendor/deep/model") });
    expect(await response.json()).toMatchObject({ model: "a/vendor/deep/model" });
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({ alias: null, target: "a/vendor/deep/model" });
  });

  test.each(["nothing-of-the-kind", "also-known-a", "nobody/model", "a/", "/model", "also-Known", "demo"])(
    "%s is not found",
    async (model) => {
      const chat = await stage.send({ body: ask("chat", model) });
      expect(chat.status).toBe(404);
      expect(await chat.json()).toMatchObject({ error: { code: "model_not_found", param: "model" } });
      const messages = await stage.send({ protocol: "messages", body: ask("messages", model) });
      expect(messages.status).toBe(404);
      expect(await messages.json()).toMatchObject({ type: "error", error: { type: "not_found_error" } });
      const row = await stage.plexus.row(messages.headers.get("x-request-id"));
      expect(row).toMatchObject({ status: 404, code: "not-found", model, attempts: 0 });
    },
  );
});

test("with failover off the first target's failure is told at once", async () => {
  const off = await openStage((url) => ({
    providers: { a: provider("chat", { url }), b: provider("chat", { url }) },
    aliases: { once: { selector: "in_order", targets: ["a/once-a", "b/once-b"] } },
    settings: { failover: { enabled: false } },
  }));
  try {
    off.upstream.on("once-a", failing);
    off.upstream.on("once-b", good("chat", "once-b"));
    const response = await off.send({ body: ask("chat", "once") });
    expect(response.status).toBe(502);
    expect(off.upstream.visits("once-b")).toHaveLength(0);
  } finally {
    await off.stop();
  }
});

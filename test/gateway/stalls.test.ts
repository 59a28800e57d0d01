/** Upstreams that stall are given up where the configuration says how slow they may be; and no slot is ever lost. */
import { describe, expect, test } from "bun:test";
import { chunk, events, json, openSession, question } from "../traps/streams-support.ts";

const others = { second: { protocols: { chat: "https://other.example/v1" }, api_key: "sk-upstream-0123456789" } };
const line = (value: object | string) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;
const said = (content: string) => line(chunk({ role: "assistant", content }));
const whole = said("hi") + line(chunk({}, "stop")) + line("[DONE]");
const bytes = (text: string) => new TextEncoder().encode(text);

/** Sends the texts with so much time before each; an endless one never closes. */
function paced(texts: readonly string[], everyMs: number, isEndless = false): ReadableStream {
  let at = 0;
  let isOver = false;
  return new ReadableStream({
    async pull(controller) {
      await Bun.sleep(everyMs);
      if (isOver) return;
      const text = texts[at++] ?? (isEndless ? ": \n\n" : undefined);
      if (text === undefined) controller.close();
      else controller.enqueue(bytes(text));
    },
    cancel: () => {
      isOver = true;
    },
  });
}

describe("a provider with stall guards", () => {
  test("that sends no first byte in time is passed over", async () => {
    const session = openSession({
      provider: "chat",
      hears: true,
      more: { stall: { first_byte_s: 1 } },
      others,
      targets: ["up/model", "second/model"],
      answer: ({ url }) => (url.includes("other.example") ? events(whole) : events(paced([whole], 5000))),
    });
    const started = Date.now();
    const told = await session.ask("chat", { body: question("chat"), stream: true });
    session.close();
    expect([told.status, told.text.includes("hi")]).toEqual([200, true]);
    expect(Date.now() - started).toBeLessThan(4000);
    expect(session.records[0]?.errors.map(({ code, target }) => [code, target])).toEqual([
      ["upstream-timeout", "up/model"],
    ]);
  });

  test("that slows down after it was committed ends in an error of the client's grammar", async () => {
    const session = openSession({
      provider: "chat",
      hears: true,
      more: { stall: { min_bytes_per_s: 1000, window_s: 1, grace_s: 0 } },
      answer: () => events(paced([said("hello")], 50, true)),
    });
    const told = await session.ask("messages", { body: question("messages"), stream: true });
    session.close();
    expect(told.frames.at(-1)?.event).toBe("error");
    expect(told.text).toContain("bytes a second");
    expect(session.records[0]?.code).toBe("upstream-timeout");
  });

  test("that is fast enough is left alone", async () => {
    const session = openSession({
      provider: "chat",
      hears: true,
      more: { stall: { first_byte_s: 1, min_bytes_per_s: 50, window_s: 1, grace_s: 0 } },
      answer: () =>
        events(
          paced([...Array.from({ length: 12 }, () => said("hello")), line(chunk({}, "stop")), line("[DONE]")], 150),
        ),
    });
    const told = await session.ask("chat", { body: question("chat"), stream: true });
    session.close();
    expect([told.frames.at(-1)?.data, session.records[0]?.code]).toEqual(["[DONE]", null]);
  });
});

describe("the one slot of a provider and of a key is free again after", () => {
  const cases: [string, () => Response, boolean][] = [
    [
      "a whole answer",
      () =>
        json({
          ...chunk({}),
          object: "chat.completion",
          choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
        }),
      false,
    ],
    ["a stream", () => events(whole), true],
    ["an error", () => json({ error: { message: "no", type: "server_error" } }, 500), false],
    ["an answer that is no JSON", () => new Response("<html>", { headers: { "content-type": "text/html" } }), false],
    ["a stream that breaks off before anything was said", () => events(""), true],
    ["a stream that breaks off in the middle", () => events(said("hi")), true],
    ["an error in a stream", () => events(said("hi") + line({ error: { message: "no" } })), true],
    ["an empty answer", () => events(line(chunk({}, "stop")) + line("[DONE]")), true],
    [
      "a refused parameter",
      () =>
        json(
          { error: { message: "Unsupported parameter: 'tools'", param: "tools", code: "unsupported_parameter" } },
          400,
        ),
      false,
    ],
  ];
  test.each(cases)("%s", async (_what, answer, stream) => {
    const session = openSession({
      provider: "chat",
      hears: true,
      more: { max_concurrency: 1, cooldown: false },
      keyLimit: 1,
      answer,
    });
    for (let at = 0; at < 3; at++) {
      const told = await session.ask("chat", { body: question("chat"), stream });
      expect([at, told.text.includes("at its limit"), told.text.includes("in flight")]).toEqual([at, false, false]);
    }
    expect(session.sent).toHaveLength(3);
    session.close();
  });

  test.each([
    ["before anything was said", []],
    ["in the middle", [said("hi")]],
  ] as const)("a client that leaves %s", async (_when, texts) => {
    let isFirst = true;
    const session = openSession({
      provider: "chat",
      hears: true,
      more: { max_concurrency: 1, cooldown: false },
      keyLimit: 1,
      answer: () => {
        if (!isFirst) return events(whole);
        isFirst = false;
        return events(paced(texts, 20, true));
      },
    });
    const leaving = new AbortController();
    setTimeout(() => leaving.abort(), 200);
    await session.ask("chat", { body: question("chat"), stream: true, signal: leaving.signal }).catch(() => undefined);
    await Bun.sleep(50);
    const told = await session.ask("chat", { body: question("chat"), stream: true });
    session.close();
    expect(told.text).toContain("[DONE]");
  });
});

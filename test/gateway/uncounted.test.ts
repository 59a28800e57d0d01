/** Answers whose provider counts nothing, or whose counts are not believed, have an estimate in the usage row. */
import { describe, expect, test } from "bun:test";
import { chatStream, chatWhole, chunk, openSession, question } from "../traps/streams-support.ts";

const words = "The quick brown fox jumps over the lazy dog. ".repeat(20);
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

async function tokensOf(client: "chat" | "messages", stream: boolean, more: object, counted: boolean) {
  const counts = counted ? { usage } : {};
  const frames = [
    chunk({ role: "assistant", content: "" }),
    ...words.split(" ").map((word) => chunk({ content: `${word} ` })),
  ];
  const session = openSession({
    provider: "chat",
    more: { ...more },
    answer: () =>
      stream
        ? chatStream(...frames, chunk({}, "stop"), ...(counted ? [{ ...chunk({}), choices: [], usage }] : []))
        : chatWhole({ content: words }, "stop", counts),
  });
  const told = await session.ask(client, { body: question(client), stream });
  session.close();
  expect(told.status).toBe(200);
  return session.records[0]?.tokens;
}

describe.each(["chat", "messages"] as const)("for a %s client", (client) => {
  test.each([false, true])("what nobody counted is estimated and marked (streamed: %p)", async (stream) => {
    const tokens = await tokensOf(client, stream, {}, false);
    expect(tokens?.estimated).toBe(true);
    // 20 sentences of nine words and ten tokens.
    expect(tokens?.output).toBeGreaterThan(150);
    expect(tokens?.output).toBeLessThan(320);
    expect(tokens?.input).toBeGreaterThan(3);
  });

  test.each([false, true])("estimate_tokens puts the provider's own counts aside (streamed: %p)", async (stream) => {
    const believed = await tokensOf(client, stream, {}, true);
    expect(believed).toMatchObject({ input: 1, output: 1, estimated: false });
    const doubted = await tokensOf(client, stream, { estimate_tokens: true }, true);
    expect(doubted?.estimated).toBe(true);
    expect(doubted?.output).toBeGreaterThan(150);
    expect(doubted?.input).toBeGreaterThan(3);
  });
});

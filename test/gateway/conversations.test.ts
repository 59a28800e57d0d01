import { describe, expect, test } from "bun:test";
import { Conversations, conversationOf } from "../../src/gateway/conversations.ts";
import type { Exchange } from "../../src/gateway/exchange.ts";
import { Inbound } from "../../src/gateway/inbound.ts";
import { Content } from "../../src/kit/content.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { Notes } from "../../src/model/note.ts";
import { chat } from "../../src/protocols/chat/index.ts";

/** As much of an exchange as is asked for. */
function exchangeOf(body: JsonObject, { headers = {}, key = "test", alias = "a" } = {}): Exchange {
  const text = JSON.stringify(body);
  const content = text.length > 65_536 ? Content.ofBytes(Buffer.from(text)) : Content.ofText(text);
  const place = { path: "/v1/chat/completions", query: new URLSearchParams() };
  const inbound = new Inbound(content, { protocol: chat, place, mayPass: true });
  const parts = {
    ...{ inbound, key: { name: key }, alias: { name: alias }, call: { headers: new Headers(headers) } },
    canonical: () => inbound.canonical({ key: Buffer.alloc(32), owner: key }, new Notes()),
    readable: (said: string) => inbound.readable(said),
  };
  // Nothing else of it is read.
  return parts as unknown as Exchange;
}

const talk = (...said: string[]): JsonObject => ({
  model: "a",
  messages: [
    { role: "system", content: "You help." },
    ...said.map((content, at) => ({ role: at % 2 === 0 ? "user" : "assistant", content })),
  ],
});

describe("what a conversation is known by", () => {
  test("its beginning, however long it has become", () => {
    const first = conversationOf(exchangeOf(talk("Hello")));
    expect(conversationOf(exchangeOf(talk("Hello", "Hi", "More")))).toBe(first);
    expect(conversationOf(exchangeOf(talk("Hello", "x".repeat(100_000), "More")))).toBe(first);
    expect(conversationOf(exchangeOf(talk("Good day")))).not.toBe(first);
  });

  test("the name that its client gives it, which no other key and no other alias has", () => {
    const named = { headers: { session_id: "s-1" } };
    const first = conversationOf(exchangeOf(talk("Hello"), named));
    expect(conversationOf(exchangeOf(talk("Else"), named))).toBe(first);
    expect(conversationOf(exchangeOf(talk("Hello"), { ...named, key: "other" }))).not.toBe(first);
    expect(conversationOf(exchangeOf(talk("Hello"), { ...named, alias: "other" }))).not.toBe(first);
  });

  test("the name in its body, also in a large one that nobody parses", () => {
    const keyed = (body: JsonObject) => ({ ...body, prompt_cache_key: 'k-"1"' });
    const first = conversationOf(exchangeOf(keyed(talk("Hello"))));
    expect(conversationOf(exchangeOf(keyed(talk("Else", "x".repeat(100_000)))))).toBe(first);
    const user = (body: JsonObject) => ({ ...body, metadata: { user_id: "user_1_session_2" } });
    const second = conversationOf(exchangeOf(user(talk("Hello"))));
    expect(second).not.toBe(first);
    expect(conversationOf(exchangeOf(user(talk("x".repeat(100_000)))))).toBe(second);
  });
});

describe("remembered conversations", () => {
  test("are forgotten after an hour without a turn", () => {
    let now = 1_800_000_000_000;
    const conversations = new Conversations(() => now);
    conversations.bind("c", "a/m");
    now += 3_500_000;
    expect(conversations.targetOf("c")).toBe("a/m");
    conversations.bind("c", "b/m");
    now += 3_500_000;
    expect(conversations.targetOf("c")).toBe("b/m");
    now += 200_000;
    expect(conversations.targetOf("c")).toBeUndefined();
  });

  test("are at most 10,000, the last used ones", () => {
    const conversations = new Conversations();
    conversations.bind("first", "a/m");
    for (let count = 0; count < 9999; count++) conversations.bind(`c${count}`, "a/m");
    conversations.bind("first", "a/m");
    conversations.bind("one more", "a/m");
    expect(conversations.size).toBe(10_000);
    expect(conversations.targetOf("first")).toBe("a/m");
    expect(conversations.targetOf("c0")).toBeUndefined();
  });
});

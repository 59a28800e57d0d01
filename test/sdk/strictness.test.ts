/** The scripted providers refuse what the vendors refuse: only then does it mean something that they refuse nothing. */
import { afterAll, describe, expect, test } from "bun:test";
import { startChat } from "../support/upstream/chat.ts";
import { startMessages } from "../support/upstream/messages.ts";
import type { Upstream } from "../support/upstream/server.ts";
import { type Fields, fieldsOf, listOf } from "../support/upstream/shape.ts";
import { pdf, png } from "./media.ts";

const upstreams = {
  chat: startChat({ router: false }),
  router: startChat({ router: true }),
  messages: startMessages(),
};

afterAll(async () => {
  await Promise.all(Object.values(upstreams).map((upstream) => upstream.stop()));
});

const counts = { input: 1, cached: 0, written: 0, visible: 1, reasoning: 0 };

async function post(upstream: Upstream, path: string, body: Fields, headers: Record<string, string> = {}) {
  const model = upstream.script("m", [
    { reasoning: "because", text: "ok", counts },
    { text: "ok", counts },
  ]);
  const send = async (more: Fields) => {
    const response = await fetch(`${upstream.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${upstream.key}`, ...headers },
      body: JSON.stringify({ model, ...body, ...more }),
    });
    return { status: response.status, body: fieldsOf(await response.json()), violations: upstream.violations(model) };
  };
  return { ...(await send({})), again: send };
}

const user = (content: unknown = "Hi") => ({ role: "user", content });
const assistant = (content: unknown, more: Fields = {}) => ({ role: "assistant", content, ...more });
const data = (type: string, bytes: Buffer) => `data:${type};base64,${bytes.toString("base64")}`;

describe("Chat Completions", () => {
  const call = (id: string) => ({ id, type: "function", function: { name: "f", arguments: "{}" } });
  const result = (id: string) => ({ role: "tool", tool_call_id: id, content: "x" });
  const tool = (parameters: Fields, more: Fields = {}) => ({
    type: "function",
    function: { name: "f", parameters, ...more },
  });
  const plain = tool({ type: "object", properties: {} });
  const says = (...messages: unknown[]) => ({ messages });
  const strict = { type: "object", properties: { a: {} }, additionalProperties: false };

  test.each<[string, Fields]>([
    ["an unknown member", { top_k: 1 }],
    ["null for a member", { temperature: null }],
    ["no message", { messages: [] }],
    ["a member of a message", says({ ...user(), cache_control: {} })],
    ["reasoning", says(user(), assistant("a", { reasoning_content: "x" }), user())],
    ["an unanswered call", says(user(), assistant(null, { tool_calls: [call("a"), call("b")] }), result("a"), user())],
    ["an unanswered last call", says(user(), assistant(null, { tool_calls: [call("a")] }))],
    ["a result without its call", says(user(), result("a"))],
    ["two calls of one id", says(user(), assistant(null, { tool_calls: [call("a"), call("a")] }), result("a"))],
    ["a long id", says(user(), assistant(null, { tool_calls: [call("a".repeat(65))] }), result("a".repeat(65)))],
    ["no list of calls", says(user(), assistant("a", { tool_calls: [] }))],
    ["an assistant without content", says(user(), assistant(null), user())],
    ["an empty list of parts", says(user([]))],
    ["an image of wrong type", says(user([{ type: "image_url", image_url: { url: data("image/jpeg", png()) } }]))],
    [
      "an image in a result",
      says(user(), assistant(null, { tool_calls: [call("a")] }), { ...result("a"), content: [{ type: "image_url" }] }),
    ],
    ["bare base64 for a file", says(user([{ type: "file", file: { file_data: pdf.toString("base64") } }]))],
    ["a choice without tools", { tool_choice: "auto" }],
    ["a parallel switch without tools", { parallel_tool_calls: true }],
    ["a choice of no tool", { tools: [plain], tool_choice: { type: "function", function: { name: "g" } } }],
    ["no list of tools", { tools: [] }],
    ["two tools of one name", { tools: [plain, plain] }],
    ["an object without properties", { tools: [tool({ type: "object" })] }],
    ["a strict tool with an optional property", { tools: [tool(strict, { strict: true })] }],
    [
      "a strict tool that is open",
      { tools: [tool({ ...strict, required: ["a"], additionalProperties: true }, { strict: true })] },
    ],
    ["stream options without a stream", { stream_options: { include_usage: true } }],
    ["five stops", { stop: ["a", "b", "c", "d", "e"] }],
    ["both caps", { max_tokens: 1, max_completion_tokens: 1 }],
    ["top_logprobs alone", { top_logprobs: 1 }],
    ["JSON without the word", { response_format: { type: "json_object" } }],
    ["an object as effort", { reasoning_effort: { effort: "low" } }],
  ])("refuses %s", async (_name, body) => {
    const { status, violations } = await post(upstreams.chat, "/chat/completions", { ...says(user()), ...body });
    expect(status).toBe(400);
    expect(violations.length).toBe(1);
  });

  test("a router takes its own proofs back, unmodified only", async () => {
    const first = await post(upstreams.router, "/chat/completions", says(user()));
    const message = fieldsOf(listOf(first.body.choices)[0]?.message);
    const { annotations: _annotations, ...rest } = message;
    const back = await first.again(says(user(), rest, user()));
    expect([back.status, back.violations]).toEqual([200, []]);
    const list = listOf(message.reasoning_details);
    for (const reasoning_details of [list.slice(1), list.toReversed(), [{ ...list[0], text: "x" }, list[1]]]) {
      const { status } = await first.again(says(user(), { ...rest, reasoning_details }, user()));
      expect(status).toBe(400);
    }
  });

  test("another key is refused", async () => {
    const { status } = await post(upstreams.chat, "/chat/completions", says(user()), { authorization: "Bearer x" });
    expect(status).toBe(401);
  });
});

describe("Messages", () => {
  const old = { "anthropic-version": "2023-06-01" };
  const text = (words: string, more: Fields = {}) => ({ type: "text", text: words, ...more });
  const use = (id: string) => ({ type: "tool_use", id, name: "f", input: {} });
  const result = (id: string) => ({ type: "tool_result", tool_use_id: id });
  const plain = { name: "f", input_schema: { type: "object" } };
  const tools = [plain];
  const says = (...messages: unknown[]) => ({ messages, tools });
  const thinking = { type: "enabled", budget_tokens: 1024 };
  const mark = (ttl: string) => ({ cache_control: { type: "ephemeral", ttl } });
  const thought = (signature: string) => ({ type: "thinking", thinking: "because", signature });
  const image = { type: "image", source: { type: "base64", media_type: "image/jpeg", data: png().toString("base64") } };

  test.each<[string, Fields]>([
    ["an unknown member", { seed: 1 }],
    ["no cap", { max_tokens: undefined }],
    ["an assistant first", says(assistant("a"), user())],
    ["a system message among the others", says(user(), { role: "system", content: "x" })],
    ["an empty user message", says(user(""))],
    ["a blank user message", says(user(" "))],
    ["an empty text", says(user([text("")]))],
    ["an empty text beside a call", says(user(), assistant([text(""), use("a")]), user([result("a")]))],
    ["a blank assistant", says(user(), assistant([text(" ")]), user())],
    ["an unanswered call", says(user(), assistant([use("a"), use("b")]), user([result("a")]))],
    ["a late result", says(user(), assistant([use("a")]), user(), assistant("x"), user([result("a")]))],
    ["a result after words", says(user(), assistant([use("a")]), user([text("x"), result("a")]))],
    ["a result without its call", says(user([result("a")]))],
    ["an id of other letters", says(user(), assistant([use("a.b")]), user([result("a.b")]))],
    ["an id that comes twice", says(user(), assistant([use("a"), use("a")]), user([result("a")]))],
    ["calls without tools", { ...says(user(), assistant([use("a")]), user([result("a")])), tools: undefined }],
    ["arguments as text", says(user(), assistant([{ ...use("a"), input: "{}" }]), user([result("a")]))],
    ["a proof of others", says(user(), assistant([thought("EqQB"), text("a")]), user())],
    ["sealed thinking of others", says(user(), assistant([{ type: "redacted_thinking", data: "x" }]), user())],
    ["thinking beside a forced tool", { ...says(user()), thinking, tool_choice: { type: "any" } }],
    ["a budget over the cap", { thinking: { ...thinking, budget_tokens: 3000 } }],
    ["a small budget", { thinking: { ...thinking, budget_tokens: 1000 } }],
    ["thinking beside temperature", { thinking, temperature: 0.5 }],
    ["thinking beside top_k", { thinking, top_k: 5 }],
    ["thinking beside a prefill", { ...says(user(), assistant("a")), thinking }],
    [
      "a tool loop that begins without thinking",
      { ...says(user(), assistant([use("a")]), user([result("a")])), thinking },
    ],
    ["temperature beside top_p", { temperature: 1, top_p: 0.9 }],
    ["five marks", says(user(["a", "b", "c", "d", "e"].map((words) => text(words, mark("5m")))))],
    ["a long mark after a short one", says(user([text("a", mark("5m")), text("b", mark("1h"))]))],
    ["an image of wrong type", says(user([image]))],
    ["two tools of one name", { tools: [plain, plain] }],
    ["a schema without a type", { tools: [{ name: "f", input_schema: {} }] }],
    ["an odd property key", { tools: [{ name: "f", input_schema: { type: "object", properties: { $top: {} } } }] }],
    ["an open strict tool", { tools: [{ ...plain, strict: true }] }],
    [
      "an open schema of the answer",
      { output_config: { format: { type: "json_schema", schema: { type: "object" } } } },
    ],
    ["a choice without tools", { tool_choice: { type: "auto" } }],
    ["a choice of no tool", { tools, tool_choice: { type: "tool", name: "g" } }],
    ["a blank stop", { stop_sequences: [" "] }],
    ["a blank system text", { system: [text(" ")] }],
    ["metadata of others", { metadata: { session: "x" } }],
  ])("refuses %s", async (_name, body) => {
    const { status, violations } = await post(
      upstreams.messages,
      "/messages",
      { max_tokens: 2000, messages: [user()], ...body },
      old,
    );
    expect(status).toBe(400);
    expect(violations.length).toBe(1);
  });

  test("a version is demanded, and the newer one knows no sampling", async () => {
    const body = { max_tokens: 2000, messages: [user()] };
    const send = async (more: Fields, version?: string) =>
      (
        await post(
          upstreams.messages,
          "/messages",
          { ...body, ...more },
          version ? { "anthropic-version": version } : {},
        )
      ).status;
    expect(await send({})).toBe(400);
    expect(await send({}, "2024-01-01")).toBe(400);
    expect(await send({ temperature: 1 }, "2026-10-21")).toBe(400);
    expect(await send({ temperature: 1 }, "2023-06-01")).toBe(200);
    expect(await send({}, "2026-10-21")).toBe(200);
  });

  test("its own proof is taken back, beside its own text only", async () => {
    const body = { max_tokens: 2000, messages: [user()], thinking };
    const first = await post(upstreams.messages, "/messages", body, old);
    const [block, said] = listOf(first.body.content);
    const back = (thinking: unknown) => ({ messages: [user(), assistant([thinking, said]), user()] });
    expect((await first.again(back({ ...block, thinking: "else" }))).status).toBe(400);
    expect((await first.again(back({ ...block, signature: `${block?.signature}=` }))).status).toBe(400);
    expect((await first.again(back(block))).status).toBe(200);
  });
});

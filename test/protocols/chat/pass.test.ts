import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/model/json.ts";
import { chat } from "../../../src/protocols/chat/index.ts";
import { target } from "./support.ts";

function pass(body: JsonObject, can = {}) {
  return chat.pass(chat.open({ model: "m", messages: [{}], ...body }), body, target(can));
}

describe("pass-through", () => {
  test("only the model is set on a whole answer", () => {
    const passage = pass({});
    expect([...passage.set]).toEqual([["model", '"upstream-model"']]);
    expect(passage.path).toBe("/chat/completions");
    expect(passage.frame).toBeUndefined();
  });

  test("usage is asked for beside the client's own options, and kept from the client", () => {
    const passage = pass({ stream: true, stream_options: { include_obfuscation: false } });
    expect(passage.set.get("stream_options")).toBe('{"include_obfuscation":false,"include_usage":true}');
    const frame = passage.frame!;
    expect(frame('data: {"id":"x","choices":[],"usage":{"prompt_tokens":1}}\n\n')).toBe("");
    expect(frame('data: {"id":"x","choices":[],"prompt_filter_results":[],"usage":null}\n\n')).toBe(
      'data: {"id":"x","choices":[],"prompt_filter_results":[]}\n\n',
    );
    expect(frame('data: {"choices":[{"delta":{"content":"a"}}],"usage":null}\n\n')).toBe(
      'data: {"choices":[{"delta":{"content":"a"}}]}\n\n',
    );
    expect(frame('data: {"usage": null, "choices":[{"delta":{}}]}\n\n')).toBe('data: { "choices":[{"delta":{}}]}\n\n');
    for (const raw of [
      "data: [DONE]\n\n",
      ": comment\n\n",
      'data: {"choices":[{"delta":{"content":"say ,\\"usage\\":null}"}}]}\n\n',
      'data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}\n\n',
    ]) {
      expect(frame(raw)).toBe(raw);
    }
  });

  test("a client that asked itself, or a provider that cannot, changes nothing", () => {
    for (const passage of [
      pass({ stream: true, stream_options: { include_usage: true } }),
      pass({ stream: true }, { streamUsage: false }),
    ]) {
      expect(passage.frame).toBeUndefined();
      expect([...passage.set.keys()]).toEqual(["model"]);
    }
  });

  test("ids over 64 characters are digested on both sides of the pair", () => {
    const id = "x".repeat(70);
    const messages = [
      { role: "assistant", tool_calls: [{ id, type: "function" }] },
      { role: "tool", tool_call_id: id, content: "" },
    ];
    const [assistant, tool] = JSON.parse(pass({ messages }).set.get("messages") ?? "");
    expect(assistant.tool_calls[0].id).toBe(tool.tool_call_id);
    expect(tool.tool_call_id.length).toBeLessThanOrEqual(64);
  });
});

describe("foreign seals", () => {
  const foreign = (bytes: string) => bytes.startsWith("foreign");

  test("are taken out, all else stays", () => {
    const messages = [
      { role: "user", content: "q" },
      {
        role: "assistant",
        content: "a",
        reasoning_details: [
          { type: "reasoning.text", text: "t", signature: "foreign-1" },
          { type: "reasoning.encrypted", data: "mine" },
        ],
        tool_calls: [
          { id: "c", extra_content: { google: { thought_signature: "foreign-2" } } },
          { id: "d", extra_content: { google: { thought_signature: "mine" } } },
        ],
      },
      { role: "assistant", content: "b", reasoning_details: [{ type: "reasoning.encrypted", data: "foreign-3" }] },
    ];
    const before = JSON.stringify(messages);
    const set = chat.strip({ messages }, foreign, target());
    expect(JSON.parse(set.get("messages") ?? "")).toEqual([
      { role: "user", content: "q" },
      {
        role: "assistant",
        content: "a",
        reasoning_details: [{ type: "reasoning.encrypted", data: "mine" }],
        tool_calls: [{ id: "c" }, { id: "d", extra_content: { google: { thought_signature: "mine" } } }],
      },
      { role: "assistant", content: "b" },
    ]);
    expect(JSON.stringify(messages)).toBe(before);
  });

  test("the text of foreign reasoning goes with its proof, but not for targets that want it", () => {
    const id = "x".repeat(70);
    const details = [{ type: "reasoning.text", text: "t", signature: "foreign-1" }];
    const messages = [
      { role: "assistant", reasoning_content: "t", reasoning_details: details, tool_calls: [{ id }] },
      { role: "tool", tool_call_id: id, content: "" },
      { role: "assistant", content: "b", reasoning_content: "own" },
    ];
    const [assistant, tool, last] = JSON.parse(chat.strip({ messages }, foreign, target()).get("messages") ?? "");
    expect(assistant).toEqual({ role: "assistant", tool_calls: [{ id: tool.tool_call_id }] });
    expect(tool.tool_call_id.length).toBeLessThanOrEqual(64);
    expect(last).toEqual(messages[2]);
    const wanted = chat.strip({ messages }, foreign, target({ echoReasoning: true })).get("messages") ?? "";
    expect(JSON.parse(wanted)[0].reasoning_content).toBe("t");
  });

  test("nothing is set when there are none", () => {
    const messages = [{ role: "assistant", reasoning_details: [{ signature: "mine" }] }];
    expect(chat.strip({ messages }, foreign, target()).size).toBe(0);
    expect(chat.strip({}, foreign, target()).size).toBe(0);
  });
});

test("models in OpenAI's list", () => {
  expect(chat.buildModels([{ id: "a", created: 3, ownedBy: "plexus" }])).toEqual({
    object: "list",
    data: [{ id: "a", object: "model", created: 3, owned_by: "plexus" }],
  });
});

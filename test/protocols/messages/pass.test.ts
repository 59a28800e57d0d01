import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/model/json.ts";
import { messages } from "../../../src/protocols/messages/index.ts";
import { target } from "./support.ts";

const foreign = (bytes: string) => bytes.startsWith("GWS1");
const thinking = (signature: string) => ({ type: "thinking", thinking: "t", signature });
const redacted = (data: string) => ({ type: "redacted_thinking", data });
const use = { type: "tool_use", id: "a", name: "b", input: {} };
const answer = { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: "x" }] };

describe("passing through", () => {
  test("only the model's name is set", () => {
    const passage = messages.pass({ model: "alias", stream: true }, {}, target());
    expect([...passage.set]).toEqual([["model", '"their-model"']]);
    expect(passage.path).toBe("/messages");
    expect(passage.frame).toBeUndefined();
  });

  test("ids that the API refuses are made legal, in pairs, also where thinking is taken out", () => {
    const poisoned = { ...use, id: "functions.Bash:0" };
    const results = [{ type: "tool_result", tool_use_id: "functions.Bash:0", content: "x" }];
    const body: JsonObject = {
      messages: [
        { role: "user", content: "x" },
        { role: "assistant", content: [thinking("GWS1"), poisoned] },
        { role: "user", content: results },
      ],
    };
    const passed = messages.pass({ model: "alias", stream: true }, body, target()).set.get("messages") ?? "";
    for (const text of [passed, messages.strip(body, foreign, target()).get("messages") ?? ""]) {
      const ids = [...text.matchAll(/"(?:id|tool_use_id)":"([^"]*)"/g)].map((match) => match[1]);
      expect(ids).toHaveLength(2);
      expect(ids[0]).toBe(ids[1]);
      expect(ids[0]).toMatch(/^[a-zA-Z0-9_-]+$/);
    }
    expect(passed).toContain("GWS1");
  });

  test("a body without foreign thinking is left alone", () => {
    const content = [thinking("own"), redacted("own"), { type: "text", text: "GWS1" }];
    expect(messages.strip({ messages: [{ role: "assistant", content }] }, foreign, target()).size).toBe(0);
    expect(messages.strip({ messages: "odd" }, foreign, target()).size).toBe(0);
    expect(messages.strip({ messages: [null, { content: [null, 1] }] }, foreign, target()).size).toBe(0);
  });

  test("foreign thinking is taken out, and nothing else", () => {
    const own = { role: "assistant", content: [thinking("own"), thinking("GWS1a"), redacted("GWS1b"), use] };
    const emptied = { role: "assistant", content: [redacted("GWS1")] };
    const body: JsonObject = {
      messages: [{ role: "user", content: "x" }, own, answer, emptied],
      thinking: { type: "enabled" },
    };
    const before = JSON.stringify(body);
    const set = messages.strip(body, foreign, target());
    expect(JSON.parse(set.get("messages") ?? "")).toEqual([
      ...[{ role: "user", content: "x" }, { role: "assistant", content: [thinking("own"), use] }, answer],
      { role: "assistant", content: [] },
    ]);
    expect([...set.keys()]).toEqual(["messages"]);
    expect(JSON.stringify(body)).toBe(before);
  });

  test("a tool loop that thereby loses its thinking goes on without a budget", () => {
    const loop = [{ role: "user", content: "x" }, { role: "assistant", content: [thinking("GWS1"), use] }, answer];
    const enabled = { type: "enabled", budget_tokens: 2000 };
    expect(messages.strip({ messages: loop, thinking: enabled }, foreign, target()).get("thinking")).toBe(
      '{"type":"disabled"}',
    );
    expect(messages.strip({ messages: loop, thinking: { type: "adaptive" } }, foreign, target()).has("thinking")).toBe(
      false,
    );
    const later = [{ role: "assistant", content: [thinking("GWS1"), use] }, answer];
    const begun = [loop[0], { role: "assistant", content: [thinking("own"), use] }, answer, ...later] as JsonObject[];
    expect(messages.strip({ messages: begun, thinking: enabled }, foreign, target()).has("thinking")).toBe(false);
    expect(
      messages.strip({ messages: [...loop, ...later], thinking: enabled }, foreign, target()).has("thinking"),
    ).toBe(true);
  });
});

describe("lists of models", () => {
  test("have Anthropic's shape", () => {
    const model = { id: "a", created: 1_700_000_000, ownedBy: "x", context: 200_000, maxOutput: 64_000 };
    const shown = {
      ...{ type: "model", id: "a", display_name: "a", created_at: "2023-11-14T22:13:20Z" },
      ...{ max_input_tokens: 200_000, max_tokens: 64_000 },
    };
    expect(messages.buildModel(model)).toEqual(shown);
    expect(messages.buildModels([model])).toEqual({ data: [shown], has_more: false, first_id: "a", last_id: "a" });
    expect(messages.buildModels([])).toEqual({ data: [], has_more: false, first_id: null, last_id: null });
  });
});

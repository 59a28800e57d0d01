import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/model/json.ts";
import { readOutcome } from "../../../src/protocols/chat/outcome.ts";
import { parseResponse } from "../../../src/protocols/chat/response.ts";

const usage = {
  prompt_tokens: 90,
  completion_tokens: 20,
  total_tokens: 110,
  prompt_tokens_details: { cached_tokens: 12 },
  completion_tokens_details: { reasoning_tokens: 5 },
};
const call = { id: "call_1", type: "function", function: { name: "read", arguments: "{}" } };
const message = { role: "assistant", content: "Hello." };
const plain = { message, finish_reason: "stop" };

function answer(choice: JsonObject, more: JsonObject = {}): JsonObject {
  return { id: "chatcmpl-1", object: "chat.completion", created: 1, model: "m", choices: [choice], usage, ...more };
}

const calling = (tool: JsonObject): JsonObject => ({ role: "assistant", content: null, tool_calls: [tool] });

describe("the outcome of an ordinary answer is what reading all of it gives", () => {
  test.each<[string, JsonObject]>([
    ["text", answer(plain)],
    ["without usage", answer(plain, { usage: null })],
    [
      "usage that counts nothing",
      answer(plain, { usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } }),
    ],
    ["cut by the limit", answer({ ...plain, finish_reason: "length" })],
    ["a word of another server", answer({ ...plain, finish_reason: "eos_token" })],
    ["an unknown word", answer({ ...plain, finish_reason: "whatever" })],
    ["filtered", answer({ ...plain, finish_reason: "content_filter" })],
    ["an empty text", answer({ ...plain, message: { ...message, content: "" } })],
    ["a call", answer({ message: calling(call), finish_reason: "tool_calls" })],
    ["a call that ends with stop", answer({ message: calling(call), finish_reason: "stop" })],
    ["a call that was cut", answer({ message: calling(call), finish_reason: "length" })],
    [
      "a custom call",
      answer({
        message: calling({ id: "c", type: "custom", custom: { name: "shell", input: "ls" } }),
        finish_reason: "stop",
      }),
    ],
    ["no list of calls", answer({ ...plain, message: { ...message, tool_calls: null } })],
    ["reasoning", answer({ ...plain, message: { ...message, reasoning_content: "Hm." } })],
  ])("%s", (_name, body) => {
    const [full] = parseResponse(body);
    const outcome = readOutcome(body);
    expect(outcome?.finish).toBe(full?.finish as never);
    expect(outcome?.usage).toEqual(full?.usage as never);
  });
});

describe("what is out of the ordinary is left to reading all of it", () => {
  test.each<[string, JsonObject]>([
    ["an error in the answer", answer(plain, { error: { message: "no" } })],
    ["an error in the choice", answer({ ...plain, error: { message: "no" } })],
    ["two choices", answer(plain, { choices: [plain, plain] })],
    ["no choice", answer(plain, { choices: [] })],
    ["no word", answer({ message })],
    ["a word that tells of a failure", answer({ ...plain, finish_reason: "error" })],
    ["a stop sequence beside the word", answer({ ...plain, stop_reason: "END" })],
    ["usage in the choice", answer({ ...plain, usage }, { usage: null })],
    ["usage of Groq", answer(plain, { usage: null, x_groq: { usage } })],
    ["content in parts", answer({ ...plain, message: { ...message, content: [{ type: "text", text: "Hi" }] } })],
    ["a call of the older form", answer({ message: { ...message, content: null, function_call: call.function } })],
    ["a call without a name", answer({ message: calling({ id: "c", function: {} }), finish_reason: "stop" })],
    ["no object", "text" as never],
  ])("%s", (_name, body) => {
    expect(readOutcome(body)).toBeUndefined();
  });
});

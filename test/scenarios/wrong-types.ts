/** Fields of wrong types, for every family of fields: the field and its value, and the path that the error names. */
import type { Json, JsonObject } from "../../src/model/json.ts";
import type { ProtocolName } from "./stage.ts";

export interface WrongType {
  field: string;
  /** Undefined leaves the field out. */
  value: Json | undefined;
  at: string;
}

function user(content: Json): JsonObject[] {
  return [{ role: "user", content }];
}

function assistant(more: JsonObject): JsonObject[] {
  return [...user("a"), { role: "assistant", ...more }];
}

function wrong(field: string, ...cases: [Json | undefined, string?][]): WrongType[] {
  return cases.map(([value, at]) => ({ field, value, at: at ?? field }));
}

const chat: WrongType[] = [
  ...wrong("model", [1], [null], [""], [undefined], [["a"]]),
  ...wrong("stream", ["yes"], [1], [{}]),
  ...wrong("messages", ["x"], [{}], [undefined], [null], [[]], [[1], "messages.0"], [[null], "messages.0"]),
  ...wrong(
    "messages",
    [[{}], "messages.0.role"],
    [[{ role: 1 }], "messages.0.role"],
    [[{ role: "wizard" }], "messages.0.role"],
  ),
  ...wrong(
    "messages",
    [user(5), "messages.0.content"],
    [user({}), "messages.0.content"],
    [user([1]), "messages.0.content.0"],
  ),
  ...wrong("messages", [user([{ type: "text", text: 5 }]), "messages.0.content.0.text"]),
  ...wrong("messages", [user([{ type: "image_url", image_url: 5 }]), "messages.0.content.0.image_url"]),
  ...wrong("messages", [assistant({ tool_calls: 5 }), "messages.1.tool_calls"]),
  ...wrong("messages", [assistant({ tool_calls: [5] }), "messages.1.tool_calls.0"]),
  ...wrong("messages", [assistant({ tool_calls: [{ id: 5, type: "function" }] }), "messages.1.tool_calls.0.id"]),
  ...wrong("messages", [[...user("a"), { role: "tool", content: "x" }], "messages.1.tool_call_id"]),
  ...wrong("tools", ["x"], [[1], "tools.0"], [[{ type: "function" }], "tools.0.function"]),
  ...wrong("tools", [[{ type: "function", function: { name: 5 } }], "tools.0.function.name"]),
  ...wrong("tools", [[{ type: "function", function: { name: "a", parameters: "x" } }], "tools.0.function.parameters"]),
  ...wrong("tool_choice", [5], [{ type: "function" }, "tool_choice.function.name"]),
  ...wrong("temperature", ["hot"], [[]]),
  ...wrong("top_p", [{}]),
  ...wrong("max_tokens", ["many"], [-1], [0]),
  ...wrong("max_completion_tokens", [1.5]),
  ...wrong("stop", [5], [[5], "stop.0"]),
  ...wrong("n", ["x"], [0]),
  ...wrong("seed", ["x"]),
  ...wrong("response_format", ["json"], [{ type: "json_schema" }, "response_format.json_schema"]),
  ...wrong("stream_options", [5]),
  ...wrong("logit_bias", [5]),
  ...wrong("logprobs", ["x"]),
  ...wrong("top_logprobs", ["x"]),
  ...wrong("reasoning_effort", [5]),
  ...wrong("parallel_tool_calls", ["x"]),
  ...wrong("user", [5]),
  ...wrong("metadata", [5]),
  ...wrong("presence_penalty", ["x"]),
];

const messages: WrongType[] = [
  ...wrong("model", [1], [null], [""], [undefined]),
  ...wrong("stream", ["yes"], [1]),
  ...wrong("max_tokens", ["x"], [undefined], [-1], [1.5]),
  ...wrong("messages", ["x"], [undefined], [[]], [[1], "messages.0"], [[{}], "messages.0.role"]),
  ...wrong("messages", [[{ role: "wizard", content: "x" }], "messages.0.role"], [user(5), "messages.0.content"]),
  ...wrong("messages", [user([1]), "messages.0.content.0"], [user([{ type: 5 }]), "messages.0.content.0.type"]),
  ...wrong("messages", [user([{ type: "text", text: 5 }]), "messages.0.content.0.text"]),
  ...wrong("messages", [user([{ type: "image", source: 5 }]), "messages.0.content.0.source"]),
  ...wrong("messages", [user([{ type: "tool_result" }]), "messages.0.content.0.tool_use_id"]),
  ...wrong("messages", [
    assistant({ content: [{ type: "tool_use", id: "a", name: "b", input: 5 }] }),
    "messages.1.content.0.input",
  ]),
  ...wrong("system", [5], [[5], "system.0"]),
  ...wrong("tools", ["x"], [[1], "tools.0"], [[{ name: 5 }], "tools.0.name"]),
  ...wrong("tools", [[{ name: "a", input_schema: "x" }], "tools.0.input_schema"]),
  ...wrong("tool_choice", [5], [{ type: "tool" }, "tool_choice.name"]),
  ...wrong("temperature", ["hot"]),
  ...wrong("top_p", [{}]),
  ...wrong("top_k", ["x"]),
  ...wrong("stop_sequences", [5], [[5], "stop_sequences.0"]),
  ...wrong("thinking", [5], [{ type: "enabled" }, "thinking.budget_tokens"]),
  ...wrong("metadata", [5]),
  ...wrong("output_config", [5], [{ format: 5 }, "output_config.format"]),
  ...wrong("cache_control", [5]),
];

export const wrongTypes: Record<ProtocolName, WrongType[]> = { chat, messages };

/** Requests of Chat Completions. */
import type { JsonObject } from "../../src/model/json.ts";
import { type Dialect, isObject, listOf, pages, pixels } from "./dialect.ts";

const schema = {
  type: "object",
  properties: { zqmark: { type: "string" } },
  required: ["zqmark"],
  additionalProperties: false,
};
const hello = { role: "user", content: "hello" };

const chosen = (name: string) => ({ type: "function", function: { name } });
const declared = (type: string, name: string) =>
  type === "custom"
    ? { type, custom: { name } }
    : { type: "function", function: { name, parameters: { type: "object", properties: {} } } };

export const chatDialect: Dialect = {
  name: "chat",
  history: "messages",
  sources: [{ file: "openai/resources/chat/completions/completions.d.ts", type: "ChatCompletionCreateParamsBase" }],
  leaveOut: [
    // JSON Schema is not of the protocol; the laws of schemas are tested elsewhere.
    /\.(parameters|schema)\.\[key\]$/,
    /\.allowed_tools\.tools\.\*\.\[key\]$/,
  ],
  plausible: [
    [/^\.messages$/, [{ role: "user", content: "zqmark" }], [hello]],
    [/\.image_url\.url$/, `data:image/png;base64,${pixels[1]}`, `data:image/png;base64,${pixels[0]}`],
    [/\.image_url$/, { url: `data:image/png;base64,${pixels[1]}` }, { url: `data:image/png;base64,${pixels[0]}` }],
    [/\.input_audio\.data$/, "UklGRiQAAABXQVZF", "UklGRiQAAABXQVZG"],
    [/\.file\.file_data$/, `data:application/pdf;base64,${pages[1]}`, `data:application/pdf;base64,${pages[0]}`],
    [/\.file\.filename$/, "zqmark.pdf", "alpha.pdf"],
    [
      /\{file\}\.file$/,
      { file_data: `data:application/pdf;base64,${pages[1]}` },
      { file_data: `data:application/pdf;base64,${pages[0]}` },
    ],
    [/\{file\}\.file\.\+$/, { file_data: `data:application/pdf;base64,${pages[0]}` }],
    [/\.arguments$/, '{"zq":"zqmark"}', '{"zq":"alpha"}'],
    [/\.parameters$/, schema],
    [/\.json_schema\.schema$/, schema, { type: "object", properties: {}, required: [], additionalProperties: false }],
    [/\.(function_call|tool_choice\{\w+\}(\.\w+)?)\.name$/, "zqtool", "alpha"],
    [/\.allowed_tools\.tools$/, [chosen("zqtool")], [chosen("alpha")]],
    [/\.user_location\.approximate$/, { city: "zqmark" }, { city: "alpha" }],
    [
      /\.json_schema\.\+$/,
      { schema },
      { schema: { type: "object", properties: {}, required: [], additionalProperties: false } },
    ],
    [/\.function\.\+$/, { parameters: schema }],
    [/\.logit_bias$/, { 37: 7 }],
    [/\.(temperature|top_p|presence_penalty|frequency_penalty)$/, 0.37],
    [/\.n$/, 3],
    [/\.top_logprobs$/, 7],
    [/\.modalities$/, ["text", "audio"]],
    [/\.max_(completion_)?tokens$/, 3737],
    [/\.tool_calls\*\{custom\}\.custom\.name$/, "zqmark", "alpha"],
    [/\.metadata$/, { zqkey: "zqmark" }],
    [/\.stream_options$/, { include_usage: true }],
  ],
  complete(body) {
    const [message = {}] = listOf(body.messages);
    const calls = listOf(message.tool_calls);
    const before: JsonObject[] = message.role === "user" ? [] : [hello];
    const after: JsonObject[] =
      message.role === "assistant" || message.role === "system" || message.role === "developer" ? [hello] : [];
    const call = (id: unknown) => ({ id: `${id}`, type: "function", function: { name: "alpha", arguments: "{}" } });
    if (message.role === "tool") before.push({ role: "assistant", tool_calls: [call(message.tool_call_id)] });
    if (message.role === "function")
      before.push({ role: "assistant", function_call: { name: message.name ?? "alpha", arguments: "{}" } });
    for (const { id } of calls) after.unshift({ role: "tool", tool_call_id: `${id}`, content: "done" });
    const used = message.function_call as JsonObject | undefined;
    if (used) after.unshift({ role: "function", name: used.name ?? "alpha", content: "done" });
    const choice = body.tool_choice as JsonObject | undefined;
    const own = ["alpha", "zqtool"].map((name) => declared(choice?.type as string, name));
    for (const { file } of listOf(message.content))
      if (isObject(file) && file.file_id !== undefined) delete file.file_data;
    const isChosen = choice !== undefined || body.parallel_tool_calls !== undefined;
    const formatted = body.top_logprobs === undefined ? {} : { logprobs: true };
    return {
      ...body,
      ...formatted,
      ...(body.stream_options === undefined ? {} : { stream: true }),
      messages: [...before, message, ...after],
      ...(isChosen && body.tools === undefined ? { tools: own } : {}),
      ...(body.function_call !== undefined && body.functions === undefined
        ? { functions: [{ name: "alpha" }, { name: "zqtool" }] }
        : {}),
    };
  },
};

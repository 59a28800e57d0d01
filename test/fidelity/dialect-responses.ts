/** Requests of Responses. */
import type { JsonObject } from "../../src/model/json.ts";
import { type Dialect, listOf, pages, pixels } from "./dialect.ts";

const schema = {
  type: "object",
  properties: { zqmark: { type: "string" } },
  required: ["zqmark"],
  additionalProperties: false,
};
const hello = { role: "user", content: "hello" };

/** Results by the kind of call that they answer. */
const callsOf: Record<string, JsonObject> = {
  function_call_output: { type: "function_call", name: "alpha", arguments: "{}" },
  custom_tool_call_output: { type: "custom_tool_call", name: "alpha", input: "x" },
  local_shell_call_output: {
    type: "local_shell_call",
    id: "lsh_1",
    status: "completed",
    action: { type: "exec", command: ["ls"], env: {} },
  },
  shell_call_output: { type: "shell_call", action: { commands: ["ls"] } },
  apply_patch_call_output: {
    type: "apply_patch_call",
    status: "completed",
    operation: { type: "delete_file", path: "a" },
  },
};
const resultsOf: Record<string, string> = Object.fromEntries(
  Object.entries(callsOf).map(([result, call]) => [call.type, result]),
);

function answer(item: JsonObject): JsonObject {
  const type = resultsOf[item.type as string];
  const output = type === "shell_call_output" ? [] : "done";
  return {
    type: type ?? "",
    call_id: item.call_id ?? "c",
    output,
    ...(type === "apply_patch_call_output" ? { status: "completed" } : {}),
  };
}

function toolFor(item: JsonObject): JsonObject | undefined {
  const type = item.type as string | undefined;
  if (type?.startsWith("custom_tool_call")) return { type: "custom", name: "alpha" };
  if (type?.startsWith("local_shell")) return { type: "local_shell" };
  if (type?.startsWith("shell_call")) return { type: "shell" };
  if (type?.startsWith("apply_patch")) return { type: "apply_patch" };
  return type?.startsWith("function_call") ? own : undefined;
}
const own = { type: "function", name: "alpha", parameters: { type: "object", properties: {} } };

export const responsesDialect: Dialect = {
  name: "responses",
  history: "input",
  sources: [{ file: "openai/resources/responses/responses.d.ts", type: "ResponseCreateParamsBase" }],
  leaveOut: [
    // Each kind of annotation is asked about.
    /\.annotations$/,
    // JSON Schema is not of the protocol; the laws of schemas are tested elsewhere.
    /(parameters|schema)\.\[key\]$/,
    // Whole declarations of tools, as under `tools`; what they hold is told there.
    /^input\.\*\{(tool_search_output|additional_tools)\}\.tools\.\*\{\w+\}\./,
  ],
  plausible: [
    [/^\.input$/, [{ role: "user", content: "zqmark" }], [hello]],
    [/^\.model$/, "zqmodel", "model"],
    [/\.image_url$/, `data:image/png;base64,${pixels[1]}`, `data:image/png;base64,${pixels[0]}`],
    [/\.file_data$/, `data:application/pdf;base64,${pages[1]}`, `data:application/pdf;base64,${pages[0]}`],
    [/\.detail$/, "auto"],
    [/\.file_url$/, "https://zqmark.example/a.pdf", "https://alpha.example/a.pdf"],
    [/\.filename$/, "zqmark.pdf", "alpha.pdf"],
    [/\{input_image\}\.\+$/, { image_url: `data:image/png;base64,${pixels[0]}` }],
    [/\{input_file\}\.\+$/, { file_data: `data:application/pdf;base64,${pages[0]}` }],
    [/\{function_call\}\.arguments$/, '{"zq":"zqmark"}', '{"zq":"alpha"}'],
    [/\.annotations$/, []],
    [/\.(parameters|schema)$/, schema, { type: "object", properties: {}, additionalProperties: false }],
    [/\.env$/, { ZQ: "zqmark" }, { ZQ: "alpha" }],
    [/\{item_reference\}\.\+$/, { type: "item_reference" }],
    [/\.reasoning\.\+$/, { effort: "low" }],
    [/\.tool_choice\{\w+\}\.name$/, "zqtool", "alpha"],
    [
      /\.tool_choice\{allowed_tools\}\.tools$/,
      [{ type: "function", name: "zqtool" }],
      [{ type: "function", name: "alpha" }],
    ],
    [/\.(temperature|top_p)$/, 0.37],
    [/\.top_logprobs$/, 7],
    [/\.max_output_tokens$/, 3737],
    [/\.metadata$/, { zqkey: "zqmark" }],
    [/\.reasoning$/, { effort: "low" }],
    [/^\.text$/, { verbosity: "low" }],
    [/\{(reasoning)\}\.encrypted_content$/, "enFtYXJr"],
    [/\{function_call_output\}\.\+$/, { call_id: "c" }],
  ],
  complete(body) {
    const [item = {}] = listOf(body.input);
    const type = item.type as string;
    const before: JsonObject[] = item.role === "user" && type !== "additional_tools" ? [] : [hello];
    const call = callsOf[type];
    if (call) before.push({ ...call, call_id: item.call_id ?? "c" });
    const after: JsonObject[] = resultsOf[type] ? [answer(item)] : [];
    if (item.role !== "user" && !call && !resultsOf[type]) after.push(hello);
    for (const part of [...listOf(item.content), ...listOf(item.output)]) {
      if (part.file_id === undefined && part.file_url === undefined) continue;
      delete part.file_data;
      if (part.file_id !== undefined) delete part.image_url;
    }
    const tool = toolFor(item);
    const choice = body.tool_choice as JsonObject | undefined;
    const named = (name: string) => (choice?.type === "custom" ? { type: "custom", name } : { ...own, name });
    const isChosen = choice !== undefined || body.parallel_tool_calls !== undefined;
    const tools = tool ? [tool] : isChosen ? [named("alpha"), named("zqtool")] : undefined;
    return {
      model: "m",
      ...body,
      ...(body.top_logprobs === undefined ? {} : { include: ["message.output_text.logprobs"] }),
      ...(body.stream_options === undefined ? {} : { stream: true }),
      input: item.type === undefined && item.role === undefined ? [hello] : [...before, item, ...after],
      ...(tools && body.tools === undefined ? { tools } : {}),
    };
  },
};

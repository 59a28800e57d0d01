/** Requests of Messages. */
import type { JsonObject } from "../../src/model/json.ts";
import { type Dialect, listOf, pages, pixels } from "./dialect.ts";

const schema = {
  type: "object",
  properties: { zqmark: { type: "string" } },
  required: ["zqmark"],
  additionalProperties: false,
};

const wrongSides = [
  // Blocks that the types allow on both sides, and the API on one.
  /^messages\.\*\{user\}\.content\.\*\{(thinking|redacted_thinking|tool_use|server_tool_use|mcp_tool_use|(?!tool_result|mcp_)\w+_tool_result|mcp_tool_result|fallback|compaction)\}/,
  /^messages\.\*\{assistant\}\.content\.\*\{(tool_result|image|document|search_result|container_upload)\}/,
  /^messages\.\*\{(user|assistant)\}\.content\.\*\{(tool_addition|tool_removal)\}/,
  // Citations belong to what the model wrote.
  /^(messages\.\*\{(user|system)\}.*|system\.\*|.*\{(tool_result|document|search_result)\}.*)(\{text\}|content\.\*|^system\.\*)\.citations/,
  /^system\.\*\.citations/,
];

export const messagesDialect: Dialect = {
  name: "messages",
  history: "messages",
  sources: [
    { file: "@anthropic-ai/sdk/resources/beta/messages/messages.d.ts", type: "MessageCreateParamsBase" },
    { file: "@anthropic-ai/sdk/resources/messages/messages.d.ts", type: "MessageCreateParamsBase" },
  ],
  leaveOut: [
    ...wrongSides,
    // JSON Schema is not of the protocol; the laws of schemas are tested elsewhere.
    /\.(input_schema|schema)\.(\[key\]|required|properties|type)$/,
    // Sent as headers.
    /^(betas|user_profile_id|workspace_id)$/,
    // The union of both roles, which stand apart as well.
    /^messages\.\*\{MessageParam\}/,
    // Whole declarations of tools, as under `tools`; what they hold is told there.
    /^messages.*\{(tool_addition|compaction)\}.*\.(tool|tools\.\*)(\{\w+\})?\./,
  ],
  plausible: [
    [/^\.model/, "zqmodel", "model"],
    [/\.citations$/, { enabled: true }],
    [/\.metadata$/, { user_id: "zqmark" }],
    [/\.output_config$/, { effort: "low" }],
    [/^\.max_tokens$/, 3000, 2000],
    [/^\.messages$/, [{ role: "user", content: "zqmark" }], [{ role: "user", content: "hello" }]],
    [
      /\{assistant\}.*\{text\}\.citations$/,
      [
        {
          type: "char_location",
          cited_text: "zqmark",
          document_index: 0,
          document_title: "t",
          start_char_index: 0,
          end_char_index: 1,
        },
      ],
    ],
    [/\{compaction\}\.content$/, "zqmark", "alpha"],
    [/\.content$/, [{ type: "text", text: "zqmark" }], [{ type: "text", text: "alpha" }]],
    [/\{(image|base64)\}.*\.media_type$/, "image/png"],
    [/\.media_type=/, "image/png"],
    [/\{image\}\.source(\{base64\})?\.data$/, pixels[1], pixels[0]],
    [/\{document\}\.source(\{base64\})?\.data$/, pages[1], pages[0]],
    [/\.url$/, "https://zqmark.example/a.png", "https://alpha.example/a.png"],
    [/\.(temperature|top_p)$/, 0.37],
    [/\.thinking\{enabled\}\.budget_tokens$/, 1537, 1024],
    [/\.input_schema$/, schema, { type: "object", properties: {}, additionalProperties: false }],
    [/output_(config\.)?format\.schema$/, schema, { type: "object" }],
    [/\.tool_choice(\{tool\})?\.name$/, "zqtool", "alpha"],
    [/\*\{system\}\.\+$/, { content: [{ type: "text", text: "alpha" }] }],
    [/\{compaction\}\.\+$/, { content: "alpha" }],
  ],
  complete(body) {
    const [message = {}] = listOf(body.messages);
    const blocks = listOf(message.content);
    const used = blocks.filter((block) => block.type === "tool_use");
    const results = blocks.filter((block) => block.type === "tool_result");
    const hello = { role: "user", content: "hello" };
    const before: JsonObject[] = [];
    if (message.role !== "user") before.push(hello);
    if (results.length > 0) {
      const calls = results.map(({ tool_use_id: id }) => ({
        type: "tool_use",
        id: id ?? "x",
        name: "alpha",
        input: {},
      }));
      before.push(hello, { role: "assistant", content: calls });
    }
    const after: JsonObject[] = [];
    if (message.role === "assistant") {
      const answers = used.map(({ id }) => ({ type: "tool_result", tool_use_id: id ?? "x", content: "done" }));
      after.push(used.length > 0 ? { role: "user", content: answers } : { role: "user", content: "go on" });
    }
    const needsTools = used.length + results.length > 0 || body.tool_choice !== undefined;
    const tools = ["alpha", "zqtool"].map((name) => ({ name, input_schema: { type: "object", properties: {} } }));
    return {
      ...body,
      messages: [...before, message, ...after],
      ...(needsTools && body.tools === undefined ? { tools } : {}),
    };
  },
};

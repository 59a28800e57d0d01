/** Streams of Responses: each event as if it alone said what it says, without the others that repeat it. */
import type { Json, JsonObject } from "../../src/model/json.ts";
import { isObject, modules, pages, pixels } from "./dialect.ts";
import { eventOf, type StreamDialect } from "./stream-dialect.ts";

const response = { id: "resp_1", object: "response", created_at: 5, model: "m", status: "in_progress", output: [] };
const created = { type: "response.created", response };
const completed = {
  type: "response.completed",
  response: {
    ...{ ...response, status: "completed" },
    usage: { input_tokens: 1000, output_tokens: 1000, total_tokens: 2000 },
  },
};
const spoken = (text: string) => ({
  ...{ type: "message", id: "msg_2", role: "assistant", status: "completed" },
  content: [{ type: "output_text", text, annotations: [] }],
});
const beside = spoken("beside");

/** The item in which each event stands, by the beginning of the event's name. */
const items: Record<string, JsonObject> = {
  output_text: { type: "message", role: "assistant", content: [] },
  content_part: { type: "message", role: "assistant", content: [] },
  refusal: { type: "message", role: "assistant", content: [] },
  reasoning: { type: "reasoning", summary: [] },
  function_call: { type: "function_call", call_id: "call_1", name: "alpha", arguments: "" },
  custom_tool_call: { type: "custom_tool_call", call_id: "call_1", name: "alpha", input: "" },
  shell_call_command: { type: "shell_call", call_id: "call_1", action: { commands: [] } },
  shell_call_output: { type: "shell_call_output", call_id: "call_1", output: [] },
  code_interpreter_call: { type: "code_interpreter_call", container_id: "c", code: "", outputs: [] },
  compaction: { type: "compaction", encrypted_content: "" },
  file_search_call: { type: "file_search_call", queries: [] },
  web_search_call: { type: "web_search_call", action: { type: "search", query: "alpha" } },
  image_generation_call: { type: "image_generation_call", result: null },
  mcp_call: { type: "mcp_call", name: "alpha", server_label: "alpha", arguments: "" },
  mcp_list_tools: { type: "mcp_list_tools", server_label: "alpha", tools: [] },
};

const opening = new Set(["response.created", "response.queued", "response.in_progress"]);
const closing = new Set(["response.completed", "response.incomplete", "response.failed", "error"]);

/** Without an event: the stream in which `other` would have stood. */
function frames({ event }: JsonObject, { event: other }: JsonObject): Json[] {
  const last = { type: "response.output_item.done", output_index: 1, item: beside };
  const about = isObject(event) ? event : isObject(other) ? other : {};
  const type = String(about.type);
  if (isObject(about.response)) complete(about.response, type.slice("response.".length));
  if (opening.has(type)) return [event ?? created, last, completed];
  if (closing.has(type)) return [created, last, event ?? completed];
  const isThought = isObject(about.part) && about.part.type === "reasoning_text";
  const kind = isThought ? "reasoning" : Object.keys(items).find((start) => type.startsWith(`response.${start}`));
  const item = { ...(kind ? items[kind] : {}), id: "item_1", status: "in_progress" };
  const place = { output_index: 0, item_id: "item_1", content_index: 0, summary_index: 0 };
  const added = kind ? [{ type: "response.output_item.added", ...place, item }] : [];
  // What a source is said of.
  const said = about.annotation ? [{ type: "response.output_text.delta", ...place, delta: "alpha text" }] : [];
  const asked = isObject(event) ? [{ ...event, ...place }] : [];
  return [created, ...added, ...said, ...asked, last, completed];
}

/** Says of itself what its event says of it. */
function complete(body: JsonObject, status: string): void {
  body.status ??= status === "created" ? "in_progress" : status;
  if (status === "incomplete") body.incomplete_details ??= { reason: "max_output_tokens" };
  if (status === "failed") body.error ??= { code: "server_error", message: "alpha" };
}

export const responsesStreams: StreamDialect = {
  name: "responses",
  history: "event",
  kindsAlone: /^event\{[^}]+\}(\.(item|part|annotation)\{\w+\})?$/,
  sources: [],
  root: () => eventOf(`${modules}/openai/resources/responses/responses.d.ts`, "ResponseStreamEvent"),
  leaveOut: [
    // Which item and part it is about, and when; told apart by these only.
    /\.(sequence_number|output_index|content_index|summary_index|annotation_index|command_index|partial_image_index|item_id)$/,
    // What items, parts and whole answers hold is told under whole answers.
    /\.item\{\w+\}\./,
    /\.part(\{\w+\})?\./,
    /\.response\.(output|output_text|tools|instructions)(\.|\{|$)/,
    /\.response\.tool_choice\{/,
    // What only some events say; the status says which event it is.
    /\{response\.(?!failed)\w+\}\.response\.error/,
    /\{response\.(?!incomplete)\w+\}\.response\.incomplete_details/,
    /\{response\.(created|queued|in_progress)\}\.response\.usage/,
    /\.response\.status$/,
    /\.response\.text\./,
  ],
  plausible: [
    [
      /^\.event$/,
      { type: "response.output_item.done", item: spoken("zqmark") },
      { type: "response.output_item.done", item: spoken("alpha") },
    ],
    [/\.response\.(error|incomplete_details|instructions|metadata|tool_choice|tools|temperature|top_p)$/, null],
    [/\.response\.(prompt|moderation)$/, null],
    [/\.response\.output$/, []],
    [/\.response\.usage$/, { input_tokens: 1000, output_tokens: 1000, total_tokens: 2000 }],
    [/\.(input_tokens|output_tokens|total_tokens)$/, 1037, 1000],
    [/\.(annotations|logprobs)$/, []],
    [/arguments\.(delta|done)\}\.(delta|arguments)$/, '{"zq":"zqmark"}', '{"zq":"alpha"}'],
    [/\.arguments$/, '{"zq":"zqmark"}', '{"zq":"alpha"}'],
    [/\.image_url$/, `data:image/png;base64,${pixels[1]}`, `data:image/png;base64,${pixels[0]}`],
    [/\.file_data$/, `data:application/pdf;base64,${pages[1]}`, `data:application/pdf;base64,${pages[0]}`],
    [/\.(b64_json|partial_image_b64|result)$/, pixels[1], pixels[0]],
    [
      /\.annotation$/,
      { type: "url_citation", url: "https://zqmark.example", title: "zqmark", start_index: 0, end_index: 0 },
    ],
  ],
  complete: (body) => body,
  frames,
};

/** All fields of the events of a protocol's streams, and what of each reaches a client of another protocol. */
import { translateStream } from "../../src/gateway/translate.ts";
import type { Json, JsonObject } from "../../src/model/json.ts";
import type { Fate } from "../../src/protocols/fates/fate.ts";
import { isObject, listOf, modules } from "./dialect.ts";
import { type Name, protocolOf } from "./dialects.ts";
import { bodiesFor, marksOf, type Question, questionsOf } from "./fields.ts";
import { eventOf, type StreamDialect } from "./stream-dialect.ts";
import { geminiStreams } from "./streams-gemini.ts";
import { responsesStreams } from "./streams-responses.ts";

const messageTypes = `${modules}/@anthropic-ai/sdk/resources/beta/messages/messages.d.ts`;
const chatTypes = `${modules}/openai/resources/chat/completions/completions.d.ts`;

const start = {
  ...{
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [],
    stop_reason: null,
    stop_sequence: null,
  },
  usage: { input_tokens: 1000, output_tokens: 1 },
};
const text = { type: "text", text: "" };
/** The block in which each kind of delta stands. */
const blocks: Record<string, JsonObject> = {
  input_json_delta: { type: "tool_use", id: "toolu_1", name: "alpha", input: {} },
  thinking_delta: { type: "thinking", thinking: "", signature: "" },
  signature_delta: { type: "thinking", thinking: "", signature: "" },
  compaction_delta: { type: "compaction", content: null },
};

function messageFrames({ event }: JsonObject): Json[] {
  if (!isObject(event)) return [];
  const stop = isObject(event.delta) ? event.delta : {};
  // Said only beside the reason that they belong to.
  if (isObject(stop.stop_details)) stop.stop_reason = "refusal";
  if (typeof stop.stop_sequence === "string") stop.stop_reason = "stop_sequence";
  const begun = event.type === "message_start" ? event : { type: "message_start", message: start };
  const kind = isObject(event.delta) ? String(event.delta.type) : "";
  const isCalling = stop.stop_reason === "tool_use";
  const first = isCalling ? blocks.input_json_delta : blocks[kind];
  const block = { type: "content_block_start", index: 0, content_block: first ?? text };
  const opened = event.type === "content_block_start" ? { ...event, index: 0 } : block;
  const delta = event.type === "content_block_delta" ? [{ ...event, index: 0 }] : [];
  const beside = [
    { type: "content_block_start", index: 1, content_block: text },
    { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "beside" } },
    { type: "content_block_stop", index: 1 },
  ];
  const ended = {
    type: "message_delta",
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: 1000 },
  };
  const last = event.type === "message_delta" ? event : ended;
  return [begun, opened, ...delta, { type: "content_block_stop", index: 0 }, ...beside, last, { type: "message_stop" }];
}

function chatFrames({ event }: JsonObject): Json[] {
  if (!isObject(event)) return [];
  const head = { id: "c", object: "chat.completion.chunk", created: 5, model: "m" };
  for (const { delta } of listOf(event.choices)) {
    for (const call of isObject(delta) ? listOf(delta.tool_calls) : []) {
      if (!isObject(call.custom)) continue;
      call.type = "custom";
      delete call.function;
      call.custom.name ??= "alpha";
    }
  }
  const isEnded = listOf(event.choices).some((choice) => typeof choice.finish_reason === "string");
  const ended = { ...head, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
  return [event, ...(isEnded ? [] : [ended])];
}

const unchanged = (body: JsonObject) => body;

const dialects: Record<Name, StreamDialect> = {
  responses: responsesStreams,
  gemini: geminiStreams,
  messages: {
    name: "messages",
    history: "event",
    sources: [],
    root: () => eventOf(messageTypes, "BetaRawMessageStreamEvent"),
    leaveOut: [
      // Blocks that begin: their kinds and what they hold are told under whole answers.
      /^event\{content_block_start\}\.content_block/,
      // Positions are made anew, and events that only end something say nothing else.
      /^event\{\w+\}\.index$/,
      /^event\{(message_stop|content_block_stop)\}/,
      /^event\{message_start\}\.message\.(content|stop_reason|stop_sequence|stop_details)/,
    ],
    plausible: [
      [/\.message\.content$/, []],
      [/\.(container|context_management|diagnostics|stop_details|stop_sequence|stop_reason)$/, null],
      [/\{message_delta\}\.delta\.stop_reason$/, "end_turn"],
      [/\.partial_json$/, '{"zq":"zqmark"}', '{"zq":"alpha"}'],
      [/\.citations$/, null],
      [/\.usage\.(input_tokens|output_tokens)$/, 1037, 1000],
      [/\.usage\.(?!cache_creation_input|cache_read_input)\w+$/, null],
    ],
    complete: unchanged,
    frames: messageFrames,
  },
  chat: {
    name: "chat",
    history: "event",
    sources: [],
    root: () => eventOf(chatTypes, "ChatCompletionChunk"),
    // Says which of two members stands there.
    leaveOut: [/\.tool_calls\.\*\.type$/],
    plausible: [
      [/\.tool_calls$/, [{ index: 0, id: "call_1", type: "function", function: { name: "zqmark", arguments: "{}" } }]],
      [
        /\.choices$/,
        [{ index: 0, delta: { content: "zqmark" }, finish_reason: null }],
        [{ index: 0, delta: { content: "alpha" }, finish_reason: null }],
      ],
      [/\.choices\*\.finish_reason$/, null],
      [/\.choices\*\.index$/, 0],
      [/\.logprobs$/, null],
      [/\.tool_calls\*\.index$/, 0],
      [/\.tool_calls\*\.\+$/, { id: "call_1", type: "function", function: { name: "alpha", arguments: "{}" } }],
      [/\.tool_calls\*\.function\.\+$/, { name: "alpha", arguments: "{}" }],
      [/\.tool_calls\*\.function\.arguments$/, '{"zq":"zqmark"}'],
      [/\.tool_calls\*\.function$/, { name: "zqmark", arguments: "{}" }],
      [/\.function_call\.\+$/, { name: "alpha", arguments: "{}" }],
      [/\.function_call\.arguments$/, '{"zq":"zqmark"}'],
      [/\.usage$/, { prompt_tokens: 1000, completion_tokens: 1000, total_tokens: 2000 }],
      [/\.(prompt_tokens|completion_tokens|total_tokens)$/, 1037, 1000],
    ],
    complete: unchanged,
    frames: chatFrames,
  },
};

export function streamQuestions(provider: Name): Question[] {
  return questionsOf(dialects[provider]);
}

/** `implied`: it is what an ordinary stream says, with which the others are compared. */
export function streamFate(provider: Name, client: Name, question: Question): Fate {
  const dialect = dialects[provider];
  const { plain, marked } = bodiesFor(dialect, question);
  const bare = dialect.kindsAlone?.test(question.path) ? {} : plain.body;
  const told = (body: JsonObject, other: JsonObject) => {
    const written = dialect.frames(body, other).map((frame) => frameText(provider, frame));
    return translateStream({ from: protocolOf(provider), to: protocolOf(client) }, written.join("")).text;
  };
  const [before, after] = [told(bare, marked.body), told(marked.body, bare)];
  if (JSON.stringify(bare) === JSON.stringify(marked.body)) return "implied";
  if (before === after) return "dropped";
  const holds = marksOf(question, bare, marked.body).some(
    (mark) => after.split(String(mark)).length > before.split(String(mark)).length,
  );
  return holds ? "carried" : "mapped";
}

function frameText(provider: Name, frame: Json): string {
  const name = provider === "messages" && isObject(frame) ? `event: ${frame.type}\n` : "";
  return `${name}data: ${JSON.stringify(frame)}\n\n`;
}

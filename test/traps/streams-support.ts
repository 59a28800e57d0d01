/** Conversations with imagined providers through the whole pipeline, told in the words of each wire format. */
import { type Frame, readFrame } from "../../src/kit/sse.ts";
import type { ChatRequest } from "../../src/model/chat.ts";
import type { Json, JsonObject } from "../../src/model/json.ts";
import { Notes } from "../../src/model/note.ts";
import type { RequestRecord } from "../../src/model/record.ts";
import { type Capabilities, defaultCapabilities, type TargetFacts } from "../../src/model/target.ts";
import { protocols } from "../../src/protocols/index.ts";
import type { Protocol } from "../../src/protocols/protocol.ts";
import { ask, type Failure } from "../recordings/clients.ts";
import { type DoorOptions, openDoor, type ProtocolName, pathOf, type Sent, secret } from "../recordings/door.ts";
import { opener, type View, viewOf } from "../recordings/view.ts";

/** What nobody has described: answers and bodies are looked into from the outside. */
// biome-ignore lint/suspicious/noExplicitAny: the bytes of foreign wire formats
export type Loose = any;

export interface Told {
  status: number;
  headers: Headers;
  text: string;
  /** Of a whole answer. */
  json: Loose;
  /** Of a stream, heartbeats left out. */
  frames: Frame[];
  /** The payloads of the frames that are JSON. */
  chunks: Loose[];
}

export interface Asking {
  body: JsonObject;
  stream?: boolean;
  model?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Replaces the usual path. */
  path?: string;
}

export interface Session {
  ask(client: ProtocolName, asking: Asking): Promise<Told>;
  /** An official SDK asks a plain question. */
  sdk(client: ProtocolName, stream?: boolean): Promise<View | Failure>;
  /** Bodies that providers were sent, in order. */
  bodies(): Loose[];
  readonly sent: Sent[];
  /** What the gateway kept of each exchange. */
  readonly records: RequestRecord[];
  close(): void;
}

export function openSession(options: DoorOptions): Session {
  const door = openDoor(options);
  return {
    sent: door.sent,
    records: door.records,
    bodies: () => door.sent.map(({ body }) => JSON.parse(body) as Loose),
    close: door.close,
    ask: async (client, { body, stream = false, model = "model", headers = {}, path, signal }) => {
      const named = client === "gemini" ? body : { model, ...body, ...(stream ? { stream } : {}) };
      const response = await door.fetch(`http://localhost${path ?? pathOf(client, model, stream)}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${secret}`, ...headers },
        body: JSON.stringify(named),
        ...(signal ? { signal } : {}),
      });
      return told(response);
    },
    sdk: async (client, stream = true) => {
      const outcome = await ask(client, door.fetch, { model: "model", stream });
      return outcome.kind === "error" ? outcome : viewOf(outcome, opener(door));
    },
  };
}

async function told(response: Response): Promise<Told> {
  const text = await response.text();
  const { status, headers } = response;
  if (!headers.get("content-type")?.includes("event-stream")) {
    return { status, headers, text, json: JSON.parse(text || "null"), frames: [], chunks: [] };
  }
  const frames = text.split(/\r?\n\r?\n/).flatMap((raw) => readFrame(raw) ?? []);
  const chunks = frames.flatMap(({ data }) => (data.startsWith("{") ? [JSON.parse(data) as Loose] : []));
  return { status, headers, text, json: undefined, frames, chunks };
}

/** One question of a client to one provider. */
export async function exchange(
  client: ProtocolName,
  options: DoorOptions,
  asking: Asking,
): Promise<Told & { sent: Loose; call: Sent }> {
  const session = openSession(options);
  const answer = await session.ask(client, asking);
  session.close();
  return { ...answer, sent: session.bodies().at(-1), call: session.sent.at(-1) as Sent };
}

/** A view of what an official SDK makes of an answer. Throws when it is an error. */
export async function heard(client: ProtocolName, options: DoorOptions, stream = true): Promise<View> {
  const outcome = await refused(client, options, stream);
  if ("kind" in outcome) throw new Error(`${outcome.name}: ${outcome.message}`);
  return outcome;
}

export async function refused(client: ProtocolName, options: DoorOptions, stream = true): Promise<View | Failure> {
  const session = openSession(options);
  const outcome = await session.sdk(client, stream);
  session.close();
  return outcome;
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

export const events = (text: string | ReadableStream) =>
  new Response(text, { headers: { "content-type": "text/event-stream" } });

const chatHead = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 5, model: "theirs" };

export function chunk(delta: object, finish: string | null = null, more: object = {}): object {
  return { ...chatHead, choices: [{ index: 0, delta, finish_reason: finish }], ...more };
}

/** A Chat stream: objects are frames, texts stand as they are. */
export function chatStream(...frames: (object | string)[]): Response {
  return events(chatText(...frames));
}

export function chatText(...frames: (object | string)[]): string {
  const all = [...frames, "data: [DONE]\n\n"];
  return all.map((one) => (typeof one === "string" ? one : `data: ${JSON.stringify(one)}\n\n`)).join("");
}

export function chatWhole(message: object, finish = "stop", more: object = {}): Response {
  const choices = [{ index: 0, message: { role: "assistant", ...message }, finish_reason: finish }];
  return json({ ...chatHead, object: "chat.completion", choices, ...more });
}

export function callOf(id: string, name: string, args = "{}"): Loose {
  return { id, type: "function", function: { name, arguments: args } };
}

const named = (frames: Loose[]) =>
  frames.map((json) => `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`).join("");

export interface MessagesAnswer {
  stop?: string;
  usage?: object;
}

/** A Messages answer of whole blocks; deltas of a stream are one piece each. */
export function messagesAnswer(blocks: Loose[], stream: boolean, more: MessagesAnswer = {}): Response {
  return stream ? events(messagesText(blocks, more)) : messagesWhole(blocks, more);
}

const messageHead = { id: "msg_1", type: "message", role: "assistant", model: "theirs" };
const counted = { input_tokens: 7, output_tokens: 5 };

function messagesWhole(content: Loose[], { stop = "end_turn", usage = counted }: MessagesAnswer): Response {
  return json({ ...messageHead, content, stop_reason: stop, stop_sequence: null, usage });
}

export function messagesText(blocks: Loose[], { stop = "end_turn", usage = counted }: MessagesAnswer = {}): string {
  const empty = { ...messageHead, content: [], stop_reason: null, stop_sequence: null };
  const frames: Loose[] = [{ type: "message_start", message: { ...empty, usage: { ...usage, output_tokens: 1 } } }];
  blocks.forEach((block, index) => {
    const { start, deltas } = blockStream(block);
    frames.push({ type: "content_block_start", index, content_block: start });
    for (const delta of deltas) frames.push({ type: "content_block_delta", index, delta });
    frames.push({ type: "content_block_stop", index });
  });
  frames.push({ type: "message_delta", delta: { stop_reason: stop, stop_sequence: null }, usage });
  frames.push({ type: "message_stop" });
  return named(frames);
}

function blockStream(block: Loose): { start: Loose; deltas: Loose[] } {
  if (block.type === "text") {
    return { start: { ...block, text: "" }, deltas: [{ type: "text_delta", text: block.text }] };
  }
  if (block.type === "thinking") {
    const shown = block.thinking === "" ? [] : [{ type: "thinking_delta", thinking: block.thinking }];
    const signed = { type: "signature_delta", signature: block.signature };
    return { start: { type: "thinking", thinking: "", signature: "" }, deltas: [...shown, signed] };
  }
  if (block.type !== "tool_use") return { start: block, deltas: [] };
  const partial_json = JSON.stringify(block.input);
  return { start: { ...block, input: {} }, deltas: [{ type: "input_json_delta", partial_json }] };
}

const responseHead = { id: "resp_1", object: "response", created_at: 5, model: "theirs", error: null, tools: [] };

export interface ResponsesAnswer {
  status?: string;
  usage?: object;
  more?: object;
}

export function responsesWhole(output: Loose[], { status = "completed", usage, more = {} }: ResponsesAnswer = {}) {
  return json({ ...responseHead, status, output, ...(usage ? { usage } : {}), ...more });
}

/** A Responses stream in which every item is told as done, without deltas. */
export function responsesStream(output: Loose[], { usage, more = {} }: ResponsesAnswer = {}): Response {
  const begun = { ...responseHead, status: "in_progress", output: [] };
  const done = { ...responseHead, status: "completed", output, ...(usage ? { usage } : {}), ...more };
  return responsesEvents([
    { type: "response.created", response: begun },
    ...output.flatMap((item, output_index) => itemEvents(item, output_index)),
    { type: "response.completed", response: done },
  ]);
}

export function responsesEvents(list: Loose[]): Response {
  return events(named(list.map((one, sequence_number) => ({ ...one, sequence_number }))));
}

function itemEvents(item: Loose, output_index: number): Loose[] {
  return [
    { type: "response.output_item.added", output_index, item: { ...item, status: "in_progress" } },
    { type: "response.output_item.done", output_index, item },
  ];
}

export const spoken = (text: string, more: object = {}): Loose => ({
  ...{ type: "message", id: "msg_1", role: "assistant", status: "completed" },
  content: [{ type: "output_text", text, annotations: [], logprobs: [], ...more }],
});

const geminiHead = { modelVersion: "theirs", responseId: "r1" };

export function geminiChunk(parts: Loose[], more: object = {}, top: object = {}): Loose {
  return { candidates: [{ content: { role: "model", parts }, index: 0, ...more }], ...top, ...geminiHead };
}

export function geminiStream(...chunks: Loose[]): Response {
  return events(chunks.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join(""));
}

/** What a client of each protocol would send back of an answer, as the assistant's turn. */
export function assistantTurn(client: ProtocolName, answer: Told): Loose {
  switch (client) {
    case "chat":
      return answer.json?.choices[0].message ?? chatMessage(answer.chunks);
    case "messages":
      return { role: "assistant", content: answer.json?.content ?? messageBlocks(answer.chunks) };
    case "responses":
      return answer.json?.output ?? answer.chunks.at(-1).response.output;
    case "gemini":
      return { role: "model", parts: (answer.json ? [answer.json] : answer.chunks).flatMap(partsOf) };
  }
}

function partsOf(one: Loose): Loose[] {
  return one.candidates?.[0]?.content?.parts ?? [];
}

function chatMessage(chunks: Loose[]): Loose {
  const message: Loose = { role: "assistant", content: "" };
  for (const { delta } of chunks.flatMap((one) => one.choices)) {
    message.content += delta.content ?? "";
    if (delta.reasoning_content)
      message.reasoning_content = (message.reasoning_content ?? "") + delta.reasoning_content;
    if (delta.reasoning_details) {
      message.reasoning_details = [...(message.reasoning_details ?? []), ...delta.reasoning_details];
    }
    for (const { index, ...call } of delta.tool_calls ?? []) {
      message.tool_calls ??= [];
      const before = message.tool_calls[index];
      if (before) before.function.arguments += call.function?.arguments ?? "";
      message.tool_calls[index] = before ? { ...call, ...before } : structuredClone(call);
    }
  }
  return message;
}

export function messageBlocks(chunks: Loose[]): Loose[] {
  const blocks: Loose[] = [];
  for (const one of chunks) {
    if (one.type === "content_block_start") blocks[one.index] = structuredClone(one.content_block);
    if (one.type !== "content_block_delta") continue;
    const block = blocks[one.index];
    const { type, text, thinking, signature, partial_json } = one.delta;
    if (type === "text_delta") block.text += text;
    if (type === "thinking_delta") block.thinking += thinking;
    if (type === "signature_delta") block.signature = signature;
    if (type === "input_json_delta") block.json = (block.json ?? "") + partial_json;
  }
  return blocks.map(({ json: args, ...block }) => (args === undefined ? block : { ...block, input: JSON.parse(args) }));
}

/** The next question after an answer: its calls are answered with `result`, or the user says more. */
export function followUp(client: ProtocolName, answer: Told, tools = false): JsonObject {
  const said = assistantTurn(client, answer);
  switch (client) {
    case "chat": {
      const results = (said.tool_calls ?? []).map(({ id }: Loose) => ({
        role: "tool",
        tool_call_id: id,
        content: "ok",
      }));
      return { messages: [user, said, ...(results.length > 0 ? results : [more])], ...toolsOf(client, tools) };
    }
    case "messages": {
      const calls = said.content.filter(({ type }: Loose) => type === "tool_use");
      const content = calls.map(({ id }: Loose) => ({ type: "tool_result", tool_use_id: id, content: "ok" }));
      const next = calls.length > 0 ? { role: "user", content } : more;
      return { max_tokens: 4096, messages: [user, said, next], ...toolsOf(client, tools) };
    }
    case "responses": {
      const calls = said.filter(({ type }: Loose) => type === "function_call");
      const results = calls.map(({ call_id }: Loose) => ({ type: "function_call_output", call_id, output: "ok" }));
      return { input: [user, ...said, ...(calls.length > 0 ? results : [more])], ...toolsOf(client, tools) };
    }
    case "gemini": {
      const calls = said.parts.filter((part: Loose) => part.functionCall);
      const parts = calls.map(({ functionCall: { id, name } }: Loose) => ({
        functionResponse: { ...(id ? { id } : {}), name, response: { output: "ok" } },
      }));
      const next = { role: "user", parts: calls.length > 0 ? parts : [{ text: "and?" }] };
      return { contents: [{ role: "user", parts: [{ text: "q" }] }, said, next], ...toolsOf(client, tools) };
    }
  }
}

const user = { role: "user", content: "q" };
const more = { role: "user", content: "and?" };
const schema: JsonObject = { type: "object", properties: { city: { type: "string" } } };

/** The tool `look` in each protocol's words. */
export function toolsOf(client: ProtocolName, wanted = true): JsonObject {
  if (!wanted) return {};
  const tool: JsonObject = { name: "look", description: "looks" };
  switch (client) {
    case "chat":
      return { tools: [{ type: "function", function: { ...tool, parameters: schema } }] };
    case "messages":
      return { tools: [{ ...tool, input_schema: schema }] };
    case "responses":
      return { tools: [{ type: "function", ...tool, parameters: schema, strict: false }] };
    case "gemini":
      return { tools: [{ functionDeclarations: [{ ...tool, parametersJsonSchema: schema }] }] };
  }
}

/** The first question of a client. */
export function question(client: ProtocolName, tools = false): JsonObject {
  const own = toolsOf(client, tools);
  if (client === "gemini") return { contents: [{ role: "user", parts: [{ text: "q" }] }], ...own };
  if (client === "responses") return { input: [user], ...own };
  return { messages: [user], ...(client === "messages" ? { max_tokens: 4096 } : {}), ...own };
}

export function wire(name: ProtocolName): Protocol {
  const found = protocols.find((one) => one.name === name);
  if (!found) throw new Error(`no protocol ${name}`);
  return found;
}

export interface Rendered {
  body: Loose;
  request: ChatRequest;
  degraded: string[];
}

export interface Rendering {
  can?: Partial<Capabilities>;
  facts?: Partial<TargetFacts>;
}

/** A client's body as a provider would get it, without anything around. */
export function render(
  [from, to]: readonly [ProtocolName, ProtocolName],
  body: JsonObject,
  { can = {}, facts = {} }: Rendering = {},
): Rendered {
  const notes = new Notes();
  const place = { path: "/v1beta/models/model:generateContent", query: new URLSearchParams() };
  const request = wire(from).parseRequest(structuredClone({ model: "model", ...body }) as JsonObject, notes, place);
  const target = { provider: "p", model: "m", scope: "p", ...facts, can: { ...defaultCapabilities, ...can } };
  const built = wire(to).buildRequest(request, target, notes);
  return { body: built.body as Loose, request, degraded: notes.list.map(({ action, field }) => `${action} ${field}`) };
}

export const jsonText = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

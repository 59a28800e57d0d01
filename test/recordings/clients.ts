/** The official SDKs as clients: what each ends up with, a final object or an error. */
import Anthropic from "@anthropic-ai/sdk";
import type { Message } from "@anthropic-ai/sdk/resources/messages";
import OpenAI from "openai";
import type { ChatCompletion, ChatCompletionChunk } from "openai/resources/chat/completions";
import type { Response as Responded, ResponseOutputItem } from "openai/resources/responses/responses";
import { askGoogle, type GoogleOutcome, googleFailure } from "./clients-google.ts";
import { type ProtocolName, secret } from "./door.ts";

export type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface Failure {
  kind: "error";
  /** Name of the SDK's class. */
  name: string;
  status: number | undefined;
  /** `error.type` as the SDK tells it. */
  type: string | undefined;
  message: string;
  /** The server's own sentence. */
  words: string;
}
export type Outcome =
  | { kind: "chat"; final: ChatCompletion; chunks: ChatCompletionChunk[] }
  | { kind: "messages"; final: Message }
  /** `items` are those that the stream told as done. */
  | { kind: "responses"; final: Responded; items: ResponseOutputItem[] }
  | GoogleOutcome
  | Failure;

export type Answered = Exclude<Outcome, Failure>;

export interface Question {
  model: string;
  stream: boolean;
}

export function ask(protocol: ProtocolName, fetch: Fetch, question: Question): Promise<Outcome> {
  return asks[protocol](fetch, question).catch(failure);
}

const asks = { chat: askChat, messages: askMessages, responses: askResponses, gemini: askGoogle };

async function askResponses(fetch: Fetch, { model, stream }: Question): Promise<Outcome> {
  const client = new OpenAI({ apiKey: secret, baseURL: "http://localhost/v1", maxRetries: 0, fetch: fetch as never });
  const body = { model, input: "q" };
  if (!stream) return responded(await client.responses.create(body), []);
  const items: ResponseOutputItem[] = [];
  const runner = client.responses.stream(body);
  runner.on("response.output_item.done", ({ item }) => void items.push(structuredClone(item)));
  return responded(await runner.finalResponse(), items);
}

/** The SDK gives a failed response as if it were an answer. */
function responded(final: Responded, items: ResponseOutputItem[]): Outcome {
  if (!final.error) return { kind: "responses", final, items };
  const { code, message } = final.error;
  return { kind: "error", name: "failed", status: undefined, type: code, message, words: message };
}

async function askChat(fetch: Fetch, { model, stream }: Question): Promise<Outcome> {
  const client = new OpenAI({ apiKey: secret, baseURL: "http://localhost/v1", maxRetries: 0, fetch: fetch as never });
  const body = { model, messages: [{ role: "user" as const, content: "q" }] };
  if (!stream) return { kind: "chat", final: await client.chat.completions.create(body), chunks: [] };
  const chunks: ChatCompletionChunk[] = [];
  const runner = client.chat.completions.stream({ ...body, stream_options: { include_usage: true } });
  runner.on("chunk", (chunk) => void chunks.push(structuredClone(chunk)));
  return { kind: "chat", final: await runner.finalChatCompletion(), chunks };
}

/** What a stream tells, put together without the checks of the SDK's own accumulators: for servers that bend the grammar. */
export function askLeniently(protocol: ProtocolName, fetch: Fetch, model: string): Promise<Outcome> {
  return protocol === "responses" ? itemsAlone(fetch, model) : chunksAlone(fetch, model);
}

async function itemsAlone(fetch: Fetch, model: string): Promise<Outcome> {
  const client = new OpenAI({ apiKey: secret, baseURL: "http://localhost/v1", maxRetries: 0, fetch: fetch as never });
  const items: ResponseOutputItem[] = [];
  let final: Responded | undefined;
  for await (const event of await client.responses.create({ model, input: "q", stream: true })) {
    if (event.type === "response.output_item.done") items.push(event.item);
    if ("response" in event) final = event.response;
  }
  if (!final) throw new Error("the stream holds no response");
  return responded(final, items);
}

async function chunksAlone(fetch: Fetch, model: string): Promise<Outcome> {
  const client = new OpenAI({ apiKey: secret, baseURL: "http://localhost/v1", maxRetries: 0, fetch: fetch as never });
  const body = { model, messages: [{ role: "user" as const, content: "q" }], stream: true as const };
  const chunks: ChatCompletionChunk[] = [];
  for await (const chunk of await client.chat.completions.create(body)) chunks.push(chunk);
  const choices = chunks.flatMap((chunk) => chunk.choices.filter((one) => (one.index ?? 0) === 0));
  const calls = new Map<number, { id: string; type: "function"; function: { name: string; arguments: string } }>();
  for (const piece of choices.flatMap((one) => one.delta.tool_calls ?? [])) {
    const at = piece.index ?? 0;
    const call = calls.get(at) ?? { id: "", type: "function" as const, function: { name: "", arguments: "" } };
    call.id ||= piece.id ?? "";
    call.function.name ||= piece.function?.name ?? "";
    call.function.arguments += piece.function?.arguments ?? "";
    calls.set(at, call);
  }
  const finish_reason = choices.findLast((one) => one.finish_reason)?.finish_reason ?? "stop";
  const message = { role: "assistant", content: null, refusal: null, tool_calls: [...calls.values()] };
  const final = { choices: [{ index: 0, message, finish_reason, logprobs: null }] } as unknown as ChatCompletion;
  return { kind: "chat", final, chunks };
}

async function askMessages(fetch: Fetch, { model, stream }: Question): Promise<Outcome> {
  const client = new Anthropic({ apiKey: secret, baseURL: "http://localhost", maxRetries: 0, fetch: fetch as never });
  const body = { model, max_tokens: 1000, messages: [{ role: "user" as const, content: "q" }] };
  if (!stream) return { kind: "messages", final: await client.messages.create(body) };
  return { kind: "messages", final: await client.messages.stream(body).finalMessage() };
}

function failure(thrown: unknown): Failure {
  const google = googleFailure(thrown);
  if (google) return google;
  const error = thrown as Error & { status?: number; type?: string; error?: { message?: string; error?: unknown } };
  const inner = (error.error?.error ?? error.error) as { message?: string } | undefined;
  return {
    kind: "error",
    name: error.constructor.name,
    status: error.status,
    type: error.type ?? undefined,
    message: error.message,
    words: inner?.message ?? error.message,
  };
}

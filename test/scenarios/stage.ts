/** The binary in front of a raw upstream, and the words of both protocols that scenarios are told in. */
import type { JsonObject } from "../../src/model/json.ts";
import { type Plexus, startPlexus } from "../support/plexus.ts";
import { type RawUpstream, startRawUpstream } from "../support/raw-upstream.ts";

export type ProtocolName = "chat" | "messages";

export const clientKey = "sk-of-the-scenarios-0123456789";
export const upstreamKey = "up-of-the-scenarios-0123456789";

export const paths: Record<ProtocolName, string> = { chat: "/v1/chat/completions", messages: "/v1/messages" };

export interface Sending {
  protocol?: ProtocolName;
  /** A text goes as it stands. */
  body: JsonObject | string;
  headers?: Record<string, string>;
  /** Null sends none. */
  key?: string | null;
  query?: string;
  signal?: AbortSignal;
}

export interface Stage {
  plexus: Plexus;
  upstream: RawUpstream;
  send(sending: Sending): Promise<Response>;
  stop(): Promise<void>;
}

/** Providers `chat` and `messages` at the raw upstream and the key `test`; the configuration is laid over that. */
export async function openStage(
  config: (url: string) => JsonObject = () => ({}),
  environment: Record<string, string> = {},
): Promise<Stage> {
  const upstream = await startRawUpstream();
  const { providers = {}, keys = {}, ...rest } = config(upstream.url);
  const plexus = await startPlexus({
    environment,
    config: {
      providers: {
        chat: provider("chat", upstream),
        messages: provider("messages", upstream),
        ...(providers as object),
      },
      keys: { test: { secret: clientKey }, ...(keys as object) },
      ...rest,
    },
  });
  return {
    plexus,
    upstream,
    send: ({ protocol = "chat", body, headers = {}, key = clientKey, query = "", signal }) =>
      fetch(`${plexus.url}${paths[protocol]}${query}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...headers,
        },
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...(signal ? { signal } : {}),
      }),
    async stop() {
      upstream.stop();
      await plexus.stop();
    },
  };
}

/** A provider of one protocol at the upstream; what fails in one test must not be cooled in the next. */
export function provider(protocol: ProtocolName, { url }: { url: string }, more: JsonObject = {}): JsonObject {
  return { protocols: { [protocol]: `${url}/v1` }, api_key: upstreamKey, cooldown: false, ...more };
}

/** A small request in the protocol. */
export function ask(protocol: ProtocolName, model: string, more: JsonObject = {}): JsonObject {
  const messages = [{ role: "user", content: "Hello" }];
  return protocol === "chat" ? { model, messages, ...more } : { model, max_tokens: 100, messages, ...more };
}

export function wholeAnswer(protocol: ProtocolName, model: string, text = "Hi there"): JsonObject {
  if (protocol === "chat") {
    const choice = { index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" };
    const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
    return { id: "chatcmpl-1", object: "chat.completion", created: 1, model, choices: [choice], usage };
  }
  const usage = { input_tokens: 5, output_tokens: 2 };
  const answer = { id: "msg_1", type: "message", role: "assistant", model, content: [{ type: "text", text }] };
  return { ...answer, stop_reason: "end_turn", stop_sequence: null, usage };
}

export function frame(data: JsonObject | string, event?: string): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return `${event === undefined ? "" : `event: ${event}\n`}data: ${text}\n\n`;
}

function chunk(model: string, delta: JsonObject, finish: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return frame({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model, choices });
}

function event(data: JsonObject & { type: string }): string {
  return frame(data, data.type);
}

/** The pieces of a stream: what opens it, one delta of text, and what ends it. */
export interface Frames {
  opening: string;
  text(text: string): string;
  ending: string;
}

export function framesOf(protocol: ProtocolName, model: string): Frames {
  if (protocol === "chat") {
    const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
    const last = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model, choices: [], usage };
    return {
      opening: chunk(model, { role: "assistant", content: "" }),
      text: (content) => chunk(model, { content }),
      ending: chunk(model, {}, "stop") + frame(last) + frame("[DONE]"),
    };
  }
  const message = { id: "msg_1", type: "message", role: "assistant", model, content: [], stop_reason: null };
  const start = { ...message, stop_sequence: null, usage: { input_tokens: 5, output_tokens: 1 } };
  return {
    opening:
      event({ type: "message_start", message: start }) +
      event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
    text: (text) => event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }),
    ending:
      event({ type: "content_block_stop", index: 0 }) +
      event({
        ...{ type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null } },
        usage: { output_tokens: 2 },
      }) +
      event({ type: "message_stop" }),
  };
}

export interface Read {
  event: string | undefined;
  /** Undefined for `[DONE]`, comments and what is no JSON. */
  data: JsonObject | undefined;
  raw: string;
}

/** The frames of a stream, comments included. */
export function readFrames(text: string): Read[] {
  return text
    .split("\n\n")
    .filter((raw) => raw.trim() !== "")
    .map((raw) => {
      const data = /^data: (\{.*)$/m.exec(raw)?.[1];
      const json = data === undefined ? undefined : (JSON.parse(data) as JsonObject);
      return { raw, event: /^event: (.*)$/m.exec(raw)?.[1], data: json };
    });
}

/** The text that a stream or a whole answer says. */
export function textOf(protocol: ProtocolName, frames: readonly Read[]): string {
  return frames
    .map(({ data }) => {
      if (protocol === "messages") return (data?.delta as JsonObject | undefined)?.text ?? "";
      const choice = (data?.choices as JsonObject[] | undefined)?.[0];
      return (choice?.delta as JsonObject | undefined)?.content ?? "";
    })
    .join("");
}

/** Does the stream hold what says that all went well? */
export function endsWell(protocol: ProtocolName, text: string): boolean {
  return protocol === "chat"
    ? text.includes("[DONE]") || /"finish_reason":\s*"/.test(text)
    : text.includes("message_stop") || text.includes('"stop_reason":"');
}

interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
}

/** Reads a stream until it holds `needle` or ends. */
export async function readUntil(reader: Reader, needle: string, before = ""): Promise<string> {
  const decoder = new TextDecoder();
  let text = before;
  while (!text.includes(needle)) {
    const part = await reader.read();
    if (part.done) break;
    text += decoder.decode(part.value, { stream: true });
  }
  return text;
}

/** Waits until something holds. */
export async function until(what: () => boolean, milliseconds = 3000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!what()) {
    if (performance.now() > end) throw new Error(`it did not come true within ${milliseconds} ms: ${what}`);
    await Bun.sleep(5);
  }
}

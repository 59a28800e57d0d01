/**
 * What an answer says, read out of an SDK's final object without the gateway's codecs, so that answers of two
 * protocols can be compared.
 */
import type { Message } from "@anthropic-ai/sdk/resources/messages";
import type { ChatCompletion, ChatCompletionChunk } from "openai/resources/chat/completions";
import { unwrapSeal } from "../../src/gateway/seals.ts";
import type { Answered } from "./clients.ts";
import type { Door } from "./door.ts";
import { viewOfGoogle, viewOfResponse } from "./view-others.ts";

export interface View {
  text: string;
  refusal: string;
  calls: { id: string; name: string; arguments: unknown }[];
  reasoning: string;
  /** Signatures and encrypted data, in order. */
  seals: string[];
  finish: string;
  usage: { total: number; cached: number; reasoning: number } | null;
  citations: { url: string; title: string }[];
}

/** Opens a carrier's bytes: the opaque values inside, in order. The bytes themselves when nothing wraps them. */
export type Open = (bytes: string) => string[];
export const asIs: Open = (bytes) => [bytes];

type Extra = Record<string, unknown>;
interface Detail {
  type?: string;
  text?: string;
  summary?: string;
  signature?: string;
  data?: string;
}
interface Spoken {
  reasoning_content?: unknown;
  reasoning?: unknown;
  reasoning_details?: Detail[];
  annotations?: { type: string; url_citation?: { url: string; title?: string }; url?: string; title?: string }[];
  tool_calls?: { extra_content?: { google?: { thought_signature?: string } } }[];
  content?: unknown;
  refusal?: string | null;
}

/** Words of compatible servers for the reasons of the protocol. */
const chatFinishes: Readonly<Record<string, string>> = {
  ...{ stop: "stop", eos: "stop", "": "stop", length: "length", content_filter: "content_filter" },
  ...{ tool_calls: "tool_calls", tool_call: "tool_calls", function_call: "tool_calls" },
};

export function viewOfChat(final: ChatCompletion, chunks: ChatCompletionChunk[], open: Open = asIs): View {
  const choice = final.choices[0];
  const message = (choice?.message ?? {}) as ChatCompletion.Choice["message"];
  const spoken = (
    chunks.length > 0
      ? chunks.flatMap((chunk) => chunk.choices.filter((one) => (one.index ?? 0) === 0).map((one) => one.delta))
      : [message]
  ) as Spoken[];
  const calls = callsOf(message);
  const finish = chatFinishes[choice?.finish_reason ?? ""] ?? "stop";
  return {
    text: spoken.map((one) => textOf(one.content)).join(""),
    refusal: message.refusal ?? "",
    calls,
    reasoning: reasoningOf(spoken),
    seals: sealsOf(spoken).flatMap(open),
    finish: calls.length > 0 && finish === "stop" ? "tool_calls" : finish,
    usage: chatUsage(final, chunks),
    citations: spoken
      .flatMap((one) => one.annotations ?? [])
      .flatMap((one) => {
        const cited = one.url_citation ?? one;
        const isUrl = one.type === "url_citation" && cited.url !== undefined;
        return isUrl ? [{ url: cited.url as string, title: cited.title ?? "" }] : [];
      }),
  };
}

/** A custom call's raw text stands in `input`, as where there are no custom calls. The legacy form has no id. */
function callsOf(message: ChatCompletion.Choice["message"]): View["calls"] {
  const calls = (message.tool_calls ?? []).map((call) =>
    call.type === "custom"
      ? { id: call.id, name: call.custom.name, arguments: { input: call.custom.input } }
      : { id: call.id, name: call.function.name, arguments: jsonOf(call.function.arguments) },
  );
  const legacy = (message as { function_call?: { name: string; arguments: string } | null }).function_call;
  if (!legacy?.name) return calls;
  return [...calls, { id: "", name: legacy.name, arguments: jsonOf(legacy.arguments) }];
}

/** Some providers write content as a list of text and thinking parts. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (part?.type === "text" ? String(part.text) : "")).join("");
}

function thinkingOf(content: unknown): string {
  if (!Array.isArray(content)) return "";
  return content
    .flatMap((part) => (part?.type === "thinking" ? part.thinking : []))
    .map((part) => String(part?.text ?? part))
    .join("");
}

function reasoningOf(spoken: Spoken[]): string {
  const flat = spoken
    .map((one) => (one.reasoning_content ?? one.reasoning ?? thinkingOf(one.content)) as string)
    .join("");
  if (flat !== "") return flat;
  return spoken
    .flatMap((one) => one.reasoning_details ?? [])
    .map((one) => one.text ?? one.summary ?? "")
    .join("");
}

function sealsOf(spoken: Spoken[]): string[] {
  const calls = spoken.flatMap((one) => one.tool_calls ?? []);
  const thoughts = calls.map((one) => ({ data: one.extra_content?.google?.thought_signature }));
  return [...spoken.flatMap((one) => one.reasoning_details ?? []), ...thoughts].flatMap((one: Detail) =>
    [one.signature, one.data].filter((value): value is string => typeof value === "string" && value !== ""),
  );
}

function chatUsage(final: ChatCompletion, chunks: ChatCompletionChunk[]): View["usage"] {
  const counted = [final, ...chunks].map(
    (one) =>
      one.usage ?? (one as unknown as { x_groq?: { usage?: ChatCompletion["usage"] } }).x_groq?.usage ?? undefined,
  );
  const usage = counted.findLast((one) => (one?.total_tokens ?? 0) > 0);
  if (!usage) return null;
  const details = usage.completion_tokens_details as Extra | undefined | null;
  const reasoning = Number(details?.reasoning_tokens ?? 0);
  const cached = Math.min(usage.prompt_tokens, usage.prompt_tokens_details?.cached_tokens ?? 0);
  const sum = usage.prompt_tokens + usage.completion_tokens;
  // Some count reasoning beside the completion: the total says so, or that it does not fit inside.
  const isBeside = usage.total_tokens === sum + reasoning || reasoning > usage.completion_tokens;
  return { total: isBeside ? sum + reasoning : sum, cached, reasoning };
}

export function viewOfMessage(final: Message, open: Open = asIs): View {
  const blocks = final.content;
  const { usage } = final;
  const stops: Record<string, string> = {
    ...{ end_turn: "stop", stop_sequence: "stop", pause_turn: "stop", compaction: "stop", tool_use: "tool_calls" },
    ...{ max_tokens: "length", model_context_window_exceeded: "length", refusal: "content_filter" },
  };
  const calls = blocks.flatMap((block) =>
    block.type === "tool_use" ? [{ id: block.id, name: block.name, arguments: block.input }] : [],
  );
  const finish = stops[final.stop_reason ?? ""] ?? "none";
  const refusal =
    final.stop_reason === "refusal"
      ? ((final as unknown as { stop_details?: { explanation?: string } }).stop_details?.explanation ?? "")
      : "";
  const read = usage.cache_read_input_tokens ?? 0;
  const details = (usage as unknown as { output_tokens_details?: { thinking_tokens?: number } | null })
    .output_tokens_details;
  return {
    text: blocks.map((block) => (block.type === "text" ? block.text : "")).join(""),
    refusal,
    calls,
    reasoning: blocks
      .flatMap((block) => (block.type === "thinking" && block.thinking !== "" ? [block.thinking] : []))
      .join("\n\n"),
    seals: blocks
      .flatMap((block) =>
        block.type === "thinking" ? [block.signature] : block.type === "redacted_thinking" ? [block.data] : [],
      )
      .flatMap((bytes) => (bytes ? open(bytes) : [])),
    finish: calls.length > 0 && finish === "stop" ? "tool_calls" : finish,
    usage: {
      total: usage.input_tokens + read + (usage.cache_creation_input_tokens ?? 0) + usage.output_tokens,
      cached: read,
      reasoning: details?.thinking_tokens ?? 0,
    },
    citations: blocks
      .flatMap((block) => (block.type === "text" ? (block.citations ?? []) : []))
      .flatMap((one) => (one.type === "web_search_result_location" ? [{ url: one.url, title: one.title ?? "" }] : [])),
  };
}

/** Arguments that were cut: each SDK completes them in its own way. */
export const cut = "cut";

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text === "" ? "{}" : text);
  } catch {
    return cut;
  }
}

export function viewOf(outcome: Answered, open?: Open): View {
  switch (outcome.kind) {
    case "chat":
      return viewOfChat(outcome.final, outcome.chunks, open);
    case "messages":
      return viewOfMessage(outcome.final, open);
    case "responses":
      return viewOfResponse(outcome.final, outcome.items, open);
    case "gemini":
      return viewOfGoogle(outcome.final, open);
  }
}

/** What stands in an envelope: the provider's own list of details may hold several opaque values. */
export function opener(door: Door): Open {
  return (bytes) => {
    const seal = unwrapSeal(door.ring, bytes);
    if (!seal) return [`not an envelope: ${bytes}`];
    if (seal.bytes === "") return [];
    if (seal.form !== "details") return [seal.bytes];
    const list = JSON.parse(seal.bytes) as { signature?: string; data?: string }[];
    return list.flatMap((one) => [one.signature ?? "", one.data ?? ""]).filter((value) => value !== "");
  };
}

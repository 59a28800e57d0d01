/** What an answer of Responses or Gemini says, read out of the SDK's objects without the gateway's codecs. */
import type { GenerateContentResponse, Part, PartialArg } from "@google/genai";
import type { Response as Responded, ResponseOutputItem } from "openai/resources/responses/responses";
import { asIs, jsonOf, type Open, type View } from "./view.ts";

/** A stream tells its items before the last object, which may leave them out, or seal its reasoning anew. */
export function viewOfResponse(final: Responded, told: ResponseOutputItem[], open: Open = asIs): View {
  const output = told.length > 0 ? told : final.output;
  const contents = output.flatMap((item) => (item.type === "message" ? item.content : []));
  const texts = contents.flatMap((part) => (part.type === "output_text" ? [part] : []));
  const calls = callsOf(output);
  return {
    text: texts.map((part) => part.text).join(""),
    refusal: contents.map((part) => (part.type === "refusal" ? part.refusal : "")).join(""),
    calls,
    reasoning: output
      .flatMap((item) => (item.type === "reasoning" ? [...(item.summary ?? []), ...(item.content ?? [])] : []))
      .map((part) => part.text)
      .filter((text) => text !== "")
      .join("\n\n"),
    seals: output
      .flatMap((item) => (item.type === "reasoning" && item.encrypted_content ? [item.encrypted_content] : []))
      .flatMap(open),
    finish: finishOf(final, calls.length > 0),
    usage: final.usage
      ? {
          total: final.usage.input_tokens + final.usage.output_tokens,
          cached: final.usage.input_tokens_details?.cached_tokens ?? 0,
          reasoning: final.usage.output_tokens_details?.reasoning_tokens ?? 0,
        }
      : null,
    citations: texts
      .flatMap((part) => part.annotations ?? [])
      .flatMap((one) => (one.type === "url_citation" ? [{ url: one.url, title: one.title ?? "" }] : [])),
  };
}

/** A custom call's raw text stands in `input`, as where there are no custom calls; typed calls are told as functions. */
function callsOf(output: ResponseOutputItem[]): View["calls"] {
  return output.flatMap((item) => {
    if (item.type === "function_call") {
      return [{ id: item.call_id, name: item.name, arguments: jsonOf(item.arguments) }];
    }
    if (item.type === "local_shell_call") {
      return [{ id: item.call_id, name: "local_shell", arguments: item.action }];
    }
    if (item.type === "apply_patch_call") {
      return [{ id: item.call_id, name: "apply_patch", arguments: item.operation }];
    }
    if (item.type !== "custom_tool_call") return [];
    return [{ id: item.call_id, name: item.name, arguments: { input: item.input } }];
  });
}

function finishOf({ status, incomplete_details }: Responded, hasCalls: boolean): string {
  if (status === "incomplete") return incomplete_details?.reason === "content_filter" ? "content_filter" : "length";
  return hasCalls ? "tool_calls" : "stop";
}

/** Some servers tell the number of the reason. */
const finishes: Readonly<Record<string, string>> = {
  ...{ 1: "stop", 2: "length", 3: "content_filter" },
  ...{ STOP: "stop", MAX_TOKENS: "length", SAFETY: "content_filter", RECITATION: "content_filter" },
  ...{ PROHIBITED_CONTENT: "content_filter", BLOCKLIST: "content_filter", SPII: "content_filter" },
};

export function viewOfGoogle(chunks: Partial<GenerateContentResponse>[], open: Open = asIs): View {
  const candidates = chunks.flatMap((chunk) => chunk.candidates?.filter((one) => (one.index ?? 0) === 0) ?? []);
  const parts = candidates.flatMap((one) => one.content?.parts ?? []);
  const calls = googleCalls(parts);
  const isBlocked = chunks.some((chunk) => chunk.promptFeedback?.blockReason !== undefined);
  const finish = finishes[candidates.findLast((one) => one.finishReason)?.finishReason ?? ""] ?? "stop";
  const words = chunks.findLast((chunk) => chunk.promptFeedback)?.promptFeedback?.blockReasonMessage;
  return {
    text: parts.map((part) => (part.thought ? "" : (part.text ?? ""))).join(""),
    refusal: words ?? (finish === "content_filter" ? (candidates.at(-1)?.finishMessage ?? "") : ""),
    calls,
    reasoning: parts.map((part) => (part.thought ? (part.text ?? "") : "")).join(""),
    seals: parts.flatMap((part) => (part.thoughtSignature && isOwed(part) ? open(part.thoughtSignature) : [])),
    finish: isBlocked ? "content_filter" : calls.length > 0 && finish === "stop" ? "tool_calls" : finish,
    usage: usageOf(chunks),
    citations: citationsOf(candidates.findLast((one) => one.groundingMetadata?.groundingSupports?.length)),
  };
}

/** Signatures have to come back, but for those on the provider's own tools. */
function isOwed({ thought, functionCall, text }: Part): boolean {
  return thought === true || functionCall !== undefined || text !== undefined;
}

/** Arguments may come in pieces, in parts without a name. */
function googleCalls(parts: Part[]): View["calls"] {
  const calls: { id: string; name: string; arguments: Record<string, unknown> }[] = [];
  for (const { functionCall: call } of parts) {
    if (!call) continue;
    if (call.name) calls.push({ id: call.id ?? "", name: call.name, arguments: { ...call.args } });
    for (const piece of call.partialArgs ?? []) put(calls.at(-1)?.arguments ?? {}, piece);
  }
  return calls;
}

function put(target: object, piece: PartialArg): void {
  const path = [...(piece.jsonPath ?? "").matchAll(/\.(\w+)|\[(\d+)\]/g)].map((match) => match[1] ?? Number(match[2]));
  let at = target as Record<string | number, unknown>;
  path.slice(0, -1).forEach((key, depth) => {
    at[key] ??= typeof path[depth + 1] === "number" ? [] : {};
    at = at[key] as typeof at;
  });
  const last = path.at(-1) ?? "";
  if (piece.stringValue !== undefined) at[last] = `${at[last] ?? ""}${piece.stringValue}`;
  else at[last] = piece.numberValue ?? piece.boolValue ?? null;
}

function usageOf(chunks: Partial<GenerateContentResponse>[]): View["usage"] {
  const usage = chunks.findLast((chunk) => (chunk.usageMetadata?.promptTokenCount ?? 0) > 0)?.usageMetadata;
  if (!usage) return null;
  const input = (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0);
  const reasoning = usage.thoughtsTokenCount ?? 0;
  const output = usage.candidatesTokenCount ?? Math.max(0, (usage.totalTokenCount ?? 0) - input - reasoning);
  return { total: input + output + reasoning, cached: usage.cachedContentTokenCount ?? 0, reasoning };
}

function citationsOf(candidate: NonNullable<GenerateContentResponse["candidates"]>[number] | undefined) {
  const { groundingSupports = [], groundingChunks = [] } = candidate?.groundingMetadata ?? {};
  return groundingSupports
    .flatMap((support) => support.groundingChunkIndices ?? [])
    .flatMap((index) => {
      const source = groundingChunks[index]?.web ?? groundingChunks[index]?.retrievedContext;
      return source?.uri ? [{ url: source.uri, title: source.title ?? "" }] : [];
    });
}

/** Canonical items as the input of a request: one to one, each where it stood. */
import type { CallItem, ChatRequest, Item, MessageItem, ReasoningItem, ResultItem } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { TargetFacts } from "../../model/target.ts";
import { errorLine } from "../chat/request-messages.ts";
import { pairCalls } from "../messages/pairing.ts";
import { buildPart, contentOf, type PartContext, sideOf } from "./build-parts.ts";
import { isMintedTrace } from "./ids.ts";
import { bodyKeys, encryptedOf } from "./items.ts";

export interface BuildContext extends PartContext {
  target: TargetFacts;
  /** Wire name of a tool that is in no namespace. */
  nameOf(name: string): string;
  /** Item ids are sent: the provider that made them keeps the items. */
  ids: boolean;
}

export function buildItems(request: ChatRequest, context: BuildContext): JsonObject[] {
  const ids = wireIds(request, context);
  return request.items.flatMap((item): JsonObject[] => {
    switch (item.type) {
      case "message":
        return buildMessage(item, context);
      case "call":
        return [buildCall(item, ids.get(item) ?? item.callId, context)];
      case "result": {
        const id = ids.get(item);
        return id === undefined ? [] : [buildResult(item, id, context)];
      }
      case "reasoning":
        return buildReasoning(item, context);
      default:
        if (item.origin === "responses") return isMintedTrace(item.json) ? [] : [item.json as JsonObject];
        context.notes.add("dropped", item.at ?? "items", "no_counterpart");
        return [];
    }
  });
}

/** Call ids of calls and results, safe and unique. Without one: a result that a later one of the same call replaces. */
function wireIds(request: ChatRequest, { notes }: BuildContext): Map<Item, string> {
  const ids = new Map<Item, string>();
  if (isOpenEnded(request)) {
    for (const item of request.items) if (item.type === "call" || item.type === "result") ids.set(item, item.callId);
    return ids;
  }
  for (const [call, { wireId, result }] of pairCalls(request.items, notes)) {
    ids.set(call, wireId);
    ids.set(result, wireId);
  }
  return ids;
}

/** Part of the conversation stands at the provider: a call or a result may be missing here. */
function isOpenEnded(request: ChatRequest): boolean {
  const own = request.ext?.responses;
  if (own?.previous_response_id !== undefined || own?.conversation !== undefined) return true;
  return request.items.some((item) => item.type === "opaque" && (item.json as JsonObject).type === "item_reference");
}

function idOf(id: string | undefined, { ids }: BuildContext): JsonObject {
  return ids && id !== undefined ? { id } : {};
}

function buildMessage(item: MessageItem, context: BuildContext): JsonObject[] {
  if (item.name !== undefined) context.notes.add("dropped", `${item.at ?? "items"}.name`);
  const side = sideOf(item.role);
  // An assistant's message holds text alone: what a model drew follows it as the user's.
  const drawn = side === "output" ? item.blocks.filter((block) => block.type === "media") : [];
  const parts = item.blocks
    .filter((block) => side === "input" || block.type !== "media")
    .flatMap((block) => buildPart(block, side, context))
    .filter((part) => context.own || part.text !== "");
  const shown = drawn.flatMap((block) => buildPart(block, "input", context));
  const messages: JsonObject[] = [];
  if (parts.length > 0 || (context.own && shown.length === 0)) {
    const phase = item.phase === undefined ? {} : { phase: item.phase };
    const content = contentOf(parts);
    messages.push({
      type: "message",
      ...idOf(item.id, context),
      role: item.role,
      content,
      ...phase,
      ...item.ext?.responses,
    });
  }
  if (shown.length > 0) {
    context.notes.add("emulated", item.at ?? "items", "moved_to_user_message");
    messages.push({ type: "message", role: "user", content: shown });
  }
  return messages;
}

function buildCall(call: CallItem, callId: string, context: BuildContext): JsonObject {
  if (call.cache) context.notes.add("dropped", "cache", "marks_not_carried");
  const head = {
    type: call.kind === "custom" ? "custom_tool_call" : `${call.kind}_call`,
    ...idOf(call.itemId, context),
    call_id: callId,
  };
  const caller = call.caller === undefined || !context.own ? {} : { caller: call.caller };
  if (call.kind !== "function" && call.kind !== "custom") {
    return { ...head, [bodyKeys[call.kind]]: parsed(call.args), ...caller, ...call.ext?.responses };
  }
  return {
    ...head,
    name: call.namespace === undefined ? context.nameOf(call.name) : call.name,
    ...(call.namespace === undefined ? {} : { namespace: call.namespace }),
    [bodyKeys[call.kind]]: call.kind === "function" && call.args === "" ? "{}" : call.args,
    ...caller,
    ...call.ext?.responses,
  };
}

export function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function buildResult(result: ResultItem, callId: string, context: BuildContext): JsonObject {
  if (result.cache) context.notes.add("dropped", "cache", "marks_not_carried");
  const parts = result.blocks.flatMap((block) => buildPart(block, "input", context));
  const failed = result.isError && result.kind !== "apply_patch";
  if (failed) markError(parts);
  return {
    type: result.kind === "custom" ? "custom_tool_call_output" : `${result.kind}_call_output`,
    ...idOf(result.itemId, context),
    call_id: callId,
    ...(result.kind === "apply_patch" ? { status: result.isError ? "failed" : "completed" } : {}),
    output: contentOf(parts),
    ...result.ext?.responses,
  };
}

/** The protocol has no field for a tool that failed: the first line says so. */
function markError(parts: JsonObject[]): void {
  const first = parts[0];
  if (first?.type !== "input_text" || typeof first.text !== "string") {
    parts.unshift({ type: "input_text", text: errorLine });
  } else if (first.text !== errorLine && !first.text.startsWith(`${errorLine}\n`)) {
    parts[0] = { ...first, text: `${errorLine}\n${first.text}` };
  }
}

/** Only what this provider made goes back to it. A client of this protocol may send reasoning that was never sealed. */
function buildReasoning(item: ReasoningItem, context: BuildContext): JsonObject[] {
  const { scope } = context.target;
  const seals = item.seals.filter(
    (seal) =>
      seal.origin === "responses" &&
      seal.form === "encrypted" &&
      seal.bytes !== "" &&
      (seal.scope === undefined || seal.scope === scope),
  );
  if (seals.length === 0 && (!context.own || item.seals.length > 0)) {
    context.notes.add("dropped", item.at ?? "items", "foreign_seal");
    return [];
  }
  const raw = item.text.filter((part) => part.kind === "raw");
  const summary = item.text.filter((part) => part.kind === "summary");
  return [
    {
      type: "reasoning",
      ...idOf(item.itemId, context),
      summary: summary.map((part) => ({ type: "summary_text", text: part.text })),
      ...(raw.length === 0 ? {} : { content: raw.map((part) => ({ type: "reasoning_text", text: part.text })) }),
      ...encryptedOf(seals),
      ...item.ext?.responses,
    },
  ];
}

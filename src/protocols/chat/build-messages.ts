/**
 * Items as messages: the reasoning, texts and calls of one turn fold into one assistant message, every result stands
 * right after its call's message.
 */
import type { Block, CallItem, ChatRequest, Item, MessageItem, ReasoningItem, ResultItem } from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { TargetFacts } from "../../model/target.ts";
import { functionArguments } from "../emulated-tools.ts";
import { safeId, shortId } from "../ids.ts";
import type { ToolNames } from "../names.ts";
import { buildContent, type PartContext } from "./build-parts.ts";
import { buildResults } from "./build-results.ts";
import { nativeDetails } from "./reasoning.ts";

export interface BuildContext extends PartContext {
  target: TargetFacts;
  names: ToolNames;
}

interface Turn {
  reasoning: ReasoningItem[];
  said: MessageItem[];
  calls: CallItem[];
}

export function buildMessages(request: ChatRequest, context: BuildContext): JsonObject[] {
  const messages: JsonObject[] = [];
  if (request.instructions.length > 0) {
    messages.push({ role: "system", content: buildContent(request.instructions, context) });
  }
  const results = pairResults(request.items, context.notes);
  let turn: Turn | undefined;
  const close = () => {
    if (!turn) return;
    messages.push(...buildTurn(turn, context));
    const answered = turn.calls.map((call) => results.get(call)).filter((result) => result !== undefined);
    if (answered.length > 0) {
      messages.push(...buildResults(answered, { ...context, can: context.target.can }));
    }
    turn = undefined;
  };
  request.items.forEach((item, index) => {
    if (isForeign(item)) {
      context.notes.add("dropped", item.at ?? "messages", "no_counterpart");
      return;
    }
    const mine =
      item.type === "call" || item.type === "reasoning" || (item.type === "message" && item.role === "assistant");
    if (!mine || (turn && startsTurn(turn, request.items, index))) close();
    if (mine) {
      turn ??= { reasoning: [], said: [], calls: [] };
      addToTurn(turn, item, context.notes);
    } else if (item.type === "message") messages.push(buildPlain(item, context));
    else if (item.type === "opaque") messages.push(item.json as JsonObject);
  });
  close();
  return messages;
}

function isForeign(item: Item): boolean {
  return (
    item.type === "server-call" || item.type === "server-result" || (item.type === "opaque" && item.origin !== "chat")
  );
}

/** Two texts in a row without a call are two messages, and reasoning goes with the text that follows it. */
function startsTurn(turn: Turn, items: Item[], index: number): boolean {
  if (turn.said.length === 0 || turn.calls.length > 0) return false;
  for (let at = index; at < items.length; at++) {
    const next = items[at];
    if (next?.type !== "reasoning") return next?.type === "message" && next.role === "assistant";
  }
  return false;
}

function addToTurn(turn: Turn, item: Item, notes: Notes): void {
  if (item.type === "reasoning") turn.reasoning.push(item);
  else if (item.type === "call") turn.calls.push(item);
  else if (item.type === "message") {
    if (turn.calls.length > 0 && item.blocks.length > 0) notes.add("emulated", item.at ?? "messages", "reordered");
    turn.said.push(item);
  }
}

/** Every call's result. Throws when a call has none or a result has no call; of two results the last one wins. */
function pairResults(items: Item[], notes: Notes): Map<CallItem, ResultItem> {
  const open = new Map<string, CallItem>();
  const results = new Map<CallItem, ResultItem>();
  for (const item of items) {
    if (item.type === "call") open.set(item.callId, item);
    if (item.type !== "result") continue;
    const call = open.get(item.callId);
    if (!call) throw pairError(`The tool result ${JSON.stringify(item.callId)} belongs to no earlier tool call.`, item);
    if (results.has(call)) notes.add("dropped", results.get(call)?.at ?? "messages", "duplicate_result");
    results.set(call, item);
  }
  for (const item of items) {
    if (item.type === "call" && !results.has(item)) {
      throw pairError(`The tool call ${JSON.stringify(item.callId)} has no result: send one for every call.`, item);
    }
  }
  return results;
}

function pairError(message: string, item: Item): GatewayError {
  return new GatewayError("invalid-request", message, item.at === undefined ? {} : { param: item.at });
}

function buildPlain(item: MessageItem, context: BuildContext): JsonObject {
  const role = item.role === "developer" && !context.target.can.developerRole ? "system" : item.role;
  const message: JsonObject = { role, content: buildContent(item.blocks, context) };
  nameIn(message, item, context);
  return item.ext?.chat ? Object.assign(message, item.ext.chat) : message;
}

function nameIn(message: JsonObject, { name, at }: MessageItem, { target, notes }: BuildContext): void {
  if (name === undefined) return;
  if (target.can.names) message.name = name;
  else notes.add("dropped", `${at ?? "messages"}.name`);
}

function buildTurn(turn: Turn, context: BuildContext): JsonObject[] {
  const reasoning = turn.reasoning.length === 0 ? undefined : buildReasoning(turn, context);
  const isEmpty = !reasoning || Object.keys(reasoning).length === 0;
  if (turn.said.length === 0 && turn.calls.length === 0 && isEmpty) return [];
  const [first, second] = turn.said;
  const blocks = first && !second ? first.blocks : turn.said.flatMap((item) => item.blocks);
  const last = blocks.at(-1);
  const refused = last?.type === "refusal" && blocks.filter((block) => block.type === "refusal").length === 1;
  const visible = refused ? blocks.slice(0, -1) : blocks;
  const named = turn.said.find((item) => item.name !== undefined);
  const content = assistantContent(visible, turn.calls.length > 0 || refused, context);
  const message: JsonObject = { role: "assistant", content };
  if (refused && last.type === "refusal") message.refusal = last.text;
  if (named) nameIn(message, named, context);
  if (reasoning) Object.assign(message, reasoning);
  if (turn.calls.length > 0) message.tool_calls = turn.calls.map((call) => buildCall(call, context));
  for (const item of turn.said) if (item.ext?.chat) Object.assign(message, item.ext.chat);
  return [message];
}

/** Null when nothing is said beside calls or a refusal. */
function assistantContent(blocks: Block[], mayBeNull: boolean, context: BuildContext): Json {
  const content = buildContent(blocks, context);
  return content === "" && mayBeNull ? null : content;
}

/** Only what this provider made, or asks for, goes back to it; foreign reasoning is left out. */
function buildReasoning(turn: Turn, context: BuildContext): JsonObject {
  const { target, notes } = context;
  const details: Json[] = [];
  for (const item of turn.reasoning) {
    let carried = target.can.echoReasoning;
    for (const seal of item.seals) {
      const native = seal.scope === undefined || seal.scope === target.scope ? nativeDetails(seal) : undefined;
      if (!native) continue;
      details.push(...native);
      carried = true;
    }
    if (!carried) notes.add("dropped", item.at ?? "messages", "foreign_seal");
  }
  const text = turn.reasoning.flatMap((item) => item.text.map((part) => part.text)).join("\n\n");
  return {
    ...(target.can.echoReasoning && text !== "" ? { reasoning_content: text } : {}),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  };
}

export function buildCall(call: CallItem, context: Pick<BuildContext, "names" | "target" | "notes">): JsonObject {
  if (call.cache && call.ext?.chat?.cache_control === undefined) {
    context.notes.add("dropped", "cache", "marks_not_carried");
  }
  const id = context.target.can.shortCallIds ? shortId(call.callId) : safeId(call.callId);
  const name = context.names.toWire(call.name === "" ? call.kind : call.name, call.namespace);
  if (call.kind === "custom" && context.target.can.customTools) {
    return { id, type: "custom", custom: { name, input: call.args }, ...call.ext?.chat };
  }
  const args = functionArguments(call) || "{}";
  const seal = call.seals?.find(
    (one) =>
      one.origin === "chat" &&
      one.form === "thought" &&
      (one.scope === undefined || one.scope === context.target.scope),
  );
  return {
    id,
    type: "function",
    function: { name, arguments: args },
    ...(seal === undefined ? {} : { extra_content: { google: { thought_signature: seal.bytes } } }),
    ...call.ext?.chat,
  };
}

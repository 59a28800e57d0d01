/** Whole answers: the message object to the canonical answer and back. */
import type { Item, ReasoningItem, TextBlock } from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { Answer } from "../../model/event.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { emptyUsage } from "../../model/usage.ts";
import { safeId } from "../ids.ts";
import type { ReplyContext } from "../protocol.ts";
import { isAbsent, isObject, remainder } from "../read.ts";
import { callInput } from "./arguments.ts";
import { citationsOf, withoutMark } from "./build-blocks.ts";
import { errorOfBody } from "./error.ts";
import { parseContent } from "./items.ts";
import { buildStop, buildStopDetails, isCut, parseRefusal, parseStop } from "./stop.ts";
import { TraceWriter } from "./traces.ts";
import { buildUsage, parseUsage } from "./usage.ts";

export const messageKeys = new Set([
  ...["id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"],
]);

/** Throws when an error hides in a 200, or when it is no answer. */
export function parseResponse(body: Json): Answer[] {
  const failure = errorOfBody(body);
  if (failure) throw failure;
  if (!isObject(body) || !Array.isArray(body.content)) throw broken("The provider's answer is no message.");
  const items = parseAnswerContent(body.content);
  const hasCalls = items.some((item) => item.type === "call");
  const finish = parseStop(body.stop_reason, hasCalls);
  const last = items.at(-1);
  if (last?.type === "call" && isCut(finish)) last.incomplete = true;
  const ext = remainder(body, messageKeys);
  return [
    {
      id: textOr(body.id),
      model: textOr(body.model),
      created: 0,
      items,
      finish,
      ...(typeof body.stop_sequence === "string" ? { stopSequence: body.stop_sequence } : {}),
      ...parseRefusal(body.stop_details),
      ...(isObject(body.usage) ? { usage: parseUsage(body.usage) } : {}),
      ...(ext ? { ext: { messages: ext } } : {}),
    },
  ];
}

/** Without the empty text blocks that say nothing. Throws `upstream-failed`. */
function parseAnswerContent(content: Json[]): Item[] {
  const spoken = content.filter((entry) => !isObject(entry) || !isEmptyText(entry));
  try {
    return parseContent(spoken, "assistant", { path: "content", keep: false });
  } catch (error) {
    throw broken("The provider's answer is not as the protocol says.", error);
  }
}

function isEmptyText(block: JsonObject): boolean {
  const cited = Array.isArray(block.citations) && block.citations.length > 0;
  return block.type === "text" && block.text === "" && !cited;
}

export function broken(words: string, cause?: unknown): GatewayError {
  return new GatewayError("upstream-failed", words, cause === undefined ? {} : { cause });
}

export function textOr(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Ids of other protocols lose their own prefix. */
export function messageId(id: string, requestId: string): string {
  if (id.startsWith("msg_")) return id;
  const bare = id.replace(/^(chatcmpl-|resp_|gen-)/, "");
  return `msg_${(bare === "" ? requestId : bare).replace(/[^A-Za-z0-9_]/g, "")}`;
}

export function buildResponse(answers: Answer[], context: ReplyContext): JsonObject {
  const answer = answers[0];
  if (!answer) throw new GatewayError("internal", "There is no answer to send.");
  const id = messageId(answer.id, context.requestId);
  const traces = new TraceWriter(id);
  const content = answer.items.flatMap((item) => buildAnswerItem(item, traces));
  const extra = { ...answer.ext?.messages };
  const hasCalls = answer.items.some((item) => item.type === "call");
  return {
    id,
    type: "message",
    role: "assistant",
    model: context.request.model,
    content,
    stop_reason: buildStop(answer.finish, hasCalls),
    stop_sequence: answer.stopSequence ?? null,
    usage: buildUsage(answer.usage ?? emptyUsage()),
    container: null,
    ...extra,
    stop_details: stopDetails(answer),
  };
}

function stopDetails(answer: Answer): JsonObject | null {
  const refusal = answer.finish === "filter" || answer.finish === "recitation" ? answer.refusal : undefined;
  return buildStopDetails(refusal, answer.ext?.messages?.stop_details);
}

function buildAnswerItem(item: Item, traces: TraceWriter): JsonObject[] {
  switch (item.type) {
    case "message":
      return item.blocks.flatMap((block) => {
        if (block.type === "text") return textBlock(block);
        if (block.type === "refusal")
          return block.text === "" ? [] : [{ type: "text", text: block.text, citations: null }];
        return block.type === "opaque" && block.origin === "messages" && isObject(block.json) ? [block.json] : [];
      });
    case "reasoning":
      return thinkingBlock(item);
    case "call":
      return [
        {
          type: "tool_use",
          id: safeId(item.callId),
          name: item.name,
          input: callInput(item).input,
          ...(isAbsent(item.caller) ? {} : { caller: item.caller }),
          ...item.ext?.messages,
        },
      ];
    case "server-call":
    case "server-result":
    case "opaque":
      if (item.origin === "messages") return isObject(item.json) ? [withoutMark(item.json)] : [];
      return item.type === "opaque" ? [] : traces.blocks(item);
    default:
      return [];
  }
}

function textBlock(block: TextBlock): JsonObject[] {
  const citations = citationsOf(block.annotations);
  if (block.text === "" && citations.length === 0) return [];
  return [
    { type: "text", text: block.text, citations: citations.length > 0 ? citations : null, ...block.ext?.messages },
  ];
}

/** Thinking without a seal keeps its text and claims no signature; with neither there is nothing to show. */
function thinkingBlock(item: ReasoningItem): JsonObject[] {
  const seal = item.seals.at(-1);
  const more = item.ext?.messages;
  if (seal && isRedacted(item)) return [{ type: "redacted_thinking", data: seal.bytes, ...more }];
  const thinking = item.text.map(({ text }) => text).join("\n\n");
  if (!seal && thinking === "") return [];
  return [{ type: "thinking", thinking, ...(seal ? { signature: seal.bytes } : {}), ...more }];
}

export function isRedacted(item: ReasoningItem): boolean {
  return item.redacted === true && item.text.length === 0;
}

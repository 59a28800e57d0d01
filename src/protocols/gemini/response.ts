/** A whole answer for a client, and what the ends of streamed and whole answers share. */
import type { Item } from "../../model/chat.ts";
import type { Answer, FinishReason } from "../../model/event.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { ReplyContext } from "../protocol.ts";
import { isObject } from "../read.ts";
import { answerParts, viewOf } from "./answer-parts.ts";
import { buildFinish } from "./finish.ts";
import { buildGrounding } from "./grounding.ts";
import { buildLogprobs } from "./logprobs.ts";
import { queriesIn } from "./traces.ts";
import { buildUsage } from "./usage.ts";

export function buildResponse(answers: Answer[], context: ReplyContext): JsonObject {
  const view = viewOf(context.request);
  const first = answers[0];
  const { candidate: _own, ...head } = first?.ext?.gemini ?? {};
  const isBlocked =
    answers.length <= 1 && isObject(head.promptFeedback) && first?.items.length === 0 && hasReason(head);
  const candidates = answers.map((answer, index): JsonObject => {
    const { parts, texts, malformed } = answerParts(answer.items, view);
    const own = answer.ext?.gemini?.candidate;
    const end = buildEnd({ ...answer, own, malformed, texts });
    // An answer that says nothing is still an answer: clients look for a part.
    const said = parts.length === 0 && answer.finish !== "filter" ? [{ text: "" }] : parts;
    return { content: { role: "model", parts: said }, ...end, index };
  });
  return {
    ...(isBlocked ? {} : { candidates }),
    ...(first?.usage ? { usageMetadata: buildUsage(first.usage) } : {}),
    ...head,
    modelVersion: context.request.model,
    responseId: responseId(first?.id ?? "", context.requestId),
  };
}

function hasReason(head: JsonObject): boolean {
  return isObject(head.promptFeedback) && typeof head.promptFeedback.blockReason === "string";
}

export function responseId(id: string, requestId: string): string {
  return id === "" ? requestId : id;
}

export interface End {
  finish: FinishReason;
  items: readonly Item[];
  texts: ReturnType<typeof answerParts>["texts"];
  malformed: boolean;
  refusal?: string;
  /** The candidate's other members as Google wrote them. */
  own?: Json | undefined;
}

function groundingOf(texts: End["texts"], items: readonly Item[]): JsonObject | undefined {
  const queries = queriesIn(items);
  const sources = buildGrounding(texts);
  return queries.length === 0 ? sources : { webSearchQueries: queries, ...sources };
}

/** The members of a candidate beside its content and index. */
export function buildEnd({ finish, texts, malformed, refusal, own, items }: End): JsonObject {
  const kept = isObject(own) ? own : {};
  const logprobs = items.flatMap((item) =>
    item.type === "message"
      ? item.blocks.flatMap((block) => (block.type === "text" ? (block.logprobs ?? []) : []))
      : [],
  );
  const grounding = kept.groundingMetadata === undefined ? groundingOf(texts, items) : undefined;
  return {
    finishReason: malformed ? "MALFORMED_FUNCTION_CALL" : buildFinish(finish),
    ...(malformed ? { finishMessage: "The arguments of a function call are not valid JSON." } : {}),
    ...(refusal === undefined || refusal === "" ? {} : { finishMessage: refusal }),
    ...(grounding ? { groundingMetadata: grounding } : {}),
    ...(logprobs.length > 0 ? { logprobsResult: buildLogprobs(logprobs) } : {}),
    ...kept,
  };
}

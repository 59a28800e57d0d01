/** A whole answer for a client. */
import type { Item } from "../../model/chat.ts";
import type { Answer } from "../../model/event.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { ReplyContext } from "../protocol.ts";
import { answerId, buildAnnotations, buildAnswerCall, buildImages, ownFields } from "./answer-shape.ts";
import { buildFinish } from "./finish.ts";
import { buildDetails } from "./reasoning.ts";
import { buildUsage } from "./usage.ts";

export function buildResponse(answers: Answer[], context: ReplyContext): JsonObject {
  const first = answers[0];
  const id = first && first.id !== "" ? first.id : context.requestId;
  return {
    id: answerId(id),
    object: "chat.completion",
    created: first?.created || context.now,
    model: context.request.model,
    choices: answers.map(buildChoice),
    ...(first?.usage ? { usage: buildUsage(first.usage) } : {}),
    ...ownFields(first?.ext),
  };
}

function buildChoice(answer: Answer, index: number): JsonObject {
  const calls = answer.items.filter((item) => item.type === "call");
  return {
    index,
    message: buildMessage(answer, calls.map(buildAnswerCall)),
    logprobs: buildLogprobs(answer.items),
    finish_reason: buildFinish(answer.finish, calls.length > 0),
  };
}

function buildMessage(answer: Answer, calls: JsonObject[]): JsonObject {
  const messages = answer.items.filter((item) => item.type === "message");
  const blocks = messages.flatMap((item) => item.blocks);
  const texts = blocks.filter((block) => block.type === "text");
  const refused = blocks.filter((block) => block.type === "refusal").map((block) => block.text);
  if (answer.refusal !== undefined) refused.push(answer.refusal);
  const annotations: Json[] = [];
  let offset = 0;
  for (const item of messages) {
    const { list, length } = buildAnnotations(item, offset);
    annotations.push(...list);
    offset += length;
  }
  const late = answer.ext?.chat?.annotations;
  if (Array.isArray(late)) annotations.push(...late);
  const images = buildImages(blocks);
  return {
    role: "assistant",
    content: texts.length === 0 ? null : texts.map((block) => block.text).join(""),
    refusal: refused.length === 0 ? null : refused.join(""),
    ...buildReasoning(answer.items),
    ...(annotations.length === 0 ? {} : { annotations }),
    ...(images.length === 0 ? {} : { images }),
    ...Object.assign({}, ...messages.map((item) => item.ext?.chat)),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function buildReasoning(items: Item[]): JsonObject {
  const text: string[] = [];
  const details: Json[] = [];
  let offset = 0;
  for (const item of items) {
    if (item.type === "message") offset += buildAnnotations(item, offset).length;
    if (item.type !== "reasoning") continue;
    text.push(...item.text.map((part) => part.text).filter((part) => part !== ""));
    details.push(...buildDetails(item, details.length, offset));
  }
  return {
    ...(text.length === 0 ? {} : { reasoning_content: text.join("\n\n") }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  };
}

function buildLogprobs(items: Item[]): Json {
  const content = items
    .flatMap((item) => (item.type === "message" ? item.blocks : []))
    .flatMap((block) => (block.type === "text" ? (block.logprobs ?? []) : []));
  return content.length === 0 ? null : { content, refusal: null };
}

/** Answers as legacy completions. What has no place in one (reasoning, annotations) is left out. */
import type { Block, Item } from "../../model/chat.ts";
import type { Answer } from "../../model/event.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { buildFinish } from "../chat/finish.ts";
import { buildUsage } from "../chat/usage.ts";
import type { ReplyContext } from "../protocol.ts";
import { isObject } from "../read.ts";

export function buildResponse(answers: Answer[], context: ReplyContext): JsonObject {
  const first = answers[0];
  const echo = echoOf(context);
  return {
    id: completionId(first?.id || context.requestId),
    object: "text_completion",
    created: first?.created || context.now,
    model: context.request.model,
    choices: answers.map((answer, index) => {
      const logprobs = answer.items
        .flatMap(textsOf)
        .flatMap((block) => ("logprobs" in block ? (block.logprobs ?? []) : []));
      return {
        text:
          echo +
          answer.items
            .flatMap(textsOf)
            .map((block) => ("text" in block ? block.text : ""))
            .join(""),
        index,
        logprobs: logprobs.length === 0 ? null : buildLogprobs(logprobs, echo.length),
        finish_reason: buildFinish(answer.finish, false),
      };
    }),
    ...(first?.usage ? { usage: buildUsage(first.usage) } : {}),
  };
}

export function completionId(id: string): string {
  return `cmpl-${id.replace(/^(?:chatcmpl|cmpl)-/, "")}`;
}

export function echoOf({ request }: ReplyContext): string {
  const echo = request.ext?.completions?.echo;
  return typeof echo === "string" ? echo : "";
}

function textsOf(item: Item): Block[] {
  return item.type === "message" ? item.blocks.filter(({ type }) => type === "text" || type === "refusal") : [];
}

/** Chat's list of tokens as the four parallel lists; `offset` is where the first token begins in the text. */
export function buildLogprobs(tokens: readonly Json[], offset: number): JsonObject {
  const lists: Record<"tokens" | "token_logprobs" | "top_logprobs" | "text_offset", Json[]> = {
    ...{ tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] },
  };
  let at = offset;
  for (const token of tokens) {
    if (!isObject(token) || typeof token.token !== "string") continue;
    const top = Array.isArray(token.top_logprobs) ? token.top_logprobs.filter(isObject) : [];
    lists.tokens.push(token.token);
    lists.token_logprobs.push(token.logprob ?? null);
    lists.top_logprobs.push(Object.fromEntries(top.map((one) => [String(one.token), one.logprob ?? null])));
    lists.text_offset.push(at);
    at += token.token.length;
  }
  return lists;
}

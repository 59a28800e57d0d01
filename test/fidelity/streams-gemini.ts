/** Streams of Gemini: chunks have the form of whole answers. */

import { answerDialects } from "./answers.ts";
import { isObject, listOf } from "./dialect.ts";
import type { StreamDialect } from "./stream-dialect.ts";

export const geminiStreams: StreamDialect = {
  ...answerDialects.gemini,
  complete: (body) => body,
  frames(body) {
    const chunk = answerDialects.gemini.complete(structuredClone(body));
    const ended = listOf(body.candidates).some(
      (one) => one.finishReason !== undefined || one.finishMessage !== undefined,
    );
    if (ended || isObject(body.promptFeedback)) return [chunk];
    for (const one of listOf(chunk.candidates)) delete one.finishReason;
    const head = { responseId: chunk.responseId ?? "r", modelVersion: chunk.modelVersion ?? "m" };
    const [{ index = 0 } = {}] = listOf(chunk.candidates);
    const last = { content: { role: "model", parts: [{ text: "" }] }, finishReason: "STOP", index };
    return [
      chunk,
      { ...head, candidates: [last], ...(chunk.usageMetadata ? { usageMetadata: chunk.usageMetadata } : {}) },
    ];
  },
};

/**
 * The provider's answer to events, chunk by chunk. Some models write a finish reason into every chunk, so the finish is
 * told when the stream ends, and only if there was one.
 */

import { sha256Base32 } from "../../kit/hash.ts";
import { parseJson } from "../../kit/json.ts";
import type { Frame, Machine } from "../../kit/sse.ts";
import { collect } from "../../model/collect.ts";
import { GatewayError } from "../../model/error.ts";
import type { Answer, ChatEvent } from "../../model/event.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject, remainder } from "../read.ts";
import { Candidate, candidateIndex } from "./candidate.ts";
import { errorOfBody } from "./parse-error.ts";
import { camel, textOr } from "./read.ts";
import { parseUsage } from "./usage.ts";

/** Members whose values are a tool's own JSON. */
export const exactKeys = ["args", "response"] as const;

const headKeys = new Set(["candidates", "usageMetadata", "modelVersion", "responseId"]);

export class Decoder implements Machine<Frame, ChatEvent> {
  private events: ChatEvent[] = [];
  private started = false;
  private failed = false;
  private answerId = "";
  private blocked: string | undefined;
  private readonly candidates = new Map<number, Candidate>();
  private readonly isWhole: boolean;

  /** `isWhole`: what comes is one complete answer, which some models leave without a finish reason. */
  constructor(isWhole = false) {
    this.isWhole = isWhole;
  }

  push(frame: Frame): ChatEvent[] {
    if (this.failed || frame.data === "[DONE]" || frame.data.trim() === "") return [];
    try {
      this.value(parseJson(frame.data, exactKeys) as Json);
    } catch (error) {
      const known = error instanceof GatewayError && error.code === "upstream-failed";
      this.fail(known ? error : broken("The provider's stream is not as its protocol says.", error));
    }
    return this.take();
  }

  end(): ChatEvent[] {
    if (this.failed) return this.take();
    const open = [...this.candidates].sort(([one], [other]) => one - other);
    const cut = open.find(([, candidate]) => !candidate.finished && !(this.isWhole && candidate.spoke));
    if (cut || (open.length === 0 && this.blocked === undefined)) {
      this.fail(broken("The provider's stream broke off before its end."));
      return this.take();
    }
    for (const [, candidate] of open) this.events.push(...candidate.end());
    if (open.length === 0) this.events.push({ type: "finish", reason: "filter", refusal: this.blocked ?? "" });
    return this.take();
  }

  /** One chunk; some servers put it into a list. */
  value(value: Json): void {
    if (Array.isArray(value)) {
      for (const one of value) this.value(one);
      return;
    }
    if (this.failed) return;
    if (!isObject(value)) throw new TypeError("a frame holds no object");
    const error = errorOfBody(value);
    if (error) this.fail(error);
    // Google's own wrapper for subscriptions puts the chunk one level deeper.
    else this.chunk(camel(isObject(value.response) && !("candidates" in value) ? value.response : value));
  }

  take(): ChatEvent[] {
    const events = this.events;
    this.events = [];
    return events;
  }

  private fail(error: GatewayError): void {
    if (this.failed) return;
    this.failed = true;
    this.events.push({ type: "error", error });
  }

  private chunk(json: JsonObject): void {
    this.start(json);
    const feedback = isObject(json.promptFeedback) ? camel(json.promptFeedback) : {};
    const reason = textOr(feedback.blockReason);
    if (reason !== "" && reason !== "BLOCK_REASON_UNSPECIFIED") {
      this.blocked = textOr(feedback.blockReasonMessage) || `The provider blocked the prompt: ${reason}.`;
    }
    for (const entry of Array.isArray(json.candidates) ? json.candidates : []) {
      if (isObject(entry)) this.candidate(camel(entry));
    }
    const usage = isObject(json.usageMetadata) ? parseUsage(json.usageMetadata) : undefined;
    if (usage && !this.failed) this.events.push({ type: "usage", usage });
  }

  private start(json: JsonObject): void {
    if (this.started) return;
    this.started = true;
    const id = textOr(json.responseId);
    // Ids of calls must differ from turn to turn: where nothing names the answer, its first chunk does.
    this.answerId = id === "" ? sha256Base32(JSON.stringify(json)) : id;
    const created = Date.parse(textOr(json.createTime));
    const ext = remainder(json, headKeys);
    this.events.push({
      type: "start",
      id,
      model: textOr(json.modelVersion),
      created: Number.isNaN(created) ? 0 : Math.floor(created / 1000),
      ...(ext ? { ext: { gemini: ext } } : {}),
    });
  }

  private candidate(json: JsonObject): void {
    if (this.failed) return;
    const index = candidateIndex(json);
    let candidate = this.candidates.get(index);
    if (!candidate) {
      candidate = new Candidate(index);
      this.candidates.set(index, candidate);
    }
    const { events, error } = candidate.push(json, this.answerId);
    this.events.push(...events);
    if (error) this.fail(error);
  }
}

function broken(words: string, cause?: unknown): GatewayError {
  return new GatewayError("upstream-failed", words, cause === undefined ? {} : { cause });
}

/** A whole answer, also the list of chunks that a stream without `alt=sse` is. Throws `upstream-failed`. */
export function parseResponse(body: Json): Answer[] {
  const decoder = new Decoder(!Array.isArray(body));
  try {
    decoder.value(body);
  } catch (error) {
    if (error instanceof GatewayError && error.code === "upstream-failed") throw error;
    throw broken("The provider's answer is not as its protocol says.", error);
  }
  return collect([...decoder.take(), ...decoder.end()]);
}

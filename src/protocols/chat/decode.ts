/** A provider's stream as canonical events. Never throws: what is no proper stream ends in one error event. */
import type { Frame, Machine } from "../../kit/sse.ts";
import { GatewayError } from "../../model/error.ts";
import type { ChatEvent } from "../../model/event.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { Candidate } from "./decode-candidate.ts";
import { isFailure } from "./finish.ts";
import { hiddenError } from "./parse-error.ts";
import { parseUsage } from "./usage.ts";
import { isObject, numberOf, stringOf } from "./wire.ts";

const standard = new Set(["id", "object", "created", "model", "choices", "usage", "x_groq", "obfuscation", "error"]);

export class ChatDecoder implements Machine<Frame, ChatEvent> {
  private out: ChatEvent[] = [];
  private readonly candidates = new Map<number, Candidate>();
  private answerId = "";
  private started = false;
  private over = false;
  private lastUsage = "";

  push(frame: Frame): ChatEvent[] {
    if (this.over) return [];
    const data = frame.data.trim();
    if (data === "[DONE]") return this.close(true);
    if (data === "") return [];
    let json: Json;
    try {
      json = JSON.parse(data) as Json;
    } catch (cause) {
      return this.fail(new GatewayError("upstream-failed", "The provider sent a frame that is not JSON.", { cause }));
    }
    const error = hiddenError(json, frame.event);
    if (error) {
      if (isObject(json) && this.started) this.usage(json);
      return this.fail(error);
    }
    return isObject(json) ? this.chunk(json) : [];
  }

  /** One parsed chunk, or a whole answer in a chunk's form. */
  chunk(json: JsonObject): ChatEvent[] {
    this.read(json);
    return this.take();
  }

  /** The end of the input, without `[DONE]`. */
  end(): ChatEvent[] {
    return this.over ? [] : this.close(false);
  }

  /** `done`: the provider itself said that this is the end, which stands for a missing finish reason. */
  private close(done: boolean): ChatEvent[] {
    const ended = [...this.candidates.values()].some(
      (candidate) => candidate.finishWord !== undefined || (done && candidate.hasContent),
    );
    if (!ended) {
      return this.fail(new GatewayError("upstream-failed", "The provider ended the answer without a finish reason."));
    }
    this.finish();
    this.over = true;
    return this.take();
  }

  private take(): ChatEvent[] {
    const events = this.out;
    this.out = [];
    return events;
  }

  private fail(error: GatewayError): ChatEvent[] {
    this.over = true;
    return [...this.take(), { type: "error", error }];
  }

  private read(json: JsonObject): void {
    const choices = Array.isArray(json.choices) ? json.choices : undefined;
    // Azure opens with an empty chunk that has neither choices nor an id.
    if (!this.started && (choices?.length || stringOf(json.id))) this.start(json);
    for (const choice of choices ?? []) {
      if (isObject(choice)) this.choice(choice);
      if (this.over) return;
    }
    this.usage(json);
    const late = this.started && choices?.length === 0 && isObject(json.usage);
    if (late && this.candidates.size > 0 && this.allTold()) this.finish();
  }

  private allTold(): boolean {
    return [...this.candidates.values()].every((candidate) => candidate.finishWord !== undefined);
  }

  private start(json: JsonObject): void {
    this.started = true;
    this.answerId = stringOf(json.id) ?? "";
    const ext = extOf(json);
    this.out.push({
      type: "start",
      id: this.answerId,
      model: stringOf(json.model) ?? "",
      created: numberOf(json.created) ?? 0,
      ...(ext ? { ext: { chat: ext } } : {}),
    });
  }

  private choice(choice: JsonObject): void {
    const index = choiceIndex(choice.index);
    let candidate = this.candidates.get(index);
    if (!candidate) {
      candidate = new Candidate(index, this.answerId, (event) => this.out.push(event));
      this.candidates.set(index, candidate);
    }
    const body = isObject(choice.delta) ? choice.delta : choice.message;
    if (isObject(body)) candidate.add(body, choice.logprobs);
    const word = stringOf(choice.finish_reason);
    if (word === undefined) return;
    const error =
      choice.error === undefined || choice.error === null ? undefined : hiddenError({ error: choice.error });
    if (error || isFailure(word)) {
      const message = `The provider ended the answer with ${JSON.stringify(word)}.`;
      this.out.push({ type: "error", error: error ?? new GatewayError("upstream-failed", message) });
      this.over = true;
      return;
    }
    candidate.stop(word, stringOf(choice.stop_reason) ?? stringOf(choice.matched_stop));
    if (isObject(choice.usage)) this.usage(choice);
  }

  private usage(json: JsonObject): void {
    const groq = isObject(json.x_groq) ? json.x_groq.usage : undefined;
    const found = isObject(json.usage) ? json.usage : isObject(groq) ? groq : undefined;
    const usage = found && parseUsage(found, json.service_tier);
    if (!usage) return;
    const text = JSON.stringify(found);
    if (text === this.lastUsage) return;
    this.lastUsage = text;
    this.out.push({ type: "usage", usage });
  }

  private finish(): void {
    for (const candidate of this.candidates.values()) candidate.close();
  }
}

/** What is no member of the protocol: fingerprints, tiers, routers' own fields. */
function extOf(json: JsonObject): JsonObject | undefined {
  let ext: JsonObject | undefined;
  for (const [key, value] of Object.entries(json)) {
    if (standard.has(key) || value === null || value === undefined) continue;
    ext ??= {};
    ext[key] = value;
  }
  return ext;
}

/** At most 128 answers can be asked for; whoever counts otherwise gives one. */
function choiceIndex(value: unknown): number {
  const index = numberOf(value) ?? 0;
  return Number.isInteger(index) && index >= 0 && index < 128 ? index : 0;
}

/** The canonical stream as legacy completion chunks: text, one finish for each candidate, usage when asked for, `[DONE]`. */
import type { Frame } from "../../kit/sse.ts";
import { GatewayError } from "../../model/error.ts";
import type { ChatEvent } from "../../model/event.ts";
import type { Json } from "../../model/json.ts";
import { emptyUsage, type Usage } from "../../model/usage.ts";
import { errorBody } from "../chat/error.ts";
import { buildFinish } from "../chat/finish.ts";
import { buildUsage } from "../chat/usage.ts";
import type { Encoder, ReplyContext } from "../protocol.ts";
import { buildLogprobs, completionId, echoOf } from "./response.ts";

type EventOf<Type extends ChatEvent["type"]> = Extract<ChatEvent, { type: Type }>;

export class CompletionsEncoder implements Encoder {
  private readonly context: ReplyContext;
  /** Everything before the list of choices. */
  private head = "";
  private usage: Usage | undefined;
  /** Characters that each candidate has said, and those that have finished. */
  private readonly said = new Map<number, number>();
  private readonly finished = new Set<number>();
  private isOver = false;

  constructor(context: ReplyContext) {
    this.context = context;
  }

  open(): Frame[] {
    return this.head === "" && !this.isOver ? this.begin(this.context.requestId, this.context.now) : [];
  }

  push(event: ChatEvent): Frame[] {
    if (this.isOver) return [];
    switch (event.type) {
      case "start": {
        const { requestId, now } = this.context;
        return this.head === "" ? this.begin(event.id || requestId, event.created || now) : [];
      }
      case "text-delta":
        return this.text(event);
      case "refusal-delta":
        return event.text === "" ? [] : this.chunk(event.c ?? 0, event.text);
      case "usage":
        this.usage = { ...(this.usage ?? emptyUsage()), ...event.usage };
        return [];
      case "finish":
        return this.finish(event);
      case "error":
        return this.fail(event.error);
      default:
        return [];
    }
  }

  end(): Frame[] {
    if (this.isOver) return [];
    if (this.finished.size === 0 || [...this.said.keys()].some((c) => !this.finished.has(c))) {
      return this.fail(new GatewayError("upstream-failed", "The answer ended before it was complete."));
    }
    this.isOver = true;
    const isAsked = this.context.request.includeUsage && this.usage;
    const usage =
      isAsked && this.usage ? [{ data: `${this.head}],"usage":${JSON.stringify(buildUsage(this.usage))}}` }] : [];
    return [...usage, { data: "[DONE]" }];
  }

  fail(error: GatewayError): Frame[] {
    if (this.isOver) return [];
    this.isOver = true;
    return [{ data: JSON.stringify(errorBody(error)) }];
  }

  private begin(id: string, created: number): Frame[] {
    const top = { id: completionId(id), object: "text_completion", created, model: this.context.request.model };
    this.head = `${JSON.stringify(top).slice(0, -1)},"choices":[`;
    const echo = echoOf(this.context);
    const count = Math.max(1, this.context.request.sampling.n ?? 1);
    return echo === "" ? [] : Array.from({ length: count }, (_, c) => this.chunk(c, echo)).flat();
  }

  private text(event: EventOf<"text-delta">): Frame[] {
    if (event.text === "" && !event.logprobs) return [];
    return this.chunk(event.c ?? 0, event.text, event.logprobs);
  }

  private chunk(c: number, text: string, tokens: readonly Json[] = []): Frame[] {
    const offset = this.said.get(c) ?? 0;
    this.said.set(c, offset + text.length);
    const logprobs = tokens.length === 0 ? null : buildLogprobs(tokens, offset);
    return [this.frame({ text, index: c, logprobs, finish_reason: null })];
  }

  private finish(event: EventOf<"finish">): Frame[] {
    const c = event.c ?? 0;
    if (this.finished.has(c)) return [];
    this.finished.add(c);
    return [this.frame({ text: "", index: c, logprobs: null, finish_reason: buildFinish(event.reason, false) })];
  }

  private frame(choice: object): Frame {
    return { data: `${this.head}${JSON.stringify(choice)}]}` };
  }
}

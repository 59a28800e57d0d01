/**
 * The canonical stream as chunks for a client. A role chunk first, calls numbered densely, one finish for each
 * candidate, usage last when asked for, then `[DONE]`; after an error only the error.
 */

import type { Frame } from "../../kit/sse.ts";
import type { CallItem } from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { ChatEvent } from "../../model/event.ts";
import type { JsonObject } from "../../model/json.ts";
import { emptyUsage, type Usage } from "../../model/usage.ts";
import { safeId } from "../ids.ts";
import type { Encoder, ReplyContext } from "../protocol.ts";
import { answerId, buildAnnotations, buildImages, extraContent, ownFields } from "./answer-shape.ts";
import { errorBody } from "./error.ts";
import { buildFinish } from "./finish.ts";
import { buildDetails } from "./reasoning.ts";
import { buildUsage } from "./usage.ts";

interface CandidateState {
  /** Ordinals of the calls by item index. */
  calls: Map<number, number>;
  /** Items whose arguments are not streamed: custom calls go out whole at their end. */
  custom: Set<number>;
  /** Calls whose arguments began to flow. */
  flowing: Set<number>;
  /** Code points of text of the messages that have ended. */
  offset: number;
  /** Entries of reasoning_details so far. */
  details: number;
  reasoned: boolean;
  /** Item and part of the reasoning that came last. */
  lastPart: string;
  finished: boolean;
}

export class ChatEncoder implements Encoder {
  private readonly candidates = new Map<number, CandidateState>();
  private readonly tail: string;
  private readonly finishTail: string;
  private id = "";
  private created = 0;
  private ext: JsonObject = {};
  /** Everything before the index of the choice. */
  private head = "";
  /** Everything before the delta, for the first candidate: the hot path. */
  private firstHead = "";
  private usage: Usage | undefined;
  private over = false;

  constructor(private readonly context: ReplyContext) {
    const usage = context.request.includeUsage ? ',"usage":null' : "";
    this.tail = `,"finish_reason":null}]${usage}}`;
    this.finishTail = `}]${usage}}`;
  }

  open(): Frame[] {
    if (this.head !== "" || this.over) return [];
    return this.begin(this.context.requestId, this.context.now);
  }

  push(event: ChatEvent): Frame[] {
    if (this.over) return [];
    switch (event.type) {
      case "text-delta":
        return this.text(event);
      case "args-delta":
        return this.args(event.c ?? 0, event.index, event.text);
      case "reasoning-delta":
        return this.reasoning(event);
      case "start":
        if (event.ext?.chat) this.addExt(event.ext.chat);
        return this.head === ""
          ? this.begin(event.id || this.context.requestId, event.created || this.context.now)
          : [];
      case "item-start":
        return event.item.type === "call" ? this.startCall(event.c ?? 0, event.index, event.item) : [];
      case "refusal-delta":
        return this.delta(event.c ?? 0, `{"refusal":${JSON.stringify(event.text)}}`);
      case "item-end":
        return this.endItem(event);
      case "usage":
        this.usage = { ...(this.usage ?? emptyUsage()), ...event.usage };
        return [];
      case "meta":
        return this.meta(event);
      case "finish":
        return this.finish(event);
      case "error":
        return this.fail(event.error);
      default:
        return [];
    }
  }

  end(): Frame[] {
    if (this.over) return [];
    const unfinished = [...this.candidates.values()].some((state) => !state.finished);
    if (this.candidates.size === 0 || unfinished) {
      return this.fail(new GatewayError("upstream-failed", "The answer ended before it was complete."));
    }
    this.over = true;
    const frames: Frame[] = [];
    if (this.context.request.includeUsage && this.usage) {
      frames.push({ data: `${this.head}],"usage":${JSON.stringify(buildUsage(this.usage))}}` });
    }
    frames.push({ data: "[DONE]" });
    return frames;
  }

  fail(error: GatewayError): Frame[] {
    if (this.over) return [];
    this.over = true;
    return [{ data: JSON.stringify(errorBody(error)) }];
  }

  private begin(id: string, created: number): Frame[] {
    this.id = answerId(id);
    this.created = created;
    this.buildHead();
    const frames: Frame[] = [];
    const count = Math.max(1, this.context.request.sampling.n ?? 1);
    for (let c = 0; c < count; c++) frames.push(...this.role(c));
    return frames;
  }

  private buildHead(): void {
    const top: JsonObject = {
      id: this.id,
      object: "chat.completion.chunk",
      created: this.created,
      model: this.context.request.model,
      ...this.ext,
    };
    this.head = `${JSON.stringify(top).slice(0, -1)},"choices":[`;
    this.firstHead = `${this.head}{"index":0,"delta":`;
  }

  private addExt(fields: JsonObject): void {
    this.ext = { ...this.ext, ...ownFields({ chat: fields }) };
    if (this.head !== "") this.buildHead();
  }

  private role(c: number): Frame[] {
    this.candidates.set(c, {
      calls: new Map(),
      custom: new Set(),
      flowing: new Set(),
      offset: 0,
      details: 0,
      reasoned: false,
      lastPart: "",
      finished: false,
    });
    return [this.chunk(c, '{"role":"assistant","content":"","refusal":null}')];
  }

  private chunk(c: number, delta: string): Frame {
    if (c === 0) return { data: this.firstHead + delta + this.tail };
    return { data: `${this.head}{"index":${c},"delta":${delta}${this.tail}` };
  }

  /** A candidate that the request did not announce gets its role chunk before its first delta. */
  private delta(c: number, delta: string): Frame[] {
    const frames = this.candidates.has(c) ? [] : this.role(c);
    frames.push(this.chunk(c, delta));
    return frames;
  }

  private state(c: number): CandidateState {
    if (!this.candidates.has(c)) throw new GatewayError("internal", `Candidate ${c} was not opened.`);
    return this.candidates.get(c) as CandidateState;
  }

  private text(event: Extract<ChatEvent, { type: "text-delta" }>): Frame[] {
    const c = event.c ?? 0;
    const delta = `{"content":${JSON.stringify(event.text)}}`;
    if (event.logprobs === undefined) return event.text === "" ? [] : this.delta(c, delta);
    const logprobs = JSON.stringify({ content: event.logprobs, refusal: null });
    return this.delta(c, `${delta},"logprobs":${logprobs}`);
  }

  private reasoning(event: Extract<ChatEvent, { type: "reasoning-delta" }>): Frame[] {
    if (event.text === "") return [];
    const c = event.c ?? 0;
    const frames = this.candidates.has(c) ? [] : this.role(c);
    const state = this.state(c);
    const part = `${event.index}.${event.part}`;
    const gap = state.reasoned && state.lastPart !== part ? "\n\n" : "";
    state.reasoned = true;
    state.lastPart = part;
    frames.push(this.chunk(c, `{"reasoning_content":${JSON.stringify(gap + event.text)}}`));
    return frames;
  }

  private startCall(c: number, index: number, call: CallItem): Frame[] {
    const frames = this.candidates.has(c) ? [] : this.role(c);
    const { calls, custom } = this.state(c);
    const ordinal = calls.size;
    calls.set(index, ordinal);
    if (call.kind === "custom") {
      custom.add(index);
      return frames;
    }
    const body = {
      index: ordinal,
      id: safeId(call.callId),
      type: "function",
      function: { name: call.name, arguments: "" },
    };
    frames.push(this.chunk(c, `{"tool_calls":[${JSON.stringify(body)}]}`));
    return frames;
  }

  private args(c: number, index: number, text: string): Frame[] {
    const state = this.candidates.get(c);
    const ordinal = state?.calls.get(index);
    if (!state || ordinal === undefined || text === "" || state.custom.has(index)) return [];
    state.flowing.add(index);
    return [this.chunk(c, `{"tool_calls":[{"index":${ordinal},"function":{"arguments":${JSON.stringify(text)}}}]}`)];
  }

  private endItem(event: Extract<ChatEvent, { type: "item-end" }>): Frame[] {
    const c = event.c ?? 0;
    const { item, index } = event;
    const frames = this.candidates.has(c) ? [] : this.role(c);
    const state = this.state(c);
    if (item.type === "message") {
      const { list, length } = buildAnnotations(item, state.offset);
      state.offset += length;
      if (list.length > 0) frames.push(this.chunk(c, JSON.stringify({ annotations: list })));
      const images = buildImages(item.blocks);
      if (images.length > 0) frames.push(this.chunk(c, JSON.stringify({ images })));
      if (item.ext?.chat) frames.push(this.chunk(c, JSON.stringify(item.ext.chat)));
    } else if (item.type === "reasoning") {
      const details = buildDetails(item, state.details, state.offset);
      state.details += details.length;
      if (details.length > 0) frames.push(this.chunk(c, JSON.stringify({ reasoning_details: details })));
    } else if (item.type === "call") frames.push(...this.endCall(c, index, item));
    return frames;
  }

  private endCall(c: number, index: number, call: CallItem): Frame[] {
    const state = this.state(c);
    const ordinal = state.calls.get(index);
    if (ordinal === undefined) return [];
    if (call.kind === "custom") {
      const custom = { name: call.name, input: call.args };
      const body = { index: ordinal, id: safeId(call.callId), type: "custom", custom };
      return [this.chunk(c, `{"tool_calls":[${JSON.stringify(body)}]}`)];
    }
    const frames: Frame[] = [];
    if (!state.flowing.has(index) && !(call.incomplete && call.args === "")) {
      const args = call.args === "" ? "{}" : call.args;
      state.flowing.add(index);
      frames.push(...this.args(c, index, args));
    }
    const extra = extraContent(call);
    if (extra.extra_content !== undefined) {
      // A delta of a call without `function` is none to clients that validate.
      const body = { index: ordinal, function: { arguments: "" }, ...extra };
      frames.push(this.chunk(c, JSON.stringify({ tool_calls: [body] })));
    }
    return frames;
  }

  private meta(event: Extract<ChatEvent, { type: "meta" }>): Frame[] {
    if (event.ext?.chat) this.addExt(event.ext.chat);
    const annotations = event.ext?.chat?.annotations;
    if (Array.isArray(annotations)) return this.delta(event.c ?? 0, JSON.stringify({ annotations }));
    const refusal = event.logprobs?.refusal;
    if (!refusal) return [];
    return this.delta(event.c ?? 0, `{},"logprobs":${JSON.stringify({ content: null, refusal })}`);
  }

  private finish(event: Extract<ChatEvent, { type: "finish" }>): Frame[] {
    const c = event.c ?? 0;
    const frames = this.candidates.has(c) ? [] : this.role(c);
    const state = this.state(c);
    if (state.finished) return frames;
    state.finished = true;
    if (event.ext?.chat) this.addExt(event.ext.chat);
    if (event.refusal) frames.push(this.chunk(c, `{"refusal":${JSON.stringify(event.refusal)}}`));
    const reason = JSON.stringify(buildFinish(event.reason, state.calls.size > 0));
    frames.push({ data: `${this.head}{"index":${c},"delta":{},"finish_reason":${reason}${this.finishTail}` });
    return frames;
  }
}

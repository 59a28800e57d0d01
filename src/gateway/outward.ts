/**
 * The last step before an answer is encoded for a client of another protocol: tool names and property keys get their own
 * spelling back, emulated custom tools their raw text, call ids a form that every protocol takes, seals an envelope.
 * Events of a stream and items of a whole answer alike.
 */
import type { CallItem, ChatRequest, Item, Seal } from "../model/chat.ts";
import { type Answer, type ChatEvent, isPiece } from "../model/event.ts";
import { nativeCall } from "../protocols/emulated-tools.ts";
import { safeId } from "../protocols/ids.ts";
import { type ToolNames, toolNames } from "../protocols/names.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { CallSeals } from "./call-seals.ts";
import { type SealRing, wrapSeal } from "./seals.ts";

export interface OutwardOptions {
  ring: SealRing;
  /** Protocol that the provider spoke, and the client. */
  from: Protocol;
  to: Protocol;
  scope: string;
  request: ChatRequest;
}

export class Outward {
  private readonly options: OutwardOptions;
  private readonly names: ToolNames;
  /** Present when the client's protocol has no place for seals on calls or on texts. */
  private readonly callSeals: CallSeals | undefined;

  constructor(options: OutwardOptions) {
    this.options = options;
    this.names = toolNames(options.request.tools, options.from.names, options.from.keys);
    const { from, to, request } = options;
    const leads = from !== to && to.opensWithReasoning === true && request.reasoning?.mode === "budget";
    this.callSeals = to.sealsTexts
      ? undefined
      : new CallSeals({ keepsCalls: to.sealsCalls ?? false, ...(leads ? { lead: noSeal(from) } : {}) });
  }

  events(events: readonly ChatEvent[]): readonly ChatEvent[] {
    const placed = this.callSeals?.events(events) ?? events;
    if (this.wrapped.size === 0 && placed.every(isPiece)) return placed;
    return placed.flatMap((event) => this.event(event));
  }

  answers(answers: Answer[]): Answer[] {
    return answers.map((answer) => {
      const items = this.callSeals?.items(answer.items) ?? answer.items;
      return { ...answer, items: items.map((item) => this.item(item)) };
    });
  }

  /** Calls whose arguments are rewritten, which takes the whole of them. */
  private readonly wrapped = new Set<string>();

  private event(event: ChatEvent): ChatEvent[] {
    switch (event.type) {
      case "item-start": {
        if (event.item.type !== "call") return [event];
        const item = this.call(event.item);
        const emulated = this.emulated(event.item);
        if (emulated || this.names.keysOf(event.item.name)) this.wrapped.add(slot(event));
        return [{ ...event, item: emulated ? { ...item, kind: emulated } : item }];
      }
      case "args-delta":
        return this.wrapped.has(slot(event)) ? [] : [event];
      case "seal":
        return [{ ...event, seal: this.seal(event.seal) }];
      case "item-end":
        return this.itemEnd(event);
      default:
        return [event];
    }
  }

  private itemEnd(event: ChatEvent & { type: "item-end" }): ChatEvent[] {
    const item = this.item(event.item);
    const end: ChatEvent = { ...event, item };
    const place = { ...(event.c === undefined ? {} : { c: event.c }), index: event.index };
    if (item.type === "call" && this.wrapped.delete(slot(event))) {
      return [{ type: "args-delta", ...place, text: item.args }, end];
    }
    const wasBare = event.item.type === "reasoning" && event.item.seals.length === 0;
    if (!wasBare || item.type !== "reasoning" || !item.seals[0]) return [end];
    return [{ type: "seal", ...place, seal: item.seals[0] }, end];
  }

  private item(item: Item): Item {
    if (item.type === "call") return this.call(item);
    if (item.type !== "reasoning" || this.options.from === this.options.to) return item;
    // Reasoning without a seal gets an empty one: client protocols want the field filled, and it is dropped on return.
    const seals = item.seals.length > 0 ? item.seals : [noSeal(this.options.from)];
    return { ...item, seals: seals.map((seal) => this.seal(seal)) };
  }

  private call(item: CallItem): CallItem {
    const out: CallItem = { ...item, callId: safeId(item.callId), name: this.names.fromWire(item.name) };
    const namespace = this.names.toolOf(item.name)?.namespace;
    if (namespace !== undefined) out.namespace = namespace;
    const seals = item.seals ?? this.missing();
    if (seals) out.seals = seals.map((seal) => this.seal(seal));
    if (this.emulated(item)) return nativeCall(out, this.names.toolOf(item.name));
    out.args = this.names.keysOf(item.name)?.fromWire(item.args) ?? item.args;
    return out;
  }

  /** A client of Google sends its calls to Google as they are: those of others are told by an empty seal. */
  private missing(): Seal[] | undefined {
    const { from, to } = this.options;
    return to.sealsTexts && from !== to ? [{ origin: from.name, form: "thought", bytes: "" }] : undefined;
  }

  /** What the client's tool is that the provider knows as a function. */
  private emulated({ kind, name }: CallItem): Exclude<CallItem["kind"], "function"> | undefined {
    const tool = kind === "function" ? this.names.toolOf(name)?.kind : undefined;
    return tool === "function" || tool === "server" ? undefined : tool;
  }

  private seal(seal: Seal): Seal {
    const { from, to, ring, scope } = this.options;
    return from === to ? seal : { ...seal, bytes: wrapSeal(ring, { ...seal, scope }) };
  }
}

function noSeal({ name }: Protocol): Seal {
  return { origin: name, form: "signature", bytes: "" };
}

function slot(event: { c?: number; index: number }): string {
  return `${event.c ?? 0}.${event.index}`;
}

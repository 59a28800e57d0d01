/**
 * The canonical stream as events for a client: created and in_progress first, items in their order, one terminal event
 * that holds the whole response; after an error `response.failed` and nothing else.
 */
import type { Frame } from "../../kit/sse.ts";
import type { CallItem, Item } from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { ChatEvent, FinishReason } from "../../model/event.ts";
import type { JsonObject } from "../../model/json.ts";
import { emptyUsage, type Usage } from "../../model/usage.ts";
import { errorBody } from "../chat/error.ts";
import type { Encoder, ReplyContext } from "../protocol.ts";
import { groundedSearch, type SearchTrace, type Trace, Traces } from "../server-traces.ts";
import { buildDrawn } from "./drawn.ts";
import { echoOf } from "./echo.ts";
import { Frames } from "./encode-frames.ts";
import { buildCall, OpenCall, type OpenItem, OpenMessage, OpenReasoning } from "./encode-items.ts";
import { mintedId, responseId } from "./ids.ts";
import { buildStatus } from "./status.ts";
import { buildTrace, tracePrefix } from "./traces.ts";
import { buildUsage } from "./usage.ts";

type Of<T extends ChatEvent["type"]> = Extract<ChatEvent, { type: T }>;

interface Shown {
  open: OpenItem;
  outputIndex: number;
}

export class ResponsesEncoder implements Encoder {
  /** The response object as the last event held it. */
  response: JsonObject = {};
  private readonly frames = new Frames();
  private readonly items = new Map<number, Shown>();
  private readonly output: JsonObject[] = [];
  private id = "";
  private base: JsonObject = {};
  private own: JsonObject = {};
  private usage: Usage | undefined;
  private reason: FinishReason | undefined;
  private over = false;
  private readonly traces = new Traces();
  /** A search that is told beside the answer, unless an item tells of one. */
  private grounded: SearchTrace | undefined;
  private hasSearched = false;

  constructor(private readonly context: ReplyContext) {}

  open(): Frame[] {
    return this.id !== "" || this.over ? [] : this.begin("", this.context.now);
  }

  /** The client saw the answer's own beginning: its id stays, and the numbers go on. */
  resume(start: Of<"start">, last: string): void {
    this.begin(start.id, start.created || this.context.now);
    this.frames.resume(last);
  }

  push(event: ChatEvent): Frame[] {
    // This protocol gives one answer to a request.
    if (this.over || ("c" in event && event.c)) return [];
    switch (event.type) {
      case "text-delta":
        return this.shown(event.index, OpenMessage)?.text(event.block, event.text, event.logprobs) ?? [];
      case "args-delta":
        return this.args(event);
      case "reasoning-delta":
        return this.reasoning(event);
      case "refusal-delta":
        return this.shown(event.index, OpenMessage)?.refusal(event.block, event.text) ?? [];
      case "annotation":
        return this.shown(event.index, OpenMessage)?.annotate(event.block, event.annotation) ?? [];
      case "start":
        this.addOwn(event.ext?.responses);
        this.grounded ??= groundedSearch(event.ext);
        return this.id === "" ? this.begin(event.id, event.created || this.context.now) : [];
      case "item-start":
        return this.startItem(event.index, event.item);
      case "item-end":
        return this.endItem(event.index, event.item);
      case "usage":
        this.usage = { ...(this.usage ?? emptyUsage()), ...event.usage };
        return [];
      case "meta":
        this.addOwn(event.ext?.responses);
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
    if (this.over) return [];
    if (this.reason === undefined) {
      return this.fail(new GatewayError("upstream-failed", "The answer ended before it was complete."));
    }
    const end = buildStatus(this.reason);
    const frames = [...this.open(), ...this.closeItems(end.status)];
    this.over = true;
    frames.push(this.tell(end.status, { ...end }));
    return frames;
  }

  fail(error: GatewayError): Frame[] {
    if (this.over) return [];
    const frames = [...this.open(), ...this.closeItems("incomplete")];
    this.over = true;
    const { message, code, type } = errorBody(error).error;
    frames.push(
      this.tell("failed", { status: "failed", error: { code: code ?? type ?? null, message: message ?? "" } }),
    );
    return frames;
  }

  private begin(id: string, created: number): Frame[] {
    this.id = responseId(id, this.context.requestId);
    this.base = { id: this.id, object: "response", created_at: created, ...echoOf(this.context) };
    const running = { status: "in_progress" };
    return [this.tell("created", running), this.tell("in_progress", running)];
  }

  private addOwn(fields: JsonObject | undefined): void {
    if (fields) this.own = { ...this.own, ...fields };
  }

  /** An event that carries the whole response. */
  private tell(name: string, state: JsonObject): Frame {
    const isLast = name !== "created" && name !== "in_progress";
    this.response = {
      ...this.base,
      ...this.own,
      status: "in_progress",
      error: null,
      incomplete_details: null,
      model: this.context.request.model,
      output: isLast ? this.output : [],
      usage: isLast && this.usage ? buildUsage(this.usage) : null,
      ...state,
    };
    return this.frames.event(name, { response: this.response });
  }

  private shown<T extends OpenItem>(index: number, kind: new (...args: never[]) => T): T | undefined {
    const open = this.items.get(index)?.open;
    return open instanceof kind ? open : undefined;
  }

  private args(event: Of<"args-delta">): Frame[] {
    const call = this.shown(event.index, OpenCall);
    return call && event.text !== "" ? [call.delta(event.text)] : [];
  }

  private reasoning(event: Of<"reasoning-delta">): Frame[] {
    if (event.text === "") return [];
    return this.shown(event.index, OpenReasoning)?.delta(event.part, event.kind, event.text) ?? [];
  }

  private startItem(index: number, item: Item): Frame[] {
    const frames = this.id === "" ? this.open() : [];
    const outputIndex = this.output.length;
    const head = { frames: this.frames, outputIndex, id: this.idOf(item, outputIndex) };
    const open = openItem(head, item);
    if (!open) return frames;
    this.items.set(index, { open, outputIndex });
    // Holds the place until the item is complete.
    this.output.push({});
    frames.push(open.added);
    return frames;
  }

  private idOf(item: Item, outputIndex: number): string {
    const own = item.type === "message" ? item.id : "itemId" in item ? item.itemId : undefined;
    return own ?? mintedId(prefixOf(item), this.id, outputIndex);
  }

  private endItem(index: number, item: Item): Frame[] {
    const shown = this.items.get(index);
    if (!shown) return this.wholeItem(index, item);
    const isCut = item.type === "call" && item.incomplete === true;
    const frames = this.close(shown, item, isCut ? "incomplete" : "completed");
    this.items.delete(index);
    if (item.type === "message") frames.push(...this.drawn(item));
    return frames;
  }

  private close(shown: Shown, item: Item | undefined, status: "completed" | "incomplete"): Frame[] {
    const { frames, item: json } = shown.open.end(item, status);
    this.output[shown.outputIndex] = json;
    return frames;
  }

  private closeItems(status: "completed" | "incomplete"): Frame[] {
    const frames = [...this.items.values()].flatMap((shown) => this.close(shown, undefined, status));
    this.items.clear();
    return frames;
  }

  /** What does not stream: native calls of a fixed form and what the provider ran itself. Others' are not shown. */
  private wholeItem(index: number, item: Item): Frame[] {
    if (item.type === "call" && isStreamed(item)) return [...this.startItem(index, item), ...this.endItem(index, item)];
    if (item.type === "call") {
      const id = this.idOf(item, this.output.length);
      return this.put(buildCall(item, id, item.incomplete ? "incomplete" : "completed"));
    }
    if (item.type !== "server-call" && item.type !== "server-result" && item.type !== "opaque") return [];
    if (item.origin === "responses") return this.put(item.json as JsonObject);
    const trace = item.type === "opaque" ? undefined : this.traces.add(item);
    return trace ? this.trace(trace) : [];
  }

  private trace(trace: Trace): Frame[] {
    this.hasSearched ||= trace.kind === "search";
    const id = mintedId(tracePrefix(trace), this.id, this.output.length);
    const item = buildTrace(trace, id, this.context.request);
    return item ? this.put(item) : [];
  }

  private put(item: JsonObject): Frame[] {
    const place = { output_index: this.output.length };
    this.output.push(item);
    const added = "status" in item ? { ...item, status: "in_progress" } : item;
    return [
      this.frames.event("output_item.added", { ...place, item: added }),
      this.frames.event("output_item.done", { ...place, item }),
    ];
  }

  /** Pictures in a message come after it, as if a tool of the provider had drawn them. */
  private drawn(item: Item & { type: "message" }): Frame[] {
    return item.blocks.flatMap((block) => {
      if (block.type !== "media" || block.kind !== "image" || block.source.type !== "bytes") return [];
      const id = mintedId("ig", this.id, this.output.length);
      return this.put(buildDrawn({ mime: block.mime ?? "image/png", data: block.source.data }, id));
    });
  }

  private finish(event: Of<"finish">): Frame[] {
    if (this.reason !== undefined) return [];
    this.addOwn(event.ext?.responses);
    const frames = this.id === "" ? this.open() : [];
    if (event.refusal) frames.push(...this.refuse(event.refusal));
    const grounded = this.grounded ?? groundedSearch(event.ext);
    if (grounded && !this.hasSearched) frames.push(...this.trace(grounded));
    this.reason = event.reason;
    return frames;
  }

  /** Why a classifier refused, as the refusal that clients of this protocol read. */
  private refuse(text: string): Frame[] {
    const index = -1;
    const item: Item = { type: "message", role: "assistant", blocks: [{ type: "refusal", text }] };
    return [
      ...this.startItem(index, { ...item, blocks: [] }),
      ...this.push({ type: "refusal-delta", index, block: 0, text }),
      ...this.endItem(index, item),
    ];
  }
}

function openItem(
  head: ConstructorParameters<typeof OpenMessage>[0],
  item: Item,
): OpenMessage | OpenReasoning | OpenCall | undefined {
  if (item.type === "message") return new OpenMessage(head, item);
  if (item.type === "reasoning") return new OpenReasoning(head, item);
  return item.type === "call" && isStreamed(item) ? new OpenCall(head, item) : undefined;
}

function isStreamed({ kind }: CallItem): boolean {
  return kind === "function" || kind === "custom";
}

const prefixes: Readonly<Record<string, string>> = {
  function: "fc",
  custom: "ctc",
  local_shell: "lsh",
  shell: "sh",
  apply_patch: "apc",
};

function prefixOf(item: Item): string {
  if (item.type === "reasoning") return "rs";
  return item.type === "call" ? (prefixes[item.kind] ?? "fc") : "msg";
}

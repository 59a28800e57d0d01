/** The stream that a Messages client is promised: disjoint blocks with dense indexes, one delta of the message, one stop. */
import { readFrame } from "../../kit/sse.ts";
import { GatewayError } from "../../model/error.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Contract, ContractOptions } from "../contract.ts";
import { isObject } from "../read.ts";

/** What a block begins with that was never begun, by the first delta in it. */
const beginnings: Readonly<Record<string, JsonObject>> = {
  text_delta: { type: "text", text: "" },
  citations_delta: { type: "text", text: "" },
  thinking_delta: { type: "thinking", thinking: "", signature: "" },
  signature_delta: { type: "thinking", thinking: "", signature: "" },
};

export class MessagesContract implements Contract {
  readonly mended = new Set<string>();
  private hasStarted = false;
  /** The provider's index of the open block. */
  private theirs: number | undefined;
  /** Index of the open block, or of the next one, as the client counts. */
  private ours = 0;
  /** How a frame with a delta of the open block begins. */
  private prefix: string | undefined;
  private calls = false;
  private deltas = 0;
  private shown = 0;
  private hasDelta = false;
  private hasStopped = false;

  constructor(private readonly options: ContractOptions) {}

  fits(raw: string): boolean {
    const { prefix } = this;
    if (prefix === undefined) return false;
    for (let from = 0; from < raw.length; ) {
      if (!raw.startsWith(prefix, from)) return false;
      const end = raw.indexOf("\n\n", from);
      if (end < 0) return false;
      this.deltas++;
      this.shown++;
      from = end + 2;
    }
    return true;
  }

  frame(raw: string): string {
    this.shown++;
    const json = dataOf(raw);
    if (json === undefined) return raw;
    if (this.hasStopped) return this.without("behind_end");
    switch (json.type) {
      case "message_start":
        if (this.hasStarted) return this.without("second_start");
        this.hasStarted = true;
        return raw;
      case "content_block_start":
        return this.start(raw, json);
      case "content_block_delta":
        return this.delta(raw, json);
      case "content_block_stop":
        return this.stop(raw, json);
      case "message_delta":
        return this.last(raw, json);
      case "message_stop": {
        const before = this.closed() + (this.hasDelta ? "" : this.missingDelta());
        this.hasStopped = true;
        return before + raw;
      }
      default:
        return raw;
    }
  }

  end(): string {
    if (!this.hasStarted || this.hasStopped) return "";
    const before = this.closed() + (this.hasDelta ? "" : this.missingDelta());
    this.hasStopped = true;
    this.mended.add("no_message_stop");
    return before + write("message_stop", {});
  }

  /** About one token each; frames that were not shown were deltas, too. */
  private count(): number {
    return this.deltas + Math.max(0, (this.options.frames?.() ?? 0) - this.shown);
  }

  private without(what: string): string {
    this.mended.add(what);
    return "";
  }

  private start(raw: string, json: JsonObject): string {
    const before = this.closed();
    const { content_block: block } = json;
    if (isObject(block) && block.type === "tool_use") this.calls = true;
    this.theirs = typeof json.index === "number" ? json.index : this.ours;
    return before + this.placed(raw, json);
  }

  private delta(raw: string, json: JsonObject): string {
    this.deltas++;
    const index = typeof json.index === "number" ? json.index : this.theirs;
    const before = this.theirs !== undefined && index === this.theirs ? "" : this.begun(index, json.delta);
    const out = this.placed(raw, json);
    if (out === raw && this.prefix === undefined) this.prefix = prefixOf(raw, this.ours);
    return before + out;
  }

  /** A delta of a block that was never begun, or that had to end when the next one began. */
  private begun(index: number | undefined, delta: Json | undefined): string {
    const before = this.closed();
    const kind = isObject(delta) && typeof delta.type === "string" ? delta.type : "";
    const block = beginnings[kind];
    if (!block) {
      throw new GatewayError("upstream-failed", `The provider sent ${kind || "a delta"} for a block that is not open.`);
    }
    this.mended.add("no_block_start");
    this.theirs = index ?? this.ours;
    return before + write("content_block_start", { index: this.ours, content_block: block });
  }

  private stop(raw: string, json: JsonObject): string {
    if (this.theirs === undefined || (typeof json.index === "number" && json.index !== this.theirs)) {
      return this.without("stray_block_stop");
    }
    const out = this.placed(raw, json);
    this.leaveBlock();
    return out;
  }

  private last(raw: string, json: JsonObject): string {
    const before = this.closed();
    this.hasDelta = true;
    if (isObject(json.usage)) return before + raw;
    this.mended.add("no_usage");
    return before + write("message_delta", { ...json, usage: { output_tokens: this.count() } });
  }

  /** The frame under the index that the client counts. */
  private placed(raw: string, json: JsonObject): string {
    if (json.index === this.ours) return raw;
    this.mended.add("wrong_index");
    return write(String(json.type), { ...json, index: this.ours });
  }

  private closed(): string {
    if (this.theirs === undefined) return "";
    this.mended.add("no_block_stop");
    const text = write("content_block_stop", { index: this.ours });
    this.leaveBlock();
    return text;
  }

  private leaveBlock(): void {
    this.theirs = undefined;
    this.prefix = undefined;
    this.ours++;
  }

  private missingDelta(): string {
    this.mended.add("no_message_delta");
    this.hasDelta = true;
    const delta = { stop_reason: this.calls ? "tool_use" : "end_turn", stop_sequence: null };
    return write("message_delta", { delta, usage: { output_tokens: this.count() } });
  }
}

function write(event: string, { type: _type, ...members }: JsonObject): string {
  return `event: ${event}\ndata: ${JSON.stringify({ type: event, ...members })}\n\n`;
}

/** Undefined for comments and for what is no JSON: the one is allowed everywhere, the other nobody can mend. */
function dataOf(raw: string): JsonObject | undefined {
  const data = readFrame(raw)?.data;
  if (data === undefined) return undefined;
  try {
    const json = JSON.parse(data) as Json;
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Everything up to the index, when type and index come first as Anthropic writes them. */
function prefixOf(raw: string, index: number): string | undefined {
  const head = /^event: ?content_block_delta\ndata: ?\{"type": ?"content_block_delta", ?"index": ?/.exec(raw)?.[0];
  return head === undefined ? undefined : `${head}${index},`;
}

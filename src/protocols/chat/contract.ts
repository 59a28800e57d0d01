/** The stream that a Chat client is promised: calls with indexes, one finish for a choice, usage if wanted, `[DONE]` last. */
import { readFrame } from "../../kit/sse.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Contract, ContractOptions } from "../contract.ts";
import { buildUsage } from "./usage.ts";
import { isObject } from "./wire.ts";

const callMark = '"tool_calls"';
const indexedCall = '"tool_calls":[{"index":';
const callId = '"id"';

/** What came of one choice. */
interface Choice {
  hasRole: boolean;
  isFinished: boolean;
  /** Ordinals of its calls: by the provider's index, and by id where there was none. */
  indexes: Map<number, number>;
  ids: Map<string, number>;
  calls: number;
}

export class ChatContract implements Contract {
  readonly mended = new Set<string>();
  private readonly choices = new Map<number, Choice>();
  /** The provider's indexes of calls are the client's, too. */
  private isDense = true;
  private hasUsage = false;
  private isDone = false;
  /** A frame that was sent, for what all of them have. */
  private sample = "";

  constructor(private readonly options: ContractOptions) {}

  fits(raw: string): boolean {
    if (this.isDone || this.options.several || !this.choices.get(0)?.hasRole) return false;
    const at = raw.indexOf(callMark);
    if (at < 0) return true;
    // A call that begins is looked at.
    const isMore = raw.startsWith(indexedCall, at) && !raw.includes(callId, at);
    return this.isDense && isMore && raw.indexOf("\n\n") === raw.length - 2;
  }

  frame(raw: string): string {
    const data = readFrame(raw)?.data;
    if (data === undefined) return raw;
    if (this.isDone) {
      this.mended.add("behind_end");
      return "";
    }
    if (data.trim() === "[DONE]") return this.missing() + raw;
    const json = parsed(data);
    if (!json || !Array.isArray(json.choices)) return raw;
    this.sample ||= data;
    if (isObject(json.usage)) this.hasUsage = true;
    const before = json.choices;
    const choices = before.flatMap((choice) => this.choice(choice));
    if (choices.length === 0 && before.length > 0 && !isObject(json.usage)) return "";
    if (choices.length === before.length && choices.every((one, at) => one === before[at])) return raw;
    return `data: ${JSON.stringify({ ...json, choices })}\n\n`;
  }

  end(): string {
    if (this.isDone || this.sample === "") return "";
    this.mended.add("no_done");
    return `${this.missing()}data: [DONE]\n\n`;
  }

  /** What should have come before `[DONE]`. */
  private missing(): string {
    this.isDone = true;
    let text = "";
    if (this.sample === "") return text;
    if (this.choices.size === 0) this.choiceAt(0);
    for (const [index, { isFinished, calls }] of this.choices) {
      if (isFinished) continue;
      this.mended.add("no_finish");
      text += this.chunk({ choices: [{ index, delta: {}, finish_reason: calls > 0 ? "tool_calls" : "stop" }] });
    }
    const { usage } = this.options;
    if (!usage || this.hasUsage) return text;
    this.mended.add("no_usage");
    return text + this.chunk({ choices: [], usage: buildUsage(usage()) });
  }

  private chunk(members: JsonObject): string {
    const { id = "", created = 0, model = "" } = parsed(this.sample) ?? {};
    return `data: ${JSON.stringify({ id, object: "chat.completion.chunk", created, model, ...members })}\n\n`;
  }

  private choiceAt(index: number): Choice {
    const known = this.choices.get(index);
    if (known) return known;
    const fresh = { hasRole: false, isFinished: false, indexes: new Map(), ids: new Map(), calls: 0 };
    this.choices.set(index, fresh);
    return fresh;
  }

  private choice(choice: Json): Json[] {
    if (!isObject(choice)) return [choice];
    const state = this.choiceAt(typeof choice.index === "number" ? choice.index : 0);
    const delta = isObject(choice.delta) ? choice.delta : {};
    if (typeof choice.finish_reason === "string") {
      if (state.isFinished && isEmpty(delta)) {
        this.mended.add("second_finish");
        return [];
      }
      state.isFinished = true;
    }
    const changed = this.withRole(this.withPlaces(delta, state), state);
    return [changed === delta ? choice : { ...choice, delta: changed }];
  }

  private withRole(delta: JsonObject, state: Choice): JsonObject {
    if (state.hasRole) return delta;
    state.hasRole = true;
    if (typeof delta.role === "string") return delta;
    this.mended.add("no_role");
    return { role: "assistant", ...delta };
  }

  private withPlaces(delta: JsonObject, state: Choice): JsonObject {
    const calls = delta.tool_calls;
    if (!Array.isArray(calls) || calls.length === 0) return delta;
    const placed = calls.map((call) => (isObject(call) ? this.placed(call, state) : call));
    return placed.every((call, at) => call === calls[at]) ? delta : { ...delta, tool_calls: placed };
  }

  private placed(call: JsonObject, state: Choice): JsonObject {
    const known = state.calls;
    const index = ordinal(call, state);
    const isUntyped = index === known && call.type === undefined && isObject(call.function);
    if (call.index !== index) {
      this.isDense = false;
      this.mended.add("wrong_call_index");
    }
    if (isUntyped) this.mended.add("no_call_type");
    if (call.index === index && !isUntyped) return call;
    return { ...call, index, ...(isUntyped ? { type: "function" } : {}) };
  }
}

/** Which of its choice's calls it belongs to. Without index and id, or with an id that came before, it is more of one. */
function ordinal({ index, id }: JsonObject, state: Choice): number {
  const known: Map<number | string, number> = typeof index === "number" ? state.indexes : state.ids;
  const key = typeof index === "number" ? index : typeof id === "string" && id !== "" ? id : undefined;
  if (key === undefined && state.calls > 0) return state.calls - 1;
  const place = (key === undefined ? undefined : known.get(key)) ?? state.calls++;
  if (key !== undefined) known.set(key, place);
  return place;
}

function isEmpty(delta: JsonObject): boolean {
  return Object.entries(delta).every(([key, value]) => key === "role" || value === null || value === "");
}

function parsed(data: string): JsonObject | undefined {
  try {
    const json = JSON.parse(data) as Json;
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

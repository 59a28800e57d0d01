/**
 * The tool calls of one candidate of a stream: fragments grouped by index, by id where the index is missing, and held
 * back until the call's name is known.
 */
import type { CallItem, Seal } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import { thoughtOf } from "./request-messages.ts";
import { isObject, numberOf, stringOf } from "./wire.ts";

export interface OpenCall {
  kind: "function" | "custom";
  id?: string;
  name?: string;
  args: string;
  seals: Seal[];
  /** Set when the item was announced; `ended` when it was closed. */
  item?: { index: number; callId: string; name: string };
  ended?: boolean;
}

/** What one fragment adds. */
export interface CallPiece {
  call: OpenCall;
  text: string;
  seal?: Seal;
}

export class Calls {
  readonly list: OpenCall[] = [];
  private readonly byIndex = new Map<number, OpenCall>();

  add(fragment: JsonObject): CallPiece {
    // Some servers fill the member of the other kind with empty strings.
    const isFunction = isObject(fragment.function) && fragment.type !== "custom";
    const custom = isObject(fragment.custom) && !isFunction ? fragment.custom : undefined;
    const body = custom ?? (isObject(fragment.function) ? fragment.function : {});
    const id = stringOf(fragment.id);
    const name = stringOf(body.name);
    const call = this.find(numberOf(fragment.index), id, name);
    if (custom || fragment.type === "custom") call.kind = "custom";
    call.id ??= id;
    call.name ??= name;
    const text = textOf(custom ? custom.input : body.arguments);
    call.args += text;
    const thought = thoughtOf(fragment);
    if (thought === undefined) return { call, text };
    const seal: Seal = { origin: "chat", form: "thought", bytes: thought };
    call.seals.push(seal);
    return { call, text, seal };
  }

  private find(index: number | undefined, id: string | undefined, name: string | undefined): OpenCall {
    if (index === undefined) {
      const known = id === undefined ? undefined : this.list.find((call) => call.id === id);
      if (known) return known;
      const last = this.list.at(-1);
      return last && id === undefined && !startsAnew(last, id, name) ? last : this.open();
    }
    const known = this.byIndex.get(index);
    if (known && !startsAnew(known, id, name)) return known;
    const call = this.open();
    this.byIndex.set(index, call);
    return call;
  }

  private open(): OpenCall {
    const call: OpenCall = { kind: "function", args: "", seals: [] };
    this.list.push(call);
    return call;
  }
}

/** A fragment with a name of its own, under an index that is taken: servers that number every call 0. */
function startsAnew(call: OpenCall, id: string | undefined, name: string | undefined): boolean {
  if (name === undefined || call.name === undefined) return false;
  if (id !== undefined && call.id !== undefined && id !== call.id) return true;
  return id !== call.id || id === undefined ? isWhole(call.args) : false;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return isObject(value) ? JSON.stringify(value) : "";
}

/** Nothing can follow a complete object. */
export function isWhole(args: string): boolean {
  if (!args.trimEnd().endsWith("}")) return false;
  try {
    return isObject(JSON.parse(args));
  } catch {
    return false;
  }
}

export function callItem(call: OpenCall, incomplete: boolean): CallItem {
  return {
    type: "call",
    kind: call.kind,
    callId: call.item?.callId ?? "",
    name: call.item?.name ?? "",
    args: call.args,
    ...(call.seals.length === 0 ? {} : { seals: call.seals }),
    ...(incomplete ? { incomplete: true } : {}),
  };
}

/**
 * Stop sequences for a provider that knows none: the answer's text ends before the first of them, wherever the deltas
 * were cut. Held back is only what could be the beginning of one. Who reads a stream may end it at the cut by `ending`;
 * otherwise the provider's own end is waited for.
 */
import type { Item } from "./chat.ts";
import { collect, replay } from "./collect.ts";
import type { Answer, ChatEvent } from "./event.ts";
import { GrowingItems } from "./growing.ts";
import type { Json } from "./json.ts";

type EventOf<Type extends ChatEvent["type"]> = Extract<ChatEvent, { type: Type }>;
type ItemEvent = Exclude<ChatEvent, EventOf<"start" | "usage" | "meta" | "finish" | "error">>;

export interface StopMatch {
  start: number;
  stop: string;
}

/** The sequence that is complete first; of several that end together the longest. */
export function firstStop(text: string, stops: readonly string[]): StopMatch | undefined {
  let found: StopMatch | undefined;
  for (const stop of stops) {
    const start = text.indexOf(stop);
    if (start < 0) continue;
    const later = found ? start + stop.length - (found.start + found.stop.length) : -1;
    if (!found || later < 0 || (later === 0 && start < found.start)) found = { start, stop };
  }
  return found;
}

/** How much of the text's end could begin a sequence. */
export function heldLength(text: string, stops: readonly string[]): number {
  const longest = Math.max(...stops.map((stop) => stop.length));
  for (let length = Math.min(longest - 1, text.length); length > 0; length--) {
    const end = text.slice(-length);
    if (stops.some((stop) => stop.length > length && stop.startsWith(end))) return length;
  }
  return 0;
}

/** Ends whole answers at the first of the sequences. */
export function cutAnswers(answers: Answer[], stops: readonly string[]): Answer[] {
  const cutter = new StopCutter(stops);
  return collect(replay(answers).flatMap((event) => cutter.push(event)));
}

/** The text block that is being written. */
interface Open {
  index: number;
  block: number;
  /** What has left, and what is held back. */
  sent: string;
  held: string;
  isOpened: boolean;
  /** Those of tokens that have not left whole. */
  logprobs: Json[];
  tokenEnd: number;
  logprobsSent: number;
  annotations: number;
}

interface Candidate {
  c: number | undefined;
  started: Set<number>;
  growing: GrowingItems;
  hasFinished?: true;
  open?: Open | undefined;
  cut?: Open & { stop: string };
}

/** Cuts each text block of each candidate. Sequences are not empty, and there is at least one. */
export class StopCutter {
  private readonly stops: readonly string[];
  private readonly candidates = new Map<number, Candidate>();

  constructor(stops: readonly string[]) {
    this.stops = stops;
  }

  push(event: ChatEvent): ChatEvent[] {
    const out = this.cut(event);
    if (!("index" in event)) return out;
    const { growing } = this.of(event.c);
    for (const one of out) growing.told(one);
    return out;
  }

  /**
   * The end of a single answer that was cut and that its provider has not ended yet. Undefined before the cut, and where
   * more was begun than can be ended without the provider.
   */
  ending(): ChatEvent[] | undefined {
    const [only, ...others] = this.candidates.values();
    if (!only?.cut || only.hasFinished || others.length > 0) return undefined;
    const items = only.growing.ending();
    return items && [...items, { type: "finish", reason: "stop-sequence", stopSequence: only.cut.stop }];
  }

  private cut(event: ChatEvent): ChatEvent[] {
    switch (event.type) {
      case "start":
      case "usage":
      case "meta":
        return [event];
      case "error":
        return [...[...this.candidates.values()].flatMap(flush), event];
      case "finish":
        return finish(event, this.of(event.c));
      default: {
        const state = this.of(event.c);
        return state.cut ? afterCut(event, state, state.cut) : this.writing(event, state);
      }
    }
  }

  private of(c: number | undefined): Candidate {
    const known = this.candidates.get(c ?? 0);
    if (known) return known;
    const state: Candidate = { c, started: new Set(), growing: new GrowingItems() };
    this.candidates.set(c ?? 0, state);
    return state;
  }

  private writing(event: ItemEvent, state: Candidate): ChatEvent[] {
    if (event.type === "text-delta") return this.text(event, state);
    if (event.type === "annotation") {
      if (isAt(event, state.open)) state.open.annotations++;
      return [event];
    }
    if (event.type === "seal") return [event];
    if (event.type === "item-start") state.started.add(event.index);
    return [...flush(state), event];
  }

  private text(event: EventOf<"text-delta">, state: Candidate): ChatEvent[] {
    const before = isAt(event, state.open) ? [] : flush(state);
    const { index, block } = event;
    const fresh = { sent: "", held: "", isOpened: false, logprobs: [], tokenEnd: 0, logprobsSent: 0, annotations: 0 };
    state.open ??= { index, block, ...fresh };
    const { open } = state;
    const text = open.held + event.text;
    open.logprobs.push(...(event.logprobs ?? []));
    const match = firstStop(text, this.stops);
    const end = match ? match.start : text.length - heldLength(text, this.stops);
    open.held = match ? "" : text.slice(end);
    // An empty delta opens its block.
    const out = event.text === "" && text === "" ? opened(event, open) : release(state, open, text.slice(0, end));
    if (match) state.cut = { ...open, stop: match.stop };
    return [...before, ...out];
  }
}

function isAt<Held extends Open>(event: { index: number; block: number }, open: Held | undefined): open is Held {
  return open !== undefined && open.index === event.index && open.block === event.block;
}

function opened(event: ChatEvent, open: Open): ChatEvent[] {
  open.isOpened = true;
  return [event];
}

/** The block is complete: what was held back is no stop sequence. */
function flush(state: Candidate): ChatEvent[] {
  const { open } = state;
  if (!open || state.cut) return [];
  state.open = undefined;
  return release(state, open, open.held);
}

function release({ c }: Candidate, open: Open, text: string): ChatEvent[] {
  if (text === "") return [];
  open.sent += text;
  open.isOpened = true;
  const logprobs = leaving(open);
  const { index, block } = open;
  const candidate = c === undefined ? {} : { c };
  return [{ type: "text-delta", ...candidate, index, block, text, ...(logprobs.length === 0 ? {} : { logprobs }) }];
}

/** Log probabilities leave with the end of their token. */
function leaving(open: Open): Json[] {
  let count = 0;
  for (const logprob of open.logprobs) {
    const end = open.tokenEnd + tokenLength(logprob);
    if (end > open.sent.length) break;
    open.tokenEnd = end;
    count++;
  }
  open.logprobsSent += count;
  return open.logprobs.splice(0, count);
}

function tokenLength(logprob: Json): number {
  if (typeof logprob !== "object" || logprob === null || Array.isArray(logprob)) return 0;
  return typeof logprob.token === "string" ? logprob.token.length : 0;
}

/** Of what comes after the cut only the ends of items that were begun before it. */
function afterCut(event: ItemEvent, { started }: Candidate, cut: Open): ChatEvent[] {
  if (!started.has(event.index)) return [];
  if (event.index !== cut.index) return [event];
  return event.type === "item-end" ? [{ ...event, item: cutItem(event.item, cut) }] : [];
}

function cutItem(item: Item, cut: Open): Item {
  if (item.type !== "message") return item;
  const last = item.blocks[cut.block];
  const before = item.blocks.slice(0, cut.block);
  if (last?.type !== "text" || !cut.isOpened) return { ...item, blocks: before };
  const { logprobs, annotations, ...rest } = last;
  const kept = {
    ...(logprobs && cut.logprobsSent > 0 ? { logprobs: logprobs.slice(0, cut.logprobsSent) } : {}),
    ...(annotations && cut.annotations > 0 ? { annotations: annotations.slice(0, cut.annotations) } : {}),
  };
  return { ...item, blocks: [...before, { ...rest, text: cut.sent, ...kept }] };
}

function finish(event: EventOf<"finish">, state: Candidate): ChatEvent[] {
  const { c, cut } = state;
  state.hasFinished = true;
  if (!cut) return [...flush(state), event];
  return [{ type: "finish", ...(c === undefined ? {} : { c }), reason: "stop-sequence", stopSequence: cut.stop }];
}

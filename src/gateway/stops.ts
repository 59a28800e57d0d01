/** Stop sequences towards a provider whose protocol has none: taken out of the request, done to the answer. */
import type { Frame, Machine } from "../kit/sse.ts";
import type { ChatRequest } from "../model/chat.ts";
import type { ChatEvent } from "../model/event.ts";
import type { Notes } from "../model/note.ts";
import { StopCutter } from "../model/stops.ts";
import type { TargetFacts } from "../model/target.ts";
import type { Protocol } from "../protocols/protocol.ts";

export interface WithoutStops {
  request: ChatRequest;
  /** What the answer is to be cut at. */
  stops?: readonly string[];
}

interface Towards {
  protocol: Protocol;
  target: TargetFacts;
  notes: Notes;
}

/** The request as the protocol and the model can take it. */
export function withoutStops(request: ChatRequest, { protocol, target, notes }: Towards): WithoutStops {
  const { stop, ...sampling } = request.sampling;
  if (!stop || !(protocol.lacksStops || target.can.refuses.stop)) return { request };
  const stops = stop.filter((text) => text !== "");
  if (stops.length === 0) return { request: { ...request, sampling } };
  notes.add("emulated", "sampling.stop");
  return { request: { ...request, sampling }, stops };
}

/** A decoder whose texts end at the first of the sequences. */
export function stopping(decoder: Machine<Frame, ChatEvent>, stops: readonly string[]): Machine<Frame, ChatEvent> {
  const cutter = new StopCutter(stops);
  const cut = (events: readonly ChatEvent[]) => events.flatMap((event) => cutter.push(event));
  return { push: (frame) => cut(decoder.push(frame)), end: () => cut(decoder.end()) };
}

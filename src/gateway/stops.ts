/** Stop sequences that a provider cannot be told: taken out of the request, done to the answer. */
import type { Frame, Machine } from "../kit/sse.ts";
import type { ChatRequest } from "../model/chat.ts";
import type { ChatEvent } from "../model/event.ts";
import type { Notes } from "../model/note.ts";
import { StopCutter } from "../model/stops.ts";
import type { TargetFacts } from "../model/target.ts";
import type { Protocol } from "../protocols/protocol.ts";

/** What an answer is to be cut at. */
export interface Stops {
  sequences: readonly string[];
  /** The provider gives one answer: at the cut nothing more of it is wanted. */
  isAlone: boolean;
}

export interface WithoutStops {
  request: ChatRequest;
  stops?: Stops;
}

interface Towards {
  protocol: Protocol;
  target: TargetFacts;
  notes: Notes;
}

/** The request with as many sequences as the protocol and the model can take. */
export function withoutStops(request: ChatRequest, { protocol, target, notes }: Towards): WithoutStops {
  const { stop: asked, ...sampling } = request.sampling;
  if (!asked) return { request };
  const most = target.can.refuses.stop ? 0 : (protocol.mostStops ?? asked.length);
  if (asked.length <= most) return { request };
  const stop = asked.filter((text) => text !== "");
  const told = stop.slice(0, most);
  const left = { ...request, sampling: told.length === 0 ? sampling : { ...sampling, stop: told } };
  if (stop.length <= most) return { request: left };
  notes.add("emulated", "sampling.stop");
  return { request: left, stops: { sequences: stop.slice(most), isAlone: (sampling.n ?? 1) <= 1 } };
}

/** A decoder whose texts end at the first of the sequences. */
export class StoppingDecoder implements Machine<Frame, ChatEvent> {
  private readonly decoder: Machine<Frame, ChatEvent>;
  private readonly cutter: StopCutter;
  private readonly isAlone: boolean;

  constructor(decoder: Machine<Frame, ChatEvent>, { sequences, isAlone }: Stops) {
    this.decoder = decoder;
    this.cutter = new StopCutter(sequences);
    this.isAlone = isAlone;
  }

  push(frame: Frame): ChatEvent[] {
    return this.cut(this.decoder.push(frame));
  }

  end(): ChatEvent[] {
    return this.cut(this.decoder.end());
  }

  /** The answer's end, once it was cut and its provider only goes on with what nobody gets. */
  ending(): ChatEvent[] | undefined {
    return this.isAlone ? this.cutter.ending() : undefined;
  }

  private cut(events: readonly ChatEvent[]): ChatEvent[] {
    return events.flatMap((event) => this.cutter.push(event));
  }
}

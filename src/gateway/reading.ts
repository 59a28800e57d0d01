/**
 * Reads an upstream's event stream. Verbatim, it hands the bytes on (with the model's name patched and frames edited
 * where the passage says so) and decodes only what holds facts; else it decodes every frame into canonical events.
 */
import { byteString, type Frame, FrameSplitter, type Machine, readFrame, utf8 } from "../kit/sse.ts";
import type { ChatEvent } from "../model/event.ts";
import type { Passage, Protocol } from "../protocols/protocol.ts";

/** What one read gave. `bytes`: what to forward, when verbatim. */
export interface Step {
  events: ChatEvent[];
  bytes?: Uint8Array;
}

export interface ReadingOptions {
  protocol: Protocol;
  /** Present when client and provider speak one protocol: the stream may be forwarded. */
  passage?: Passage;
  /** The client's name of the model, echoed in place of the provider's. */
  model: string;
}

const modelMember = /"model"\s*:\s*"(?:[^"\\]|\\.)+"/;

export class Reading {
  verbatim: boolean;
  /** True until content came: every frame is decoded. Afterwards only frames with a marker are. */
  opening = true;
  /** Frames that came: about one token each, should the provider report no usage. */
  frames = 0;
  private readonly options: ReadingOptions;
  private readonly splitter = new FrameSplitter();
  private readonly decoder: Machine<Frame, ChatEvent>;
  /** The model member as the provider writes it, and what stands in its place. */
  private needle: string | undefined;
  private replacement = "";

  constructor(options: ReadingOptions) {
    this.options = options;
    this.verbatim = options.passage !== undefined;
    this.decoder = options.protocol.decodeStream();
  }

  push(bytes: Uint8Array): Step {
    const wasWhole = !this.splitter.pending;
    const raws = this.splitter.push(byteString(bytes));
    const taken = this.take(raws);
    if (taken.out === undefined) return { events: taken.events };
    const asItCame = wasWhole && !this.splitter.pending && !taken.changed;
    return { events: taken.events, bytes: asItCame ? bytes : join(taken.out) };
  }

  /** The upstream closed: what was left, and what the decoder makes of the end. */
  end(): Step {
    const taken = this.take(this.splitter.end().map((raw) => `${raw.trimEnd()}\n\n`));
    const events = [...taken.events, ...this.decoder.end()];
    return taken.out === undefined ? { events } : { events, bytes: join(taken.out) };
  }

  private take(raws: string[]): Taken {
    const events: ChatEvent[] = [];
    if (!this.verbatim) {
      for (const raw of raws) this.decode(raw, events);
      this.frames += raws.length;
      return { events, changed: false };
    }
    const taken: Taken & { out: string[] } = { events, out: [], changed: false };
    this.frames += raws.length;
    for (const raw of raws) {
      if (this.opening || this.isMarked(raw)) this.decode(raw, events);
      const edited = this.edit(raw);
      if (edited !== raw) taken.changed = true;
      taken.out.push(edited);
    }
    return taken;
  }

  private isMarked(raw: string): boolean {
    return this.options.protocol.markers.some((marker) => raw.includes(marker));
  }

  private decode(raw: string, events: ChatEvent[]): void {
    const frame = readFrame(utf8(raw));
    if (frame) events.push(...this.decoder.push(frame));
  }

  private edit(raw: string): string {
    const edited = this.options.passage?.frame ? this.options.passage.frame(raw) : raw;
    if (this.needle === undefined) this.learnModel(edited);
    if (this.needle === undefined || this.replacement === this.needle) return edited;
    const at = edited.indexOf(this.needle);
    return at < 0 ? edited : edited.slice(0, at) + this.replacement + edited.slice(at + this.needle.length);
  }

  private learnModel(raw: string): void {
    const member = modelMember.exec(raw)?.[0];
    if (member === undefined) return;
    this.needle = member;
    const value = Buffer.from(JSON.stringify(this.options.model)).toString("latin1");
    this.replacement = member.slice(0, member.indexOf('"', 7)) + value;
  }
}

/** Frames read: their events, and when verbatim what to forward and whether it differs from what came. */
interface Taken {
  events: ChatEvent[];
  out?: string[];
  changed: boolean;
}

function join(raws: string[]): Uint8Array {
  return Buffer.from(raws.length === 1 ? (raws[0] ?? "") : raws.join(""), "latin1");
}

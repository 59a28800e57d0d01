/**
 * Reads an upstream's event stream. Verbatim, it hands the bytes on (with the model's name patched and frames edited
 * where the passage says so) and decodes only what holds facts; else it decodes every frame into canonical events.
 */
import { isAscii } from "node:buffer";
import { FrameShape } from "../kit/frame-shape.ts";
import { byteString, type Frame, FrameSplitter, type Machine, readFrame, utf8 } from "../kit/sse.ts";
import type { ChatEvent } from "../model/event.ts";
import type { Usage } from "../model/usage.ts";
import type { Contract } from "../protocols/contract.ts";
import type { Passage, Protocol } from "../protocols/protocol.ts";
import { StoppingDecoder, type Stops } from "./stops.ts";

/** What one read gave. `bytes`: what to forward, when verbatim; of an error's frame and what follows it, nothing. */
export interface Step {
  events: readonly ChatEvent[];
  /** A string when it is plain ASCII: writing one costs no buffer. */
  bytes?: Uint8Array | string;
  /** Of an answer that is kept: the raw frames in `bytes` that hold more than content. */
  marked?: readonly string[];
}

export interface ReadingOptions {
  protocol: Protocol;
  /** Present when client and provider speak one protocol: the stream may be forwarded. */
  passage?: Passage;
  /** The answer is kept: what is forwarded is to be told of. */
  isKept?: boolean;
  /** Told of the raw frames that may hold seals. */
  watch?: { mark: RegExp; frame(raw: string): void };
  /** Where texts end that the provider does not end itself. */
  stops?: Stops;
  /** What the client is promised of a stream that is passed on. */
  contract?: Contract | undefined;
  /** The client's name of the model, echoed in place of the provider's. */
  model: string;
}

export class Reading {
  verbatim: boolean;
  /** True until content came: every frame is decoded. Afterwards only frames with a marker are. */
  opening = true;
  /** Frames that came: about one token each, should the provider report no usage. */
  frames = 0;
  /** What the provider has counted so far. */
  usage: Partial<Usage> | undefined;
  readonly contract: Contract | undefined;
  private readonly options: ReadingOptions;
  /** Of the options, what every piece of a stream is asked; the second matches what the watch or an edit wants, too. */
  private readonly markers: RegExp;
  private readonly anyMarker: RegExp;
  private readonly editMarker: string | undefined;
  private readonly splitter = new FrameSplitter();
  private readonly decoder: Machine<Frame, ChatEvent>;
  private readonly stopping: StoppingDecoder | undefined;
  /** The answer is over, though its provider goes on. */
  isCutShort = false;
  /** The last frame, while nothing but content came; what it and the one before have in common; how often that was sought. */
  private previous: string | undefined;
  private shape: FrameShape | undefined;
  private lessons = 0;
  /** Where the one name to be replaced stands in frames of the shape, from their end when below 0. */
  private nameAt: number | undefined;
  /** The model member as the provider writes it, and what stands in its place. */
  private needle: string | undefined;
  private replacement = "";
  private replacementIsAscii = false;

  constructor(options: ReadingOptions) {
    this.options = options;
    this.contract = options.contract;
    this.markers = options.protocol.markers;
    const { watch } = options;
    this.editMarker = options.passage?.marker;
    const edited = this.editMarker === undefined ? [] : [RegExp.escape(this.editMarker)];
    const sources = [this.markers.source, ...(watch ? [watch.mark.source] : []), ...edited];
    this.anyMarker = sources.length === 1 ? this.markers : new RegExp(sources.join("|"), this.markers.flags);
    this.verbatim = options.passage !== undefined;
    const decoder = options.protocol.decodeStream();
    this.stopping = options.stops && new StoppingDecoder(decoder, options.stops);
    this.decoder = this.stopping ?? decoder;
  }

  /** What to forward of bytes that hold whole frames of content and nothing else: most of every stream that is passed. */
  pass(bytes: Uint8Array): Uint8Array | string | undefined {
    if (!this.verbatim || this.opening || this.splitter.pending) return undefined;
    const raw = byteString(bytes);
    if (this.shape?.fits(raw)) return this.moulded(raw, bytes);
    const isPlain = raw.endsWith("\n\n") && !this.anyMarker.test(raw) && this.contract?.fits(raw) !== false;
    this.learnShape(isPlain ? raw : undefined);
    return isPlain ? this.forward(raw, bytes) : undefined;
  }

  /** Was the last piece one of a shape, which all but a text of it had before? */
  get isShaped(): boolean {
    return this.shape !== undefined;
  }

  /** Frames that differ from the last ones in a text alone need not be searched. What is no such frame ends that. */
  private learnShape(raw: string | undefined): void {
    const { previous, needle } = this;
    this.shape = undefined;
    this.previous = raw;
    if (raw === undefined || previous === undefined || this.lessons >= mostLessons) return;
    this.lessons++;
    const shape = FrameShape.of(previous, raw);
    if (!shape) return;
    const places = needle === undefined || needle === this.replacement ? [] : placesOf(needle, shape);
    if (places.length > 1) return;
    this.shape = shape;
    this.nameAt = places[0];
  }

  private moulded(raw: string, bytes: Uint8Array): Uint8Array | string {
    this.frames++;
    const { nameAt, needle, replacement } = this;
    if (nameAt === undefined || needle === undefined) return bytes;
    const at = nameAt < 0 ? raw.length + nameAt : nameAt;
    const out = raw.slice(0, at) + replacement + raw.slice(at + needle.length);
    return this.replacementIsAscii && isAscii(bytes) ? out : Buffer.from(out, "latin1");
  }

  push(bytes: Uint8Array): Step {
    const wasWhole = !this.splitter.pending;
    // What stands for its bytes need not be decoded where all of it is ASCII, and that is known at once of a whole piece.
    const raws = this.splitter.push(byteString(bytes));
    const taken = this.take(raws, wasWhole && isAscii(bytes));
    if (taken.out === undefined) return { events: this.stopping ? this.stopped(taken.events) : taken.events };
    const asItCame = wasWhole && !this.splitter.pending && !taken.changed;
    return step(taken, asItCame ? bytes : join(taken.out));
  }

  /** What came in one read with the cut is still read: it may be the provider's own end, with its usage. */
  private stopped(events: ChatEvent[]): ChatEvent[] {
    const ending = this.stopping?.ending();
    if (!ending) return events;
    this.isCutShort = true;
    return [...events, ...ending];
  }

  private forward(raw: string, bytes: Uint8Array): Uint8Array | string {
    this.frames++;
    const { needle, replacement } = this;
    const at = needle === undefined || needle === replacement ? -1 : raw.indexOf(needle);
    if (at < 0 || needle === undefined) return bytes;
    const first = raw.slice(0, at) + replacement;
    const rest = raw.slice(at + needle.length);
    // Several frames may have come at once: each carries the name once.
    const out = first + (rest.includes(needle) ? rest.replaceAll(needle, () => replacement) : rest);
    return this.replacementIsAscii && isAscii(bytes) ? out : Buffer.from(out, "latin1");
  }

  /** The upstream closed: what was left, and what the decoder makes of the end. */
  end(): Step {
    const taken = this.take(this.splitter.end().map((raw) => `${raw.trimEnd()}\n\n`));
    const events = [...taken.events, ...this.decoder.end()];
    if (taken.out === undefined) return { events };
    // A frame that was cut is no frame: nothing of a broken end is forwarded.
    const isBroken = events.some((event) => event.type === "error");
    return step({ ...taken, events }, isBroken ? new Uint8Array() : join(taken.out));
  }

  private take(raws: string[], areAscii = false): Taken {
    const events: ChatEvent[] = [];
    if (!this.verbatim) {
      for (const raw of raws) this.decode(areAscii ? raw : utf8(raw), events);
      this.frames += raws.length;
      return { events, changed: false };
    }
    const marked = this.options.isKept ? { marked: [] } : {};
    const taken: Taken & { out: string[] } = { events, out: [], changed: false, ...marked };
    this.frames += raws.length;
    const { watch } = this.options;
    for (const raw of raws) {
      if (watch?.mark.test(raw)) watch.frame(utf8(raw));
      if (this.opening || this.isMarked(raw)) this.decode(utf8(raw), events);
      // An error is told in our own words; what came before it in the same read is still forwarded.
      if (events.at(-1)?.type === "error") return { ...taken, changed: true };
      const edited = this.contracted(this.edit(raw));
      if (edited !== raw) taken.changed = true;
      taken.out.push(edited);
      if (taken.marked && this.isMarked(raw)) taken.marked.push(edited);
    }
    return taken;
  }

  private isMarked(raw: string): boolean {
    return this.markers.test(raw);
  }

  private isEdited(raw: string): boolean {
    return this.editMarker !== undefined && raw.includes(this.editMarker);
  }

  private decode(text: string, events: ChatEvent[]): void {
    const frame = readFrame(text);
    if (!frame) return;
    for (const event of this.decoder.push(frame)) {
      if (event.type === "usage") this.usage = { ...this.usage, ...event.usage };
      events.push(event);
    }
  }

  private edit(raw: string): string {
    const { passage } = this.options;
    const edited = passage?.frame && this.isEdited(raw) ? passage.frame(raw) : raw;
    if (this.needle === undefined) this.learnModel(edited);
    if (this.needle === undefined || this.replacement === this.needle) return edited;
    const at = edited.indexOf(this.needle);
    return at < 0 ? edited : edited.slice(0, at) + this.replacement + edited.slice(at + this.needle.length);
  }

  private contracted(raw: string): string {
    return this.contract && raw !== "" ? this.contract.frame(raw) : raw;
  }

  private learnModel(raw: string): void {
    const name = this.options.protocol.modelMember ?? "model";
    const member = new RegExp(`"${name}"\\s*:\\s*"(?:[^"\\\\]|\\\\.)+"`).exec(raw)?.[0];
    if (member === undefined) return;
    this.needle = member;
    const value = Buffer.from(JSON.stringify(this.options.model)).toString("latin1");
    this.replacement = member.slice(0, member.indexOf('"', name.length + 2)) + value;
    this.replacementIsAscii = isAscii(Buffer.from(value, "latin1"));
  }
}

/** Where a text stands around the one that differs: from the beginning, and from the end below 0. */
function placesOf(needle: string, { head, tail }: FrameShape): number[] {
  const places: number[] = [];
  for (let at = head.indexOf(needle); at >= 0; at = head.indexOf(needle, at + 1)) places.push(at);
  for (let at = tail.indexOf(needle); at >= 0; at = tail.indexOf(needle, at + 1)) places.push(at - tail.length);
  return places;
}

/** How often a shape is sought in one stream: some providers pad each frame with noise. */
const mostLessons = 16;

/** Frames read: their events, and when verbatim what to forward and whether it differs from what came. */
interface Taken {
  events: ChatEvent[];
  out?: string[];
  marked?: string[];
  changed: boolean;
}

function step({ events, marked }: Taken, bytes: Uint8Array | string): Step {
  return marked && marked.length > 0 ? { events, bytes, marked } : { events, bytes };
}

function join(raws: string[]): Uint8Array {
  return Buffer.from(raws.length === 1 ? (raws[0] ?? "") : raws.join(""), "latin1");
}

/**
 * Server-sent events without I/O: bytes to frames and frames to text. Synchronous machines, right wherever the bytes
 * are cut. They know nothing of what the frames mean.
 */

import { isAscii } from "node:buffer";

/** One event of a `text/event-stream`. `event` is absent when the frame has no `event:` line. */
export type Frame = { event?: string; data: string };

/** A synchronous codec: feed it, take what is ready; `end` gives what the end of the input settles. */
export interface Machine<In, Out> {
  push(item: In): Out[];
  end(): Out[];
}

/** Of data in one line, as JSON is. */
export function writeFrame({ event, data }: Frame): string {
  return event === undefined ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`;
}

/**
 * Cuts text into raw frames, each with its closing blank line; the rest waits for more. Line ends are LF, CR or CRLF.
 */
export class FrameSplitter implements Machine<string, string> {
  private rest = "";

  /** True while the beginning of a frame waits for its end. */
  get pending(): boolean {
    return this.rest !== "";
  }

  push(text: string): string[] {
    const all = this.rest === "" ? text : this.rest + text;
    const frames: string[] = [];
    let from = 0;
    if (!all.includes("\r")) {
      for (let at = all.indexOf("\n\n"); at >= 0; at = all.indexOf("\n\n", from)) {
        frames.push(all.slice(from, at + 2));
        from = at + 2;
      }
    } else {
      // A CR that ends the text may be half of a CRLF: the pattern wants one character more before it decides.
      const blank = /(?:\r\n|\n|\r(?!\n)(?=[\s\S]))(?:\r\n|\n|\r(?!\n)(?=[\s\S]))/g;
      for (let match = blank.exec(all); match; match = blank.exec(all)) {
        frames.push(all.slice(from, match.index + match[0].length));
        from = match.index + match[0].length;
      }
    }
    this.rest = from === 0 ? all : all.slice(from);
    return frames;
  }

  /** What stands after the last blank line: a frame whose end never came, or nothing. */
  end(): string[] {
    const rest = this.rest;
    this.rest = "";
    return rest.trim() === "" ? [] : [rest];
  }
}

/** Reads one raw frame. Undefined for a frame of comments only, or without data. */
export function readFrame(raw: string): Frame | undefined {
  // The common forms, without splitting: `data: …\n\n` and `event: …\ndata: …\n\n`.
  if (raw.startsWith("data: ")) {
    const end = raw.indexOf("\n");
    if (end === raw.length - 2 && raw.charCodeAt(end - 1) !== 13) return { data: raw.slice(6, end) };
  }
  let event: string | undefined;
  let data: string | undefined;
  for (const line of raw.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const field = line.slice(0, colon).replace("\uFEFF", "");
    const value = line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
    if (field === "data") data = data === undefined ? value : `${data}\n${value}`;
    else if (field === "event") event = value;
  }
  if (data === undefined) return undefined;
  return event === undefined || event === "" ? { data } : { event, data };
}

/** The text whose bytes the characters of `raw` stand for. Frames are whole, so no UTF-8 sequence is ever split. */
export function utf8(raw: string): string {
  const bytes = Buffer.from(raw, "latin1");
  return isAscii(bytes) ? raw : bytes.toString("utf8");
}

/** The runtime's own, which its types leave out: unlike a view made of the bytes it costs no second object. */
const latin1Slice = (
  Buffer.prototype as unknown as { latin1Slice(this: Uint8Array, start: number, end: number): string }
).latin1Slice;

/** Bytes as a string with one character a byte, so that it can be cut and joined without decoding. */
export function byteString(bytes: Uint8Array): string {
  return latin1Slice.call(bytes, 0, bytes.byteLength);
}

/** Bytes to frames. A last frame without its blank line is still read at the end: some servers omit it. */
export class SseDecoder implements Machine<Uint8Array, Frame> {
  private readonly splitter = new FrameSplitter();

  push(bytes: Uint8Array): Frame[] {
    return readFrames(this.splitter.push(byteString(bytes)));
  }

  end(): Frame[] {
    return readFrames(this.splitter.end());
  }
}

function readFrames(raws: string[]): Frame[] {
  const frames: Frame[] = [];
  for (const raw of raws) {
    const frame = readFrame(utf8(raw));
    if (frame) frames.push(frame);
  }
  return frames;
}

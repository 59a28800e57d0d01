/**
 * The members of a large JSON object that stand at its two ends, without reading what lies between: a long list in a
 * short frame is the rule. Bytes are looked at one character each, so offsets are offsets in the bytes.
 */
import { type Member, memberAt, type Splice, scanFront, stringStart } from "./json.ts";
import type { Scratch } from "./scratch.ts";

const windowBytes = 32_768;
const backslash = 92;

export interface Ends {
  /** Those that stand wholly in one of the ends. */
  members: Member[];
  /** The first that does not: only where it begins is known. */
  cut: Member;
  /** Where the last value ends of what was not looked at: it reaches from the cut member's value to here. */
  to: number;
}

/** Undefined when the object is small, broken where it was looked at, or has no long member. */
export function scanEnds(bytes: Buffer): Ends | undefined {
  if (bytes.length < 3 * windowBytes) return undefined;
  const front = scanFront(bytes.toString("latin1", 0, windowBytes));
  const base = bytes.length - windowBytes;
  const back = front && scanBack(bytes.toString("latin1", base));
  if (!back) return undefined;
  const shifted = back.members.map(({ key, keyStart, start, end }) => ({
    ...{ key, keyStart: keyStart + base, start: start + base, end: end + base },
  }));
  return { members: [...front.members, ...shifted.reverse()], cut: front.cut, to: back.to + base };
}

/** Could a top-level member whose name begins so stand in what was not looked at? Names with escapes are not found. */
export function mayHide(bytes: Buffer, { cut, to }: Ends, name: string): boolean {
  const quoted = Buffer.from(`"${name}`);
  let at = bytes.indexOf(quoted, cut.start);
  // A quote inside a string follows a backslash, the one that opens a name never does.
  while (at >= 0 && at < to && bytes[at - 1] === backslash) at = bytes.indexOf(quoted, at + 1);
  return at >= 0 && at < to;
}

/** The members from the end of `text` on backwards, as far as they are whole, and where the next one's value ends. */
function scanBack(text: string): { members: Member[]; to: number } | undefined {
  let at = lastInk(text, text.length);
  if (text[at] !== "}") return undefined;
  const members: Member[] = [];
  for (;;) {
    const end = lastInk(text, at) + 1;
    const start = valueStart(text, end);
    const colon = start < 0 ? -1 : lastInk(text, start);
    const keyEnd = colon < 0 ? -1 : lastInk(text, colon);
    const keyStart = keyEnd < 0 ? -1 : stringStart(text, keyEnd);
    const comma = keyStart < 0 ? -1 : lastInk(text, keyStart);
    if (comma < 0) return { members, to: end };
    const member = text[colon] === ":" && text[comma] === "," ? memberAt(text, keyStart, keyEnd + 1) : undefined;
    if (member?.start !== start) return undefined;
    members.push({ ...member, end });
    at = comma;
  }
}

/** The last character before `end` that is no white space; -1 when there is none. */
function lastInk(text: string, end: number): number {
  let at = end - 1;
  while (at >= 0 && text.charCodeAt(at) <= 32) at--;
  return at;
}

/** Where the value begins that ends before `end`; -1 when that is not in the text. */
function valueStart(text: string, end: number): number {
  let depth = 0;
  for (let at = end - 1; at >= 0; at--) {
    const character = text[at];
    if (character === '"') {
      at = stringStart(text, at);
      if (at < 0) return -1;
    } else if (character === "]" || character === "}") {
      depth++;
      continue;
    } else if (character === "[" || character === "{") {
      depth--;
    } else if (depth > 0) {
      continue;
    } else if (/[\w.+-]/.test(text[at - 1] ?? "")) {
      continue;
    }
    if (depth === 0) return at;
    if (depth < 0) return -1;
  }
  return -1;
}

/** The bytes with some pieces replaced, written to the scratch: `splices` in order, offsets in bytes. */
export function spliceBytes(bytes: Buffer, splices: readonly Splice[], scratch: Scratch): Buffer {
  const texts = splices.map(({ text }) => Buffer.from(text));
  const grown = splices.reduce((sum, { start, end }, at) => sum + (texts[at]?.length ?? 0) - (end - start), 0);
  const out = scratch.take(bytes.length + grown);
  let from = 0;
  let to = 0;
  splices.forEach(({ start, end }, at) => {
    to += bytes.copy(out, to, from, start);
    to += texts[at]?.copy(out, to) ?? 0;
    from = end;
  });
  bytes.copy(out, to, from);
  return out;
}

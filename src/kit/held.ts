/**
 * Long texts that only cross. While a body is parsed and written anew, a short mark stands for the middle of each; then
 * its characters are put back as they came, so that nobody decodes and encodes a megabyte that nobody reads.
 */
import { stringEnd } from "./json.ts";

/** Shorter strings are left where they are. */
const least = 1024;
/** So many characters stay readable at both ends, and some more until no escape is near. */
const shown = 64;
const longestEscape = 12;

/** Begins and ends a mark. A text that has this character already, which is only possible as an escape, is left alone. */
const sign = "\\u0001";
// biome-ignore lint/suspicious/noControlCharactersInRegex: parsed texts are searched for the mark, which begins and ends with this character because no text that is held has it
const standing = /\u0001(\d+)\u0001/g;
const marks = /(\\+)u0001(\d+)\1u0001/g;

export class Held {
  /** The JSON text with the marks in it. */
  readonly text: string;
  private readonly middles: readonly string[];

  private constructor(text: string, middles: readonly string[]) {
    this.text = text;
    this.middles = middles;
  }

  /**
   * Holds the long strings of members with these names. Undefined when there are none, or when the structure is broken.
   * What begins with a bracket or a blank stays: somebody may want to know whether it is JSON, or empty.
   */
  static of(text: string, names: readonly string[]): Held | undefined {
    if (text.includes(sign)) return undefined;
    const middles: string[] = [];
    let marked = "";
    let from = 0;
    let before = { start: 0, end: 0 };
    for (let start = text.indexOf('"'); start >= 0; start = text.indexOf('"', before.end)) {
      const end = stringEnd(text, start);
      if (end < 0) return undefined;
      const middle = end - start > least && isValueOf(text, names, { before, start }) && middleOf(text, start, end);
      if (middle) {
        marked += `${text.slice(from, middle.start)}${sign}${middles.length}${sign}`;
        middles.push(text.slice(middle.start, middle.end));
        from = middle.end;
      }
      before = { start, end };
    }
    return middles.length === 0 ? undefined : new Held(marked + text.slice(from), middles);
  }

  /** The whole of a parsed text that has a mark in it. */
  expanded(text: string): string {
    return text.replace(standing, (mark, at: string) => {
      const middle = this.middles[Number(at)];
      return middle === undefined ? mark : (JSON.parse(`"${middle}"`) as string);
    });
  }

  /** JSON text that was made of what `text` was parsed to: with the characters again, also in JSON within its strings. */
  restored(json: string): string {
    return json.replace(marks, (mark, slashes: string, at: string) => {
      let middle = this.middles[Number(at)];
      if (middle === undefined) return mark;
      for (let depth = slashes.length; depth > 1; depth /= 2) middle = JSON.stringify(middle).slice(1, -1);
      return middle;
    });
  }
}

interface Place {
  start: number;
  end: number;
}

/** Does the string that stands before this one name it? */
function isValueOf(text: string, names: readonly string[], { before, start }: { before: Place; start: number }) {
  if (text.slice(before.end, start).trim() !== ":") return false;
  return names.includes(text.slice(before.start + 1, before.end - 1)) && !/[\s\\[{]/.test(text.charAt(start + 1));
}

/** What is not shown of the string from `start` to `end`; undefined when it cannot be cut there. */
function middleOf(text: string, start: number, end: number): Place | undefined {
  const first = cutBehind(text, start + 1 + shown);
  const last = cutBehind(text, end - 1 - 2 * shown);
  return first === undefined || last === undefined ? undefined : { start: first, end: last };
}

/** The first place from `at` on where no escape and no pair of surrogates is cut apart. */
function cutBehind(text: string, at: number): number | undefined {
  for (let cut = at; cut < at + shown; cut++) {
    const slash = text.lastIndexOf("\\", cut - 1);
    if (slash >= cut - longestEscape) cut = slash + longestEscape;
    else if (!/[\udc00-\udfff]/.test(text.charAt(cut))) return cut;
  }
  return undefined;
}

/**
 * Frames of one stream that differ in a single text: most deltas do. Learned from two of them; another one of the shape has
 * the same text before and behind one JSON string, and nothing else, so that nobody has to look for anything in it.
 */
import { stringEnd } from "./json.ts";

/** Ends in the opening quote of a member's value. */
const opensValue = /":\s?"$/;

export class FrameShape {
  /** Up to the text's opening quote, and from its closing quote on. */
  readonly head: string;
  readonly tail: string;

  private constructor(head: string, tail: string) {
    this.head = head;
    this.tail = tail;
  }

  /** What two frames have in common; undefined when it is not all but one text. */
  static of(one: string, other: string): FrameShape | undefined {
    const most = Math.min(one.length, other.length);
    let same = 0;
    while (same < most && one.charCodeAt(same) === other.charCodeAt(same)) same++;
    let behind = 0;
    const room = most - same;
    while (behind < room && one.charCodeAt(one.length - 1 - behind) === other.charCodeAt(other.length - 1 - behind))
      behind++;
    const head = one.slice(0, one.lastIndexOf('"', same - 1) + 1);
    const start = one.indexOf('"', one.length - behind);
    if (!opensValue.test(head) || start < 0) return undefined;
    const shape = new FrameShape(head, one.slice(start));
    return shape.tail.includes("\n\n") && shape.fits(one) && shape.fits(other) ? shape : undefined;
  }

  fits(raw: string): boolean {
    const { head, tail } = this;
    const end = raw.length - tail.length;
    return (
      end >= head.length && raw.startsWith(head) && raw.endsWith(tail) && stringEnd(raw, head.length - 1) === end + 1
    );
  }
}

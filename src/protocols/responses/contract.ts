/** The stream that a Responses client is promised: numbers that rise, and nothing behind the event that ends it. */
import type { Frame } from "../../kit/sse.ts";
import type { Contract } from "../contract.ts";

const numbered = /"sequence_number"\s*:\s*(\d+)/;
const ending =
  /^(?:event: ?response\.(?:completed|incomplete|failed)\n|data: ?\{"type": ?"response\.(?:completed|incomplete|failed)")/;

export class ResponsesContract implements Contract {
  readonly mended = new Set<string>();
  private next = 0;
  private isMending = false;
  private isOver = false;

  fits(raw: string): boolean {
    if (this.isOver || this.isMending || raw.indexOf("\n\n") !== raw.length - 2) return false;
    const number = numberOf(raw);
    if (number === undefined || number < this.next) return false;
    this.next = number + 1;
    return true;
  }

  /** The encoder counts its frames; a piece of a text or of arguments ends nothing. */
  isSafe({ event }: Frame): boolean {
    return !this.isOver && !this.isMending && event?.endsWith(".delta") === true;
  }

  frame(raw: string): string {
    const data = raw.indexOf("data:");
    if (data < 0 || raw.includes("data: [DONE]")) return raw;
    if (this.isOver) {
      this.mended.add("behind_end");
      return "";
    }
    this.isOver = ending.test(raw);
    const number = numberOf(raw);
    if (!this.isMending && number !== undefined && number >= this.next) {
      this.next = number + 1;
      return raw;
    }
    // Numbers that were wrong once are ours from there on.
    this.isMending = true;
    this.mended.add("wrong_sequence_number");
    const ours = this.next++;
    if (number !== undefined) return raw.replace(numbered, `"sequence_number":${ours}`);
    const brace = raw.indexOf("{", data);
    if (brace < 0) return raw;
    return `${raw.slice(0, brace + 1)}"sequence_number":${ours},${raw.slice(brace + 1)}`;
  }

  end(): string {
    return "";
  }
}

function numberOf(raw: string): number | undefined {
  const number = numbered.exec(raw)?.[1];
  return number === undefined ? undefined : Number(number);
}

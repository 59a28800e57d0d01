/** The stream that a Gemini client is promised: chunks of JSON and no mark of an end, which its clients would parse. */
import type { Contract } from "../contract.ts";

const isMark = /^data: ?\[DONE\]/m;

export class GeminiContract implements Contract {
  readonly mended = new Set<string>();

  fits(raw: string): boolean {
    return !raw.includes("[DONE]");
  }

  frame(raw: string): string {
    if (!isMark.test(raw)) return raw;
    this.mended.add("done_mark");
    return "";
  }

  end(): string {
    return "";
  }
}

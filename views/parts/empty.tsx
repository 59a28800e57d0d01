/** A value that is not there: a dash to see, a word to hear. */
import type { Markup } from "../jsx/jsx-runtime.ts";

export function None(): Markup {
  return (
    <span class="none">
      <span aria-hidden="true">–</span>
      <span class="hidden">none</span>
    </span>
  );
}

/** The text, or the dash. */
export function Or({ text }: { text: string | null | undefined }): Markup {
  return text === null || text === undefined || text === "" ? <None /> : <span>{text}</span>;
}

/** What became of a request: colour, sign and word. */
import type { Markup } from "../jsx/jsx-runtime.ts";

/** What the result is made of. */
export interface Outcome {
  /** Null when the client never got one. */
  status: number | null;
  /** Null when it succeeded. */
  code: string | null;
  interrupted: boolean;
  attempts: number;
  /** It has not ended yet. */
  isRunning?: boolean;
}

interface Result {
  tone: "ok" | "warn" | "bad" | "off" | "info";
  sign: string;
  word: string;
}

const ours = new Set(["unauthenticated", "forbidden", "quota-exceeded", "not-found", "no-target", "overloaded"]);

export function resultOf({ code, interrupted, attempts, isRunning }: Outcome): Result {
  if (isRunning) return { tone: "info", sign: "◌", word: "running" };
  if (interrupted) return { tone: "bad", sign: "✕", word: "interrupted" };
  if (code === null) return { tone: "ok", sign: "✓", word: "success" };
  if (code === "cancelled") return { tone: "off", sign: "–", word: "cancelled" };
  if (code === "internal") return { tone: "bad", sign: "✕", word: "gateway error" };
  if (code === "upstream-timeout") return { tone: "bad", sign: "✕", word: "timeout" };
  if (attempts === 0) return { tone: "warn", sign: "⊘", word: ours.has(code) ? "rejected" : "client error" };
  return { tone: "bad", sign: "✕", word: "upstream error" };
}

export function Badge(outcome: Outcome): Markup {
  const { tone, sign, word } = resultOf(outcome);
  return (
    <span class={`badge ${tone}`}>
      <span aria-hidden="true">{sign}</span> {outcome.status === null ? word : `${outcome.status} ${word}`}
    </span>
  );
}

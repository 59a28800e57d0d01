/** Cells of a quota's counter: its state, its share, when something is free again. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { None } from "./empty.tsx";
import { age, type Clock, percent } from "./format.ts";

const levels = {
  ok: { tone: "ok", sign: "✓", word: "free" },
  warn: { tone: "warn", sign: "!", word: "nearly used up" },
  spent: { tone: "bad", sign: "✕", word: "used up" },
} as const;

export function Level({ level }: { level: keyof typeof levels }): Markup {
  const { tone, sign, word } = levels[level];
  return (
    <span class={`badge ${tone}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}

export interface ShareProps {
  name: string;
  /** From which share on there is a warning. */
  warn: number;
  /** Used and reserved. */
  taken: number;
  limit: number;
}

export function Share({ name, warn, taken, limit }: ShareProps): Markup {
  const share = percent(Math.min(taken, limit), limit);
  return (
    <>
      <meter
        min="0"
        max="1"
        low={warn}
        high="0.999999"
        optimum="0"
        value={Math.min(1, taken / limit).toFixed(4)}
        aria-label={name}
      >
        {share}
      </meter>{" "}
      {share}
    </>
  );
}

export function FreeAgain({ at, now, clock }: { at: number; now: number; clock: Clock }): Markup {
  if (at <= now) return <None />;
  return (
    <>
      <time datetime={new Date(at).toISOString()}>{clock.short(at)}</time>{" "}
      <span class="muted">(in {age(at - now)})</span>
    </>
  );
}

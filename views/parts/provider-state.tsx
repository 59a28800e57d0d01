/** How a provider is, as colour, sign and word. */
import type { Markup } from "../jsx/jsx-runtime.ts";

export interface ProviderState {
  kind: "on" | "off" | "cooling" | "failing";
  /** In words; empty where there is nothing to say. */
  why: string;
}

/** Of 24 hours. */
export interface ProviderUse {
  requests: number;
  failed: number;
  /** Milliseconds. */
  ttftP50: number | null;
  costNano: number;
  /** Requests without a known price. */
  unpriced: number;
}

export const providerStates = {
  on: { tone: "ok", sign: "✓", word: "on" },
  off: { tone: "off", sign: "–", word: "off" },
  cooling: { tone: "warn", sign: "‖", word: "cooling down" },
  failing: { tone: "bad", sign: "✕", word: "failing" },
} as const;

export function StateBadge({ state }: { state: ProviderState }): Markup {
  const { tone, sign, word } = providerStates[state.kind];
  return (
    <span class={`badge ${tone}`} title={state.why === "" ? null : state.why}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}

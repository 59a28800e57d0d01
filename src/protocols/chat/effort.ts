/** Reasoning as the one effort word that Chat Completions has. */
import type { Effort, Reasoning } from "../../model/chat.ts";
import type { Notes } from "../../model/note.ts";

/** Largest budget in tokens that still is the word; above the last one it is `max`. */
const thresholds: [number, Effort][] = [
  [0, "none"],
  [512, "minimal"],
  [1024, "low"],
  [8192, "medium"],
  [24_576, "high"],
  [32_768, "xhigh"],
];

/** Undefined: the provider's own default. */
export function buildEffort(reasoning: Reasoning | undefined, notes: Notes): Effort | undefined {
  if (!reasoning) return undefined;
  if (reasoning.mode === "off") return "none";
  if (reasoning.effort !== undefined) return reasoning.effort;
  const budget = reasoning.budget;
  // A negative budget is Gemini's "decide yourself".
  if (budget !== undefined) {
    return budget < 0 ? undefined : (thresholds.find(([limit]) => budget <= limit)?.[1] ?? "max");
  }
  if (reasoning.mode !== "between_tools") return undefined;
  notes.add("emulated", "reasoning", "effort_low");
  return "low";
}

/** Reasoning in the words of Chat Completions and Responses, and in the dialects of servers that imitate the former. */
import type { Effort, Reasoning } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { Capabilities } from "../../model/target.ts";
import { knownEffort } from "../efforts.ts";

/** Largest budget in tokens that still is the word; above the last one it is `max`. */
const thresholds: [number, Effort][] = [
  [0, "none"],
  [512, "minimal"],
  [1024, "low"],
  [8192, "medium"],
  [24_576, "high"],
  [32_768, "xhigh"],
];

/** The one word for it. Undefined: the provider's own default. */
export function wantedEffort(reasoning: Reasoning | undefined, notes: Notes): Effort | undefined {
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

/** The word that the model knows. Undefined: nothing is said to it. */
export function buildEffort(reasoning: Reasoning | undefined, can: Capabilities, notes: Notes): Effort | undefined {
  const wanted = wantedEffort(reasoning, notes);
  if (wanted === undefined) return undefined;
  if (can.thinking !== "none") return knownEffort(wanted, can, notes);
  if (wanted !== "none" || !can.thinkingOff) notes.add("dropped", "reasoning", "not_told");
  return undefined;
}

export interface ThinkingMembers {
  members: JsonObject;
  isOff: boolean;
}

/** The members of a Chat request that say how hard to think. */
export function buildThinking(reasoning: Reasoning | undefined, can: Capabilities, notes: Notes): ThinkingMembers {
  const effort = buildEffort(reasoning, can, notes);
  const isOff = effort === "none";
  if (can.thinkingSwitch !== undefined && (isOff || can.efforts?.length === 0)) {
    const isOn = !isOff && isWanted(reasoning);
    if (!isOff && !isOn) return { members: {}, isOff };
    if (isOn && reasoning?.effort !== undefined) notes.add("emulated", "reasoning.effort", "switched_on");
    return { members: { ...switched(can.thinkingSwitch, isOn), ...room(reasoning, can, isOn) }, isOff };
  }
  if (effort === undefined) return { members: {}, isOff };
  if (can.effortMember === "reasoning_effort") return { members: { reasoning_effort: effort }, isOff };
  const budget = reasoning?.effort === undefined && !isOff ? reasoning?.budget : undefined;
  return { members: { reasoning: budget === undefined ? { effort } : { max_tokens: budget } }, isOff };
}

function isWanted(reasoning: Reasoning | undefined): boolean {
  if (!reasoning) return false;
  const { mode, effort, budget } = reasoning;
  return mode !== "off" && effort !== "none" && budget !== 0 && (mode ?? effort ?? budget) !== undefined;
}

function switched(by: NonNullable<Capabilities["thinkingSwitch"]>, isOn: boolean): JsonObject {
  if (by === "thinking.type") return { thinking: { type: isOn ? "enabled" : "disabled" } };
  return by === "reasoning.enabled" ? { reasoning: { enabled: isOn } } : { enable_thinking: isOn };
}

/** Qwen's switch has a budget beside it. */
function room(reasoning: Reasoning | undefined, can: Capabilities, isOn: boolean): JsonObject {
  const budget = reasoning?.budget;
  if (!isOn || can.thinkingSwitch !== "enable_thinking" || budget === undefined || budget <= 0) return {};
  return { thinking_budget: Math.min(budget, can.budget?.most ?? budget) };
}

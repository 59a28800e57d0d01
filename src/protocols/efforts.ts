/** Effort words: the one that a model knows in place of the one that was asked for. */
import type { Effort } from "../model/chat.ts";
import type { Notes } from "../model/note.ts";
import type { Capabilities } from "../model/target.ts";

const order: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/**
 * The word itself, the nearest lower one that the model knows, or its least. `none` stays where thinking may be off.
 * Undefined: the model knows no words.
 */
export function knownEffort(asked: Effort, can: Capabilities, notes: Notes): Effort | undefined {
  if (asked === "none" && can.thinkingOff) return asked;
  const { efforts } = can;
  if (asked === "none") {
    notes.add("clamped", "reasoning", "always_thinks");
    return efforts === undefined ? "low" : efforts[0];
  }
  if (efforts === undefined || efforts.includes(asked)) return asked;
  if (efforts.length === 0) return undefined;
  const known = efforts.findLast((effort) => order.indexOf(effort) < order.indexOf(asked)) ?? efforts[0];
  notes.add("clamped", "reasoning.effort", `${known}_for_${asked}`);
  return known;
}

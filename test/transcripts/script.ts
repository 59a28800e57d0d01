/** What upstreams answer and users say in a transcript, each with marks by which it is found again. */
import type { Answer, Refusal, ScriptedCall } from "../support/upstream/script.ts";
import { type ProtocolName, type Said, type ToolCall, tools } from "./clients/client.ts";
import type { Dice } from "./dice.ts";

const counts = { input: 9, cached: 0, written: 0, visible: 7, reasoning: 3 };

export const refusals: readonly [Refusal, Refusal] = [
  { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded", message: "Too many requests of this account." },
  { status: 500, type: "api_error", message: "Something went wrong here." },
];

/** `mark` is found nowhere else in the conversation; other conversations have the same ones. */
export function answerFor(dice: Dice, { protocol, mark, thinks }: Telling): Answer {
  if (dice.chance(0.03)) return { counts };
  const bare = protocol === "gemini" && dice.chance(0.3);
  const callCount = dice.chance(0.6) ? dice.whole(1, 3) : 0;
  const calls = Array.from({ length: callCount }, (_, at) => call(dice, { protocol, mark, bare }, at));
  // Without calls and text an answer says nothing.
  const text = callCount === 0 || dice.chance(0.6) ? said(dice, mark) : undefined;
  // Anthropic's models think when they are told to and then call.
  const reasons = thinks && (dice.chance(0.7) || (protocol === "messages" && callCount > 0));
  return {
    ...(reasons ? { reasoning: `I think ${mark} ${dice.text(dice.whole(0, 40))}\n\nand so on.` } : {}),
    ...(text === undefined ? {} : { text }),
    ...(callCount > 0 ? { calls } : {}),
    counts,
  };
}

export interface Telling {
  protocol: ProtocolName;
  mark: string;
  thinks: boolean;
}

/** Models say the same again and again. */
function said(dice: Dice, mark: string): string {
  return dice.chance(0.4) ? "Let me look." : `I say ${mark} ${dice.text(dice.whole(0, 30))} ✓`;
}

interface Calling {
  protocol: ProtocolName;
  mark: string;
  /** Google's older models give no ids. */
  bare: boolean;
}

function call(dice: Dice, { protocol, mark, bare }: Calling, at: number): ScriptedCall {
  const name = dice.pick(tools);
  const args = { at: `${mark}.${at}`, ...(dice.chance(0.3) ? { deep: dice.chance(0.5) } : {}) };
  return { id: bare ? "" : idFor(dice, { protocol, name, at }), name, args };
}

/** Ids in the vendors' own style; servers that speak Chat have any, and some say the same ones again in later turns. */
function idFor(dice: Dice, { protocol, name, at }: { protocol: ProtocolName; name: string; at: number }): string {
  if (protocol === "messages") return `toolu_01${dice.text(22)}`;
  if (protocol === "responses") return `call_${dice.text(24)}`;
  if (protocol === "gemini")
    return dice.chance(0.5) ? dice.text(8).toLowerCase() : `function-call-${dice.whole(1e9, 9e9)}`;
  return dice.pick([
    `call_${dice.text(24)}`,
    `functions.${name}:${at}`,
    `call_${at + 1}`,
    `chatcmpl-tool-${dice.text(66)}`,
    dice.text(9),
    `call ${dice.text(3)}/${at}+ä`,
  ]);
}

export function saidFor(dice: Dice, mark: string): Said {
  return {
    text: `${mark} ${dice.pick(["Go on.", "What is there?", "Then look again, please."])}`,
    ...(dice.chance(0.15) ? { image: true } : {}),
    ...(dice.chance(0.15) ? { reminder: `Reminder of ${mark}: be careful.` } : {}),
  };
}

export function outcomeFor(dice: Dice, call: ToolCall, mark: string) {
  const found = dice.chance(0.1) ? `${mark} {"found":[1,2.0,"ä"]}` : `${mark} A fox.`;
  // Large bodies go other ways than small ones.
  const text = dice.chance(0.02) ? `${found}${' \\ "line" ä\n'.repeat(6000)}` : found;
  return { call, text, error: dice.chance(0.15), image: dice.chance(0.1) };
}

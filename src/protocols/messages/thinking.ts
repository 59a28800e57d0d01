/** How hard to think, and the room for it: `thinking`, `output_config.effort` and `max_tokens` of an outgoing request. */
import type { ChatRequest, Effort, Reasoning } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { Capabilities, TargetFacts } from "../../model/target.ts";
import { knownEffort } from "../efforts.ts";
import { isObject } from "../read.ts";

const leastBudget = 1024;

/** Thinking tokens that an effort word stands for, and the other way round by the same thresholds. */
const budgets: Readonly<Record<Exclude<Effort, "none" | "max">, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24576,
  xhigh: 32768,
};

export function effortOfBudget(budget: number): Effort {
  if (budget <= budgets.low) return "low";
  if (budget <= budgets.medium) return "medium";
  if (budget <= budgets.high) return "high";
  return budget <= budgets.xhigh ? "xhigh" : "max";
}

export interface ThinkingPlan {
  thinking?: JsonObject;
  effort?: string;
  maxTokens: number;
}

export interface ThinkingContext {
  target: TargetFacts;
  notes: Notes;
  /** Why this request must do without thinking, in one machine word. */
  obstacle: string | undefined;
  maxTokens: number;
  /** The client asked for this many; else it is our default and may grow. */
  capped: boolean;
}

export function planThinking(request: ChatRequest, context: ThinkingContext): ThinkingPlan {
  const { maxTokens, notes } = context;
  const reasoning = request.reasoning;
  if (!reasoning) return { maxTokens };
  const wanted = wants(reasoning);
  const own = request.protocol === "messages";
  if (wanted === undefined || (own && reasoning.mode === undefined)) return effortAlone(reasoning, own, maxTokens);
  const { can } = context.target;
  if (can.thinking === "none") {
    if (wanted) notes.add("dropped", "reasoning", "not_told");
    return { maxTokens };
  }
  // The obstacles are of Anthropic's own models.
  const obstacle = can.thinking === "switch" ? undefined : context.obstacle;
  if (!wanted || obstacle) {
    if (wanted && obstacle) notes.add("dropped", "reasoning", obstacle);
    if (can.thinkingOff) return { thinking: { type: "disabled" }, ...effortWord(reasoning, context, own), maxTokens };
    return leastThinking(context);
  }
  if (can.thinking === "switch") return planSwitch(reasoning, context);
  return can.thinking === "budget" ? planBudget(reasoning, context, own) : planAdaptive(reasoning, context);
}

/** True: think; false: do not; undefined: the request does not say. */
function wants(reasoning: Reasoning): boolean | undefined {
  if (reasoning.mode !== undefined) return reasoning.mode !== "off";
  if (reasoning.effort !== undefined) return reasoning.effort !== "none";
  return reasoning.budget === undefined ? undefined : reasoning.budget !== 0;
}

/** A Messages client may set the effort without a word on thinking. */
function effortAlone(reasoning: Reasoning, own: boolean, maxTokens: number): ThinkingPlan {
  return own && reasoning.effort ? { effort: reasoning.effort, maxTokens } : { maxTokens };
}

/** The effort beside switched-off thinking: only where the client itself said it, or the model knows no budget. */
function effortWord(reasoning: Reasoning, { target, notes }: ThinkingContext, own: boolean): { effort?: string } {
  if (reasoning.effort === undefined || reasoning.effort === "none") return {};
  if (!own && target.can.thinking === "budget") return {};
  const effort = knownWord(reasoning.effort, target.can, notes);
  const { effortsWhenOff } = target.can;
  if (effort === undefined || effortsWhenOff === undefined || effortsWhenOff.includes(effort)) return wordOf(effort);
  notes.add("clamped", "reasoning.effort", "thinking_off");
  return wordOf(effortsWhenOff.at(-1));
}

function wordOf(effort: Effort | undefined): { effort?: Effort } {
  return effort === undefined || effort === "none" ? {} : { effort };
}

/** A word that Messages has. */
function knownWord(effort: Effort, can: Capabilities, notes: Notes): Effort | undefined {
  return knownEffort(effort === "minimal" && can.efforts === undefined ? "low" : effort, can, notes);
}

/** For a model that cannot be kept from thinking. */
function leastThinking({ target, notes, maxTokens }: ThinkingContext): ThinkingPlan {
  notes.add("clamped", "reasoning", "always_thinks");
  if (target.can.thinking !== "adaptive") return { maxTokens };
  return { thinking: { type: "adaptive" }, effort: target.can.efforts?.[0] ?? "low", maxTokens };
}

function planAdaptive(reasoning: Reasoning, { notes, maxTokens, target }: ThinkingContext): ThinkingPlan {
  const display = reasoning.display ?? (reasoning.summary && reasoning.summary !== "none" ? "summarized" : undefined);
  const thinking: JsonObject =
    reasoning.mode === "between_tools"
      ? { type: "between_tools" }
      : { type: "adaptive", ...(display ? { display } : {}) };
  let effort = reasoning.effort;
  if (effort === "minimal" && target.can.efforts === undefined) {
    notes.add("clamped", "reasoning", "minimal_as_low");
    effort = "low";
  }
  if (effort === undefined && reasoning.budget !== undefined && reasoning.budget > 0) {
    notes.add("emulated", "reasoning", "budget_as_effort");
    effort = effortOfBudget(reasoning.budget);
  }
  const known = effort && effort !== "none" ? knownEffort(effort, target.can, notes) : undefined;
  return { thinking, ...wordOf(known), maxTokens };
}

function planSwitch(reasoning: Reasoning, { notes, maxTokens, target }: ThinkingContext): ThinkingPlan {
  const { budget, effort = budget !== undefined && budget > 0 ? effortOfBudget(budget) : undefined } = reasoning;
  if (budget !== undefined && budget > 0) notes.add("emulated", "reasoning", "budget_as_effort");
  const isTold = effort !== undefined && effort !== "none" && target.can.efforts?.length !== 0;
  const known = isTold ? knownEffort(effort, target.can, notes) : undefined;
  // A model that always thinks has no switch.
  return { ...(target.can.thinkingOff ? { thinking: { type: "enabled" } } : {}), ...wordOf(known), maxTokens };
}

function planBudget(reasoning: Reasoning, context: ThinkingContext, own: boolean): ThinkingPlan {
  const { notes, target, capped } = context;
  const wanted = wantedBudget(reasoning, context);
  const least = target.can.budget?.least ?? leastBudget;
  if (wanted < least) {
    notes.add("dropped", "reasoning", "budget_below_minimum");
    return { maxTokens: context.maxTokens };
  }
  let { maxTokens } = context;
  // Where the model's maximum is known, our default is all that there is room for already.
  if (wanted >= maxTokens && !capped && target.maxOutput === undefined) maxTokens = wanted + 8192;
  let budget = wanted;
  if (budget >= maxTokens) {
    if (maxTokens <= leastBudget) {
      notes.add("dropped", "reasoning", "max_tokens_too_small");
      return { maxTokens };
    }
    budget = Math.max(leastBudget, maxTokens - answerShare(maxTokens));
    notes.add("clamped", "reasoning", "budget_below_max_tokens");
  }
  const thinking: JsonObject = { type: "enabled", budget_tokens: budget };
  if (reasoning.display) thinking.display = reasoning.display;
  // The client's own effort beside its own budget goes along; a word that became the budget does not.
  const effort = own && reasoning.mode === "budget" ? reasoning.effort : undefined;
  return { thinking, ...(effort ? { effort } : {}), maxTokens };
}

/** What thinking leaves for the answer, which would else stay empty. */
function answerShare(maxTokens: number): number {
  return Math.min(4096, Math.floor(maxTokens / 4));
}

function wantedBudget(reasoning: Reasoning, { notes, target, maxTokens }: ThinkingContext): number {
  if (reasoning.budget !== undefined && reasoning.budget >= 0) return reasoning.budget;
  if (reasoning.mode === "adaptive" || reasoning.mode === "between_tools") {
    notes.add("emulated", "reasoning", `${reasoning.mode}_as_budget`);
  }
  const effort = reasoning.effort ?? (reasoning.mode === "between_tools" ? "low" : "medium");
  if (effort === "max") {
    const most = target.maxOutput ?? Math.max(maxTokens, 2 * budgets.xhigh);
    return most - answerShare(most);
  }
  return effort === "none" ? 0 : budgets[effort];
}

/**
 * Does a running tool loop lack the thinking that it must start with? The loop is one turn for the API, whatever number
 * of messages it has; its later steps may do without.
 */
export function lostThinking(messages: readonly unknown[]): boolean {
  if (!holds(messages.at(-1), "tool_result")) return false;
  let first: unknown;
  for (const message of messages.toReversed()) {
    const role = isObject(message) ? message.role : undefined;
    if (role === "assistant") first = message;
    else if (role !== "system" && !holds(message, "tool_result")) break;
  }
  return first !== undefined && !holds(first, "thinking", "redacted_thinking");
}

function holds(message: unknown, ...types: string[]): boolean {
  if (!isObject(message) || !Array.isArray(message.content)) return false;
  return message.content.some((block) => isObject(block) && types.includes(block.type as string));
}

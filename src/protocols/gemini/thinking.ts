/** How hard to think: `thinkingConfig` of an outgoing request. */
import type { ChatRequest, Effort, Reasoning } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Build } from "./build.ts";

/** Thinking tokens that an effort word stands for, and the other way round by the same thresholds. */
const budgets: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 512,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
};
/** The most that every model with budgets takes. */
const mostBudget = budgets.max;
/** The model decides. */
const dynamic = -1;

export function buildThinking(request: ChatRequest, build: Build): JsonObject | undefined {
  const { reasoning } = request;
  if (!reasoning) return undefined;
  if (build.own) return ownThinking(reasoning);
  const wanted = wants(reasoning);
  if (wanted === undefined) return undefined;
  if (build.target.can.thinking === "none") {
    if (wanted) build.notes.add("dropped", "reasoning", "not_told");
    return undefined;
  }
  const amount = build.target.can.thinking === "budget" ? budgetOf(reasoning, build) : levelOf(reasoning, build);
  return { ...amount, ...(wanted && shows(request) ? { includeThoughts: true } : {}) };
}

/** True: think; false: do not; undefined: the request does not say. */
function wants({ mode, effort, budget }: Reasoning): boolean | undefined {
  if (mode !== undefined) return mode !== "off";
  if (effort !== undefined) return effort !== "none";
  return budget === undefined ? undefined : budget !== 0;
}

/** Thoughts are asked for only where the client has a place to show them. */
function shows({ protocol, reasoning }: ChatRequest): boolean {
  if (reasoning?.display === "omitted") return false;
  if (protocol !== "responses" || reasoning?.display !== undefined) return true;
  return reasoning?.summary !== undefined && reasoning.summary !== "none";
}

function ownThinking({ mode, effort, budget, display }: Reasoning): JsonObject | undefined {
  const config: JsonObject = {
    ...(mode === "off" ? { thinkingBudget: 0 } : {}),
    ...(mode === "adaptive" ? { thinkingBudget: dynamic } : {}),
    ...(mode === "budget" && budget !== undefined ? { thinkingBudget: budget } : {}),
    ...(effort === undefined ? {} : { thinkingLevel: effort.toUpperCase() }),
    ...(display === "summarized" ? { includeThoughts: true } : {}),
  };
  return Object.keys(config).length > 0 ? config : undefined;
}

function budgetOf(reasoning: Reasoning, build: Build): JsonObject {
  const { mode, effort, budget } = reasoning;
  const { notes, target } = build;
  const most = target.can.budget?.most ?? mostBudget;
  if (mode === "off") return atLeast(0, build);
  if (budget !== undefined && budget >= 0) {
    if (budget > most) notes.add("clamped", "reasoning.budget", "model_maximum");
    return atLeast(Math.min(budget, most), build);
  }
  if (effort === "xhigh" || effort === "max") {
    if (most <= mostBudget) notes.add("clamped", "reasoning.effort", "model_maximum");
    return atLeast(most, build);
  }
  if (effort !== undefined) return atLeast(Math.min(budgets[effort], most), build);
  if (mode !== "between_tools") return { thinkingBudget: dynamic };
  notes.add("emulated", "reasoning", "between_tools_as_budget");
  return { thinkingBudget: budgets.low };
}

/** No less than the model takes; nothing where it may do without. */
function atLeast(budget: number, { notes, target }: Build): JsonObject {
  const { thinkingOff, budget: range } = target.can;
  if (budget === 0 && thinkingOff) return { thinkingBudget: 0 };
  const least = range?.least ?? 0;
  if (budget >= least && budget > 0) return { thinkingBudget: budget };
  notes.add("clamped", "reasoning", budget === 0 ? "always_thinks" : "model_minimum");
  return { thinkingBudget: Math.max(least, 1) };
}

const levels: Readonly<Record<Effort, string>> = {
  none: "MINIMAL",
  minimal: "MINIMAL",
  low: "LOW",
  medium: "MEDIUM",
  high: "HIGH",
  xhigh: "HIGH",
  max: "HIGH",
};

function levelOf(reasoning: Reasoning, { notes, target }: Build): JsonObject {
  const { mode, budget } = reasoning;
  let effort = mode === "off" ? "none" : reasoning.effort;
  if (effort === undefined && budget !== undefined && budget >= 0) {
    effort = effortOfBudget(budget);
    if (budget > 0) notes.add("emulated", "reasoning", "budget_as_level");
  }
  if (effort === undefined && mode === "between_tools") {
    notes.add("emulated", "reasoning", "between_tools_as_level");
    effort = "low";
  }
  if (effort === undefined) return {};
  if (effort === "none") notes.add("clamped", "reasoning", "always_thinks");
  if (effort === "xhigh" || effort === "max") notes.add("clamped", "reasoning.effort", "high_is_most");
  const { efforts = allLevels } = target.can;
  // Two levels are a low and a high one: what is asked in the middle is not the low one.
  const known = efforts.includes(effort) ? effort : nearestLevel(effort, efforts);
  if (known !== effort && effort !== "none" && !beyondHigh.has(effort)) {
    notes.add("clamped", "reasoning.effort", `${known}_for_${effort}`);
  }
  return { thinkingLevel: levels[known] };
}

const allLevels: readonly Effort[] = ["minimal", "low", "medium", "high"];
const beyondHigh: ReadonlySet<Effort> = new Set<Effort>(["xhigh", "max"]);

function nearestLevel(effort: Effort, known: readonly Effort[]): Effort {
  const least = known[0] ?? "low";
  if (effort === "none" || effort === "minimal" || effort === "low") return least;
  return known.at(-1) ?? "high";
}

function effortOfBudget(budget: number): Effort {
  if (budget <= 0) return "none";
  if (budget <= budgets.minimal) return "minimal";
  if (budget <= budgets.low) return "low";
  return budget <= budgets.medium ? "medium" : "high";
}

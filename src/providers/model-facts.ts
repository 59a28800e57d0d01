/** A line of the catalogue as capabilities. */
import type { Effort } from "../model/chat.ts";
import type { Capabilities, Refusable } from "../model/target.ts";
import type { CatalogueEntry } from "./catalogue.ts";

type Reasoning = NonNullable<CatalogueEntry["reasoning"]>;

const efforts: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

const members: Readonly<Record<string, Refusable>> = {
  temperature: "temperature",
  top_p: "topP",
  top_k: "topK",
  presence_penalty: "presencePenalty",
  frequency_penalty: "frequencyPenalty",
  seed: "seed",
  logit_bias: "logitBias",
  logprobs: "logprobs",
  top_logprobs: "logprobs",
  stop: "stop",
  n: "n",
};

/** `family` is what is known of all models of the provider; what the line does not say stays so. */
export function capabilitiesOf(entry: CatalogueEntry, family: Capabilities): Capabilities {
  const { reasoning } = entry;
  return {
    ...family,
    ...(entry.in === undefined ? {} : { vision: entry.in.includes("image") }),
    ...(entry.structured_output === undefined ? {} : { outputSchema: entry.structured_output }),
    ...(entry.prefill_refused ? { prefill: false } : {}),
    refuses: {
      ...family.refuses,
      ...refusals(entry.refused, "always"),
      ...refusals(entry.refused_thinking, "thinking"),
    },
    ...(reasoning === undefined ? {} : reasoningOf(reasoning, family)),
  };
}

function refusals(names: readonly string[] = [], when: "always" | "thinking"): Capabilities["refuses"] {
  return Object.fromEntries(names.flatMap((name) => (members[name] ? [[members[name], when]] : [])));
}

function reasoningOf(reasoning: Reasoning, family: Capabilities): Partial<Capabilities> {
  const { form, echo, budget } = reasoning;
  const isOff = form === "none" || form === "model-default";
  return {
    ...(isOff ? { thinking: "none" } : shapeOf(reasoning, family)),
    ...(reasoning.can_disable === false || reasoning.always_on ? { thinkingOff: false } : {}),
    ...(reasoning.disable_only_at_effort ? { effortsWhenOff: words(reasoning.disable_only_at_effort) } : {}),
    ...(budget === undefined ? {} : { budget }),
    ...(reasoning.forced_tool_choice_refused ? { forcedTool: false } : {}),
    ...(reasoning.effort_or_tools ? { effortOrTools: true } : {}),
    ...(echo?.startsWith("reasoning-content") ? { echoReasoning: true } : {}),
    ...(echo === "none" ? { echoReasoning: false } : {}),
  };
}

function shapeOf(reasoning: Reasoning, family: Capabilities): Partial<Capabilities> {
  const { form = "", levels, thinking_types: types = [] } = reasoning;
  const field = switches[reasoning.toggle_field ?? ""];
  const thinkingSwitch = field ?? family.thinkingSwitch;
  const known = levels === undefined ? undefined : words(levels).filter((word) => word !== "none");
  // A model with a switch and no words is turned on and off, no more.
  const isSwitch = levels === undefined && thinkingSwitch !== undefined && onAndOff.has(form);
  return {
    thinking: form === "gemini-level" || types.includes("adaptive") ? "adaptive" : toldBy(form, family),
    ...(known === undefined ? {} : { efforts: known }),
    ...(isSwitch ? { efforts: [] } : {}),
    ...(field === undefined ? {} : { thinkingSwitch: field }),
    ...(form === "gemini-level" ? { toolMedia: true } : {}),
    ...(form === "gemini-budget" ? { schemaWithTools: false } : {}),
  };
}

/** What a vendor's own way is holds for its models but for those that imitate another's. */
function toldBy(form: string, { thinking }: Capabilities): Capabilities["thinking"] {
  return thinking === "switch" && form !== "anthropic" ? thinking : "budget";
}

const onAndOff = new Set(["toggle", "qwen-enable_thinking"]);
const switches: Readonly<Record<string, Capabilities["thinkingSwitch"]>> = {
  "thinking.type": "thinking.type",
  "reasoning.enabled": "reasoning.enabled",
  enable_thinking: "enable_thinking",
};

function words(levels: readonly string[]): Effort[] {
  return efforts.filter((effort) => levels.includes(effort));
}

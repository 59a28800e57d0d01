/**
 * Makes the catalogue of models that the binary carries from a list of model facts (JSON: `models[]` with provider, id,
 * aliases, limits, modalities, reasoning, what is refused): bun scripts/catalogue.ts FACTS.json
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Fact {
  provider: string;
  id: string;
  aliases?: string[];
  kind: string;
  context?: number;
  max_output?: number;
  modalities?: { in: string[] };
  tools?: boolean;
  structured_output?: boolean;
  reasoning?: Record<string, unknown> & { note?: string; budget?: Record<string, number> };
  sampling_refused?: string[];
  sampling_condition?: string;
  prefill_refused?: boolean;
  protocols: string[];
  confidence: string;
  deprecated?: { status: string };
}

/** Servers of one's own: what they take depends on how they were started. */
const ownServers = new Set(["ollama"]);
const carried = [
  "form",
  "levels",
  "can_disable",
  "always_on",
  "disable_only_at_effort",
  "thinking_types",
  "toggle_field",
  "forced_tool_choice_refused",
  "echo",
];

/** Guesses about models that are gone would do harm where an unknown model does none. */
function isKept({ provider, kind, confidence, deprecated }: Fact): boolean {
  return kind === "chat" && !ownServers.has(provider) && !(confidence === "low" && deprecated);
}

function reasoningOf({ reasoning = {} }: Fact): Record<string, unknown> | undefined {
  if (reasoning.supported === undefined) return undefined;
  if (reasoning.supported === false) return { form: "none" };
  const out: Record<string, unknown> = {};
  for (const key of carried) if (reasoning[key] !== undefined) out[key] = reasoning[key];
  const { min, min_nonzero: least = min, max } = reasoning.budget ?? {};
  if (least !== undefined || max !== undefined) {
    out.budget = { ...(least === undefined ? {} : { least }), ...(max === undefined ? {} : { most: max }) };
  }
  if (/function tools together with/.test(reasoning.note ?? "")) out.effort_or_tools = true;
  return out;
}

/** A rule that holds only while the model thinks is kept apart from one without exception. */
function refusalOf({ sampling_refused: refused = [], sampling_condition: condition = "" }: Fact) {
  if (refused.length === 0) return {};
  return /only with (?:reasoning )?effort none/.test(condition) ? { refused_thinking: refused } : { refused };
}

function entryOf(fact: Fact): Record<string, unknown> {
  const { context, max_output, modalities, tools, structured_output, prefill_refused, confidence, protocols } = fact;
  const isSure = confidence !== "low";
  return {
    context,
    max_output,
    ...(isSure ? { in: modalities?.in.filter((kind) => kind !== "text"), tools } : {}),
    structured_output,
    reasoning: reasoningOf(fact),
    ...refusalOf(fact),
    prefill_refused: prefill_refused || undefined,
    only: protocols.length === 1 ? protocols[0] : undefined,
  };
}

function catalogue(facts: readonly Fact[]): string {
  const kept = facts.filter(isKept);
  const providers = [...new Set(kept.map(({ provider }) => provider))];
  const lines = providers.flatMap((provider) => [
    `# ${provider}`,
    ...kept
      .filter((fact) => fact.provider === provider)
      .map((fact) => `${[fact.id, ...(fact.aliases ?? [])].join(" ")}\t${JSON.stringify(entryOf(fact))}`),
  ]);
  return `${lines.join("\n")}\n`;
}

const [source] = process.argv.slice(2);
if (source === undefined) throw new Error("Give the path of the model facts.");
const { models } = JSON.parse(readFileSync(source, "utf8")) as { models: Fact[] };
const text = catalogue(models);
if (!/^[\n\t -~]*$/.test(text) || models.some(({ id }) => /\s/.test(id))) {
  throw new Error("Ids and facts must be plain ASCII, ids without white space.");
}
writeFileSync(join(import.meta.dir, "..", "src", "providers", "models.txt"), text);

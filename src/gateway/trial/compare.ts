/** The models that a provider tells of beside those that are configured. */
import type { ModelFacts, Provider } from "../../config/snapshot.ts";
import type { TargetFacts } from "../../model/target.ts";
import type { TrialChange, TrialModel } from "../../model/trial.ts";
import type { FoundModel } from "../../protocols/listing.ts";
import type { Wire } from "../../protocols/protocol.ts";
import type { Candidate, FactsOf } from "../../routing/resolve.ts";
import { offeredBy } from "../offered.ts";

const mostSuggested = 3;

export interface Known {
  provider: Provider;
  factsOf: FactsOf;
  wires: readonly Wire[];
}

/**
 * Those that were found first, in their order; then those that are configured and were not. Of an empty list, or of a
 * part of one, none is taken for gone.
 */
export function compareModels(found: readonly FoundModel[], known: Known, isCut = false): TrialModel[] {
  if (found.length === 0) return [];
  const { provider } = known;
  const suggested = suggestionsOf(found, known);
  const told = found.map((model): TrialModel => {
    const listed = provider.models.get(model.id);
    const changes = listed ? changesOf(model, listed) : [];
    const state = !listed ? "new" : changes.length > 0 ? "changed" : "same";
    return { ...describe(model, known), state, changes, isSuggested: suggested.has(model.id) };
  });
  const ids = new Set(found.map(({ id }) => id));
  const gone = isCut ? [] : [...provider.models.keys()].filter((id) => !ids.has(id));
  return [
    ...told,
    ...gone.map((id) => ({ ...describe({ id }, known), state: "gone" as const, changes: [], isSuggested: false })),
  ];
}

export function candidateOf({ provider, factsOf }: Omit<Known, "wires">, model: string): Candidate {
  const listed = provider.models.get(model);
  const facts = factsOf(provider, model, listed);
  const name = `${provider.id}/${model}`;
  return { name, provider, model, weight: 1, enabled: true, facts, ...(listed ? { listed } : {}) };
}

function describe(
  model: FoundModel,
  known: Known,
): Pick<TrialModel, "id" | "context" | "maxOutput" | "price" | "protocols"> {
  const candidate = candidateOf(known, model.id);
  const { facts } = candidate;
  return {
    id: model.id,
    context: model.context ?? facts.context ?? null,
    maxOutput: model.maxOutput ?? facts.maxOutput ?? null,
    price: priceOf(facts),
    protocols: offeredBy(candidate, known.wires).map(({ name }) => name),
  };
}

function priceOf({ price }: TargetFacts): TrialModel["price"] {
  if (!price) return null;
  const { input, output } = price.terms;
  return { input: typeof input === "number" ? input : null, output: typeof output === "number" ? output : null };
}

/** Only what is configured can have changed. */
function changesOf(model: FoundModel, listed: ModelFacts): TrialChange[] {
  const pairs = [
    { field: "context" as const, before: listed.context, after: model.context },
    { field: "max_output" as const, before: listed.maxOutput, after: model.maxOutput },
  ];
  return pairs.flatMap(({ field, before, after }) =>
    before === null || after === undefined || before === after ? [] : [{ field, before, after }],
  );
}

/** The newest of those that are known to be models of conversations; of a short list all. */
function suggestionsOf(found: readonly FoundModel[], known: Known): Set<string> {
  const talking = found.filter(({ converses }) => converses !== false);
  const wellKnown = talking.filter(({ id }) => isWellKnown(candidateOf(known, id).facts));
  if (wellKnown.length === 0) return new Set(talking.length <= mostSuggested ? talking.map(({ id }) => id) : []);
  const newest = wellKnown.toSorted((one, other) => (other.created ?? 0) - (one.created ?? 0));
  return new Set(newest.slice(0, mostSuggested).map(({ id }) => id));
}

/** The catalogue has it, and its answers have a price. */
export function isWellKnown(facts: TargetFacts): boolean {
  return facts.context !== undefined && (priceOf(facts)?.output ?? 0) > 0;
}

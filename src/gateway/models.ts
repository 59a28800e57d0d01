/** The lists of models that a key may call, in the shape of the client's protocol. */
import type { Key, Snapshot } from "../config/snapshot.ts";
import { GatewayError } from "../model/error.ts";
import type { ListedModel } from "../protocols/protocol.ts";
import { type FactsOf, permit, resolve } from "../routing/resolve.ts";

export interface Viewer {
  snapshot: Snapshot;
  key: Key;
  factsOf: FactsOf;
}

/** Every alias under all its names, as far as the key may call it; sorted by name. */
export function listModels({ snapshot, key, factsOf }: Viewer): ListedModel[] {
  const names = [...snapshot.aliases.keys()].sort();
  return names.flatMap((name) => {
    const model = visible({ snapshot, key, factsOf }, name);
    return model ? [model] : [];
  });
}

/** One alias, or a model that a provider lists. Throws `not-found`. */
export function findModel({ snapshot, key, factsOf }: Viewer, name: string): ListedModel {
  const model = visible({ snapshot, key, factsOf }, name);
  if (model) return model;
  throw new GatewayError("not-found", `The model ${JSON.stringify(name)} does not exist.`, { param: "model" });
}

function visible({ snapshot, key, factsOf }: Viewer, name: string): ListedModel | undefined {
  try {
    const route = permit(resolve(snapshot, name, factsOf), name, key);
    const facts = route.groups.flatMap((group) => group.candidates.map((candidate) => candidate.facts));
    const context = smallest(facts.map((one) => one.context));
    const maxOutput = smallest(facts.map((one) => one.maxOutput));
    return {
      id: name,
      created: 0,
      ownedBy: route.alias ? "plexus" : (facts[0]?.provider ?? "plexus"),
      ...(context === undefined ? {} : { context }),
      ...(maxOutput === undefined ? {} : { maxOutput }),
    };
  } catch {
    return undefined;
  }
}

/** What every target can do; unknown when one is. */
function smallest(numbers: (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined);
  return known.length === numbers.length && known.length > 0 ? Math.min(...known) : undefined;
}

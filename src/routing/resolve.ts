/** A model name to the targets that may answer it, within what the client's key may call. */
import type { Alias, Key, ModelFacts, Provider, Snapshot } from "../config/snapshot.ts";
import { GatewayError } from "../model/error.ts";
import type { TargetFacts } from "../model/target.ts";

/** One target that may be tried: where it is and what it can. */
export interface Candidate {
  /** `provider/model`. */
  name: string;
  provider: Provider;
  model: string;
  weight: number;
  enabled: boolean;
  listed?: ModelFacts;
  facts: TargetFacts;
}

export interface Route {
  /** Null for a name of the form provider/model. */
  alias: Alias | null;
  groups: RouteGroup[];
}

export interface RouteGroup {
  name: string;
  selector: string;
  candidates: Candidate[];
  /** Those that the key may not use. */
  denied?: Candidate[];
}

export type FactsOf = (provider: Provider, model: string, listed: ModelFacts | undefined) => TargetFacts;

/** Throws `not-found` for a name that nothing has, `forbidden` for one that this key may not call. */
export function resolve(snapshot: Snapshot, name: string, factsOf: FactsOf): Route {
  const alias = snapshot.aliases.get(name);
  if (alias) {
    return {
      alias,
      groups: alias.groups.map((group) => ({
        name: group.name,
        selector: group.selector,
        candidates: group.targets.flatMap((target) => {
          const provider = snapshot.providers.get(target.provider);
          return provider ? [candidate({ provider, model: target.model, factsOf, ...weighting(target) })] : [];
        }),
      })),
    };
  }
  const slash = name.indexOf("/");
  const provider = slash > 0 ? snapshot.providers.get(name.slice(0, slash)) : undefined;
  const model = name.slice(slash + 1);
  if (!provider || model === "") {
    const hint = slash > 0 ? `there is no provider ${JSON.stringify(name.slice(0, slash))}` : "no alias has this name";
    throw new GatewayError("not-found", `The model ${JSON.stringify(name)} does not exist: ${hint}.`, {
      param: "model",
    });
  }
  const only = candidate({ provider, model, factsOf, weight: 1, enabled: true });
  return { alias: null, groups: [{ name: "default", selector: "in_order", candidates: [only] }] };
}

/** `resolve`, with what it makes of an alias kept as long as the configuration: targets are the same objects then. */
export function createResolve(factsOf: FactsOf): (snapshot: Snapshot, name: string) => Route {
  const known = new WeakMap<Alias, { snapshot: Snapshot; route: Route }>();
  return (snapshot, name) => {
    const alias = snapshot.aliases.get(name);
    const before = alias && known.get(alias);
    if (before?.snapshot === snapshot) return before.route;
    const route = resolve(snapshot, name, factsOf);
    if (alias) known.set(alias, { snapshot, route });
    return route;
  };
}

function weighting(target: { weight: number; enabled: boolean }): { weight: number; enabled: boolean } {
  return { weight: target.weight, enabled: target.enabled };
}

interface Parts {
  provider: Provider;
  model: string;
  factsOf: FactsOf;
  weight: number;
  enabled: boolean;
}

function candidate({ provider, model, factsOf, weight, enabled }: Parts): Candidate {
  const listed = provider.models.get(model);
  const facts = factsOf(provider, model, listed);
  const name = `${provider.id}/${model}`;
  return { name, provider, model, weight, enabled, facts, ...(listed ? { listed } : {}) };
}

/** Applies the key's allow-lists: names first, then providers. Throws `forbidden` when nothing is left. */
export function permit(route: Route, name: string, key: Key): Route {
  const named =
    key.aliases === null || key.aliases.has(name) || (route.alias !== null && key.aliases.has(route.alias.name));
  if (!named) {
    throw new GatewayError("forbidden", `This key may not call the model ${JSON.stringify(name)}.`, { param: "model" });
  }
  const allowed = key.providers;
  if (allowed === null) return route;
  const groups = route.groups.map((group) => ({
    ...group,
    candidates: group.candidates.filter((one) => allowed.has(one.provider.id)),
    denied: group.candidates.filter((one) => !allowed.has(one.provider.id)),
  }));
  if (groups.every((group) => group.candidates.length === 0)) {
    throw new GatewayError("forbidden", `This key may not use any provider of the model ${JSON.stringify(name)}.`, {
      param: "model",
    });
  }
  return { ...route, groups };
}

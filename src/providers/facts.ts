/**
 * What is known of a target. Each source wins over those before it: what an unlisted model does, what is known of the
 * provider's host, the catalogue, the model's facts in the configuration, the quirks that are configured.
 */
import type { ModelFacts, Provider } from "../config/snapshot.ts";
import { defaultCapabilities, type TargetFacts } from "../model/target.ts";
import type { Tariff } from "../model/tariff.ts";
import { type CatalogueEntry, lookUp } from "./catalogue.ts";
import { capabilitiesOf } from "./model-facts.ts";
import { type Preset, presetOf } from "./presets.ts";
import { withQuirks } from "./quirks.ts";

/** Clients choose the names of models: a provider's facts are remembered for this many, then worked out again. */
const remembered = 1000;

type Lookup = (provider: Provider, model: string, listed: ModelFacts | undefined) => TargetFacts;

/** Finds a target's price; `family` is the provider's name in price lists, as far as its address tells. */
type PriceOf = (priced: Named & { family: string | undefined }) => Tariff | undefined;

/** Makes the look-up. What it finds is worked out once for each provider and model of a configuration. */
export function createTargetFacts(priceOf: PriceOf = () => undefined): Lookup {
  const known = new WeakMap<Provider, { preset: Preset | undefined; models: Map<string, TargetFacts> }>();
  return (provider, model, listed) => {
    let own = known.get(provider);
    if (own === undefined) {
      own = { preset: familyOf(provider), models: new Map() };
      known.set(provider, own);
    }
    const before = own.models.get(model);
    if (before) return before;
    const price = priceOf({ provider, model, listed, family: own.preset?.catalogue });
    const facts = { ...factsOf({ provider, model, listed, preset: own.preset }), ...(price ? { price } : {}) };
    if (own.models.size < remembered) own.models.set(model, facts);
    return facts;
  };
}

function familyOf(provider: Provider): Preset | undefined {
  for (const { baseUrl } of provider.protocols) {
    const preset = presetOf(baseUrl);
    if (preset) return preset;
  }
  return undefined;
}

interface Named {
  provider: Provider;
  model: string;
  listed: ModelFacts | undefined;
}

interface Asked extends Named {
  preset: Preset | undefined;
}

function factsOf({ provider, model, listed, preset }: Asked): TargetFacts {
  const entry = preset?.catalogue === undefined ? undefined : lookUp(preset.catalogue, model);
  const family = withQuirks(defaultCapabilities, preset?.quirks ?? []);
  const catalogued = entry ? capabilitiesOf(entry, family) : withQuirks(family, preset?.unlisted ?? []);
  const configured = listed?.vision == null ? catalogued : { ...catalogued, vision: listed.vision };
  const can = withQuirks(configured, [...provider.quirks, ...(listed?.quirks ?? [])]);
  const only = entry?.only === undefined ? {} : { only: entry.only };
  return { provider: provider.id, model, scope: provider.id, ...limits(listed, entry), ...only, can };
}

/** Tokens; members that are unknown are left out. */
function limits(listed: ModelFacts | undefined, entry: CatalogueEntry | undefined) {
  const context = listed?.context ?? entry?.context;
  const maxOutput = listed?.maxOutput ?? entry?.max_output;
  return { ...(context === undefined ? {} : { context }), ...(maxOutput === undefined ? {} : { maxOutput }) };
}

/** Asks a provider for its models: in the protocols that it speaks, until one of them tells. */

import { toGatewayError } from "../../model/error.ts";
import type { TrialStage } from "../../model/trial.ts";
import type { FoundModel, ModelListing } from "../../protocols/listing.ts";
import type { Wire } from "../../protocols/protocol.ts";
import { presetOf } from "../../providers/presets.ts";
import { addressed } from "../outgoing.ts";
import { candidateOf } from "./compare.ts";
import { diagnoseAnswer } from "./diagnose.ts";
import { hear, jsonOf } from "./hear.ts";
import { answered, fieldOf, shownUrl, stageOf, type Trying, withoutSecrets } from "./stage.ts";

const timeoutMs = 12_000;
const mostPages = 10;
/** More of them nobody can look through. */
const mostModels = 5000;

export interface Listed {
  stages: TrialStage[];
  /** Undefined where nobody told. */
  found?: FoundModel[];
  /** There are more than those. */
  isCut?: boolean;
  /** Base URL that told. */
  url?: string;
}

type Lister = Wire & { listing: ModelListing };

export async function listModels(trying: Trying, isReached: (baseUrl: string) => boolean): Promise<Listed> {
  const { provider, gateway } = trying;
  const stages: TrialStage[] = [];
  const tried = new Set<string>();
  for (const { name, baseUrl } of provider.protocols) {
    const wire = listerOf([...gateway.protocols, ...gateway.embeddingWires], name);
    if (!wire || !isReached(baseUrl)) continue;
    const place = `${baseUrl}${wire.listing.path()}`;
    if (tried.has(place)) continue;
    tried.add(place);
    if (presetOf(baseUrl)?.listing === "none") {
      const words = "This provider tells nobody which models it has: type their names in by hand.";
      stages.push(stageOf({ name: "models", target: shownUrl(baseUrl), protocol: name, result: "skipped", words }));
      continue;
    }
    const { stage, found, isCut = false } = await listIn(trying, wire, baseUrl);
    stages.push(stage);
    if (found) return { stages, found, isCut, url: baseUrl };
    // The other protocols of a host that refuses the key have the same one.
    if (stage.status === 401) break;
  }
  return { stages };
}

function listerOf(wires: readonly Wire[], protocol: string): Lister | undefined {
  const tells = (wire: Wire): wire is Lister => wire.listing !== undefined;
  return wires.filter(tells).find(({ name }) => name === protocol);
}

interface ListedOnce extends Pick<Listed, "found" | "isCut"> {
  stage: TrialStage;
}

async function listIn(trying: Trying, wire: Lister, baseUrl: string): Promise<ListedOnce> {
  const { provider, gateway } = trying;
  const { listing } = wire;
  const candidate = candidateOf({ provider, factsOf: gateway.targetFacts }, "");
  const found: FoundModel[] = [];
  const place = { name: "models", target: `${shownUrl(baseUrl)}/models`, protocol: wire.name } as const;
  let after: string | undefined;
  let ms = 0;
  for (let page = 0; page < mostPages; page++) {
    const outgoing = { path: listing.path(after), headers: { ...listing.headers }, body: "" };
    const call = addressed(candidate, wire, outgoing);
    const heard = await hear(gateway, call, { method: "GET", proxy: provider.proxy, timeoutMs });
    ms += heard.ms;
    const told = { ...place, ms, ...answered(trying, heard) };
    const hasKey = provider.apiKey !== undefined;
    const diagnosis = diagnoseAnswer(heard, { wire, what: "models", field: fieldOf(wire.name), hasKey });
    if (diagnosis) {
      const result = heard.status === 404 ? "warning" : "failed";
      return { stage: stageOf({ ...told, result, ...diagnosis, words: withoutSecrets(trying, diagnosis.words) }) };
    }
    try {
      const { models, next } = listing.parse(jsonOf(heard.text) ?? null);
      found.push(...models);
      after = next;
    } catch (error) {
      const fix = "Check whether the URL belongs to this protocol, or type the names of the models in by hand.";
      const words = toGatewayError(error).message;
      return { stage: stageOf({ ...told, result: "warning", words, fix, field: fieldOf(wire.name) }) };
    }
    if (after === undefined || found.length > mostModels) break;
  }
  const isCut = after !== undefined || found.length > mostModels;
  const stage = stageOf({ ...place, ms, status: 200, ...wordsOf(found.length) });
  return { stage, found: found.slice(0, mostModels), isCut };
}

function wordsOf(count: number): Pick<TrialStage, "result" | "words" | "fix"> {
  if (count === 0) {
    const fix = "Nothing is removed because of that. Type the names of the models in by hand.";
    return { result: "warning", words: "0 models returned.", fix };
  }
  return { result: "ok", words: `${count} ${count === 1 ? "model" : "models"} returned.`, fix: null };
}

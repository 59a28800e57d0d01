/**
 * Tries out a provider's configuration, saved or not: can it be reached, is the key accepted, which models does it tell
 * of, does it answer. Everything but the probes of the network goes the way of the traffic: its transport, its headers,
 * its credential, its proxy, its protocols. Nothing is kept, and no usage row is left.
 */
import type { Provider, Snapshot } from "../../config/snapshot.ts";
import { GatewayError } from "../../model/error.ts";
import type { Trial, TrialStage } from "../../model/trial.ts";
import type { FoundModel } from "../../protocols/listing.ts";
import type { Wire } from "../../protocols/protocol.ts";
import { presetOf } from "../../providers/presets.ts";
import type { Gateway } from "../gateway.ts";
import { askEach } from "./answer.ts";
import { compareModels } from "./compare.ts";
import { type Listed, listModels } from "./list.ts";
import { probe } from "./network.ts";
import { stageOf, type Trying } from "./stage.ts";

export interface TrialAsk {
  /** Of the provider; of a new one the name that it may get. */
  name: string;
  /** Its configuration, secrets that are stored as `{ keep }`. Undefined: as it is in force. */
  value?: unknown;
  /** Models to ask, where others than those that it has. */
  models?: readonly string[];
}

export type RunTrial = (ask: TrialAsk) => Promise<Trial>;

export interface TrialDeps {
  gateway: Gateway;
  /** The whole configuration with this provider. Rejects with ConfigFaults. */
  compile(name: string, value: unknown): Promise<Snapshot>;
}

const mostAtOnce = 4;
const mostInMinute = 60;

/** Rejects with ConfigFaults, with `not-found`, or with `rate-limited` where there are too many. */
export function createTrials({ gateway, compile }: TrialDeps): RunTrial {
  const begun: number[] = [];
  let running = 0;
  return async ({ name, value, models }) => {
    const now = performance.now();
    while (begun.length > 0 && now - (begun[0] ?? 0) > 60_000) begun.shift();
    if (running >= mostAtOnce || begun.length >= mostInMinute) {
      const message = `Too many tests at once: there may be ${mostAtOnce}, and ${mostInMinute} in a minute. Wait a little.`;
      throw new GatewayError("rate-limited", message, { retryAfterMs: 5000 });
    }
    begun.push(now);
    running++;
    try {
      const snapshot = value === undefined ? gateway.config.current() : await compile(name, value);
      const provider = snapshot.providers.get(name);
      if (!provider) throw new GatewayError("not-found", `There is no provider ${JSON.stringify(name)}.`);
      return await run({ gateway, snapshot, provider }, models ?? []);
    } finally {
      running--;
    }
  };
}

async function run(trying: Trying, wanted: readonly string[]): Promise<Trial> {
  const { gateway, provider } = trying;
  const { stages: network, isReached } = await probe(trying);
  const listed = await listModels(trying, isReached);
  const isRefused = listed.stages.some(({ status }) => status === 401);
  const pool = wanted.length > 0 ? wanted : [...provider.models.keys()];
  const answers = isRefused ? [] : await askEach(trying, { isReached, found: listed.found ?? [], pool });
  const key = keyStage(provider, listed, answers);
  const others = [...listed.stages, ...answers].map((stage) =>
    key[0]?.result === "failed" ? behindKey(stage) : stage,
  );
  const stages = [...network, ...key, ...others];
  const factsOf = gateway.targetFacts;
  const wires: readonly Wire[] = [...gateway.protocols, ...gateway.embeddingWires];
  return {
    isFine: stages.every(({ result }) => result !== "failed"),
    stages,
    models: listed.found ? compareModels(distinct(listed.found), { provider, factsOf, wires }, listed.isCut) : null,
  };
}

/** The refused key is told once. */
function behindKey(stage: TrialStage): TrialStage {
  if (stage.status !== 401 && stage.status !== 403) return stage;
  return { ...stage, words: "Not without a key that is accepted.", fix: null, field: null };
}

function distinct(models: readonly FoundModel[]): FoundModel[] {
  return [...new Map(models.map((model) => [model.id, model])).values()];
}

/** What the other steps say of the credential: a list that everybody may read says nothing. */
function keyStage(provider: Provider, { stages, url }: Listed, answers: readonly TrialStage[]): TrialStage[] {
  const heard = [...stages, ...answers].filter(({ status }) => status !== null);
  const [first] = heard;
  if (!first) return [];
  const { apiKey = "" } = provider;
  const target = apiKey.length >= 12 ? `…${apiKey.slice(-4)}` : "";
  if (provider.apiKey === undefined || provider.auth === "none") {
    return [stageOf({ name: "key", target, result: "skipped", words: "No key is sent to this provider." })];
  }
  const refusing = heard.find(({ status }) => status === 401 || status === 403);
  if (refusing) {
    const { words, fix, field, ms, status } = refusing;
    return [stageOf({ name: "key", target, result: "failed", words, fix, field, ms, status })];
  }
  const isPublic = url !== undefined && presetOf(url)?.listing === "public";
  const proof = [...answers, ...(isPublic ? [] : stages)].find(
    ({ status, result }) => status === 429 || (result === "ok" && status !== null),
  );
  if (proof)
    return [stageOf({ name: "key", target, result: "ok", words: "The provider accepts the key.", ms: proof.ms })];
  const words = "Whether the key is accepted is not known yet.";
  return [stageOf({ name: "key", target, result: "warning", words })];
}

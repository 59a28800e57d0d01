/** One tiny request in each protocol of a provider, as its adapter writes it. */
import type { ChatRequest } from "../../model/chat.ts";
import { toGatewayError } from "../../model/error.ts";
import { Notes } from "../../model/note.ts";
import type { TrialStage } from "../../model/trial.ts";
import { addCostOfHeaders } from "../../protocols/charges.ts";
import type { FoundModel } from "../../protocols/listing.ts";
import type { Protocol } from "../../protocols/protocol.ts";
import type { Candidate } from "../../routing/resolve.ts";
import { offeredBy } from "../offered.ts";
import { writtenAnew } from "../outgoing.ts";
import { candidateOf, isWellKnown } from "./compare.ts";
import { diagnoseAnswer } from "./diagnose.ts";
import { hear, jsonOf } from "./hear.ts";
import { answered, fieldOf, shownUrl, stageOf, type Trying, withoutSecrets } from "./stage.ts";

const timeoutMs = 20_000;
/** The least that all vendors take. */
const mostTokens = 16;

export interface Asking {
  isReached(baseUrl: string): boolean;
  found: readonly FoundModel[];
  /** Models that are wanted; where there are none, one of those that were found is asked. */
  pool: readonly string[];
}

export async function askEach(trying: Trying, { isReached, found, pool }: Asking): Promise<TrialStage[]> {
  const { provider, gateway } = trying;
  const talking = found.filter(({ converses }) => converses !== false).map(({ id }) => id);
  const names = pool.length > 0 ? pool : talking;
  const candidates = names.map((name) => candidateOf({ provider, factsOf: gateway.targetFacts }, name));
  const stages = provider.protocols.map(async ({ name, baseUrl }): Promise<TrialStage[]> => {
    const protocol = gateway.protocols.find((one) => one.name === name);
    if (!protocol || !isReached(baseUrl)) return [];
    const candidate = cheapest(candidates.filter((one) => offeredBy(one, [protocol]).length > 0));
    if (candidate) return [await ask(trying, protocol, candidate)];
    const words = "Not asked: no model is known that it could be asked for.";
    return [stageOf({ name: "answer", target: shownUrl(baseUrl), protocol: name, result: "skipped", words })];
  });
  return (await Promise.all(stages)).flat();
}

/** Of those that are known to answer in conversations, where there are such. */
function cheapest(candidates: readonly Candidate[]): Candidate | undefined {
  const known = candidates.filter(({ facts }) => isWellKnown(facts));
  const rate = ({ facts }: Candidate) => Number(facts.price?.terms.output ?? 0);
  return known.toSorted((one, other) => rate(one) - rate(other))[0] ?? candidates[0];
}

async function ask(trying: Trying, protocol: Protocol, candidate: Candidate): Promise<TrialStage> {
  const { gateway, provider } = trying;
  const place = { name: "answer", target: candidate.model, protocol: protocol.name } as const;
  const at = Date.now();
  const built = protocol.buildRequest(tiny(protocol, candidate), candidate.facts, new Notes());
  const call = writtenAnew({ alias: null }, built, { candidate, protocol });
  const heard = await hear(gateway, call, { method: "POST", proxy: provider.proxy, timeoutMs });
  const told = { ...place, ms: heard.ms, ...answered(trying, heard) };
  const field = fieldOf(protocol.name);
  const asked = { wire: protocol, what: "answer", field, hasKey: provider.apiKey !== undefined } as const;
  const diagnosis = diagnoseAnswer(heard, asked);
  if (diagnosis) {
    return stageOf({ ...told, result: "failed", ...diagnosis, words: withoutSecrets(trying, diagnosis.words) });
  }
  try {
    const [answer] = protocol.parseResponse(jsonOf(heard.text) ?? null);
    const usage = answer?.usage;
    if (usage) addCostOfHeaders(usage, heard.headers);
    const costNano = usage ? (usage.reportedNano ?? candidate.facts.price?.costOf(usage, at) ?? null) : null;
    return stageOf({ ...told, body: null, result: "ok", words: "It answers.", costNano });
  } catch (error) {
    const fix = "Check whether the URL belongs to this protocol.";
    const words = withoutSecrets(trying, toGatewayError(error).message);
    return stageOf({ ...told, result: "failed", words, fix, field });
  }
}

function tiny({ name }: Protocol, { model }: Candidate): ChatRequest {
  return {
    protocol: name,
    model,
    instructions: [],
    items: [{ type: "message", role: "user", blocks: [{ type: "text", text: "Say OK." }] }],
    tools: [],
    sampling: { maxTokens: mostTokens },
    stream: false,
  };
}

/** Sampling and hints of an outgoing request: what is carried, what is told as dropped, what is refused. */
import type { ChatRequest } from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { Refusable, TargetFacts } from "../../model/target.ts";
import { isRefused } from "../able.ts";
import { isKeptByNobody, refuseKeptElsewhere } from "../kept-elsewhere.ts";
import { tellField } from "../tell-foreign.ts";

function refuse(param: string, words: string): GatewayError {
  return new GatewayError("unsupported", `${param}: ${words}`, { param });
}

/** Protocol-only fields of other clients whose loss would change what the answer is. */
const essential = new Set(["audio", "background", "functions", "function_call", "mcp_servers"]);

/** Throws `unsupported` for a wish that no Messages model can fulfil. */
export function refuseUncarried(request: ChatRequest): void {
  refuseKeptElsewhere(request, "messages");
  if (request.logprobs?.want) throw refuse("logprobs", "this provider gives no log probabilities. Leave it out.");
  if ((request.sampling.n ?? 1) > 1) throw refuse("sampling.n", "this provider gives one answer to a request.");
  const spoken = request.modalities?.find((modality) => modality.toLowerCase() !== "text");
  if (spoken !== undefined) throw refuse("modalities", `this provider does not answer with ${spoken}.`);
  for (const [origin, fields] of Object.entries(request.ext ?? {})) {
    if (origin === "messages") continue;
    for (const [key, value] of Object.entries(fields ?? {})) {
      if (essential.has(key) && value !== false) throw refuse(key, "this provider has nothing like it.");
    }
  }
}

interface SamplingContext {
  target: TargetFacts;
  notes: Notes;
}

export function buildSampling(request: ChatRequest, thinking: boolean, context: SamplingContext): JsonObject {
  const { sampling } = request;
  const { notes } = context;
  const body: JsonObject = {};
  const stop = sampling.stop?.filter((text) => request.protocol === "messages" || text.trim() !== "");
  if (stop && stop.length < (sampling.stop?.length ?? 0)) notes.add("dropped", "sampling.stop", "blank_stop_sequence");
  if (stop && stop.length > 0) body.stop_sequences = stop;
  Object.assign(body, buildRandomness(request, thinking, context));
  for (const key of ["presencePenalty", "frequencyPenalty"] as const) {
    if (sampling[key]) notes.add("dropped", `sampling.${key}`);
  }
  if (sampling.seed !== undefined) notes.add("dropped", "sampling.seed");
  if (sampling.logitBias && Object.keys(sampling.logitBias).length > 0) notes.add("dropped", "sampling.logitBias");
  return body;
}

function buildRandomness(request: ChatRequest, thinking: boolean, { target, notes }: SamplingContext): JsonObject {
  const { temperature, topP, topK } = request.sampling;
  const body: JsonObject = {};
  const drop = (field: string, detail: string) => notes.add("dropped", `sampling.${field}`, detail);
  const refused = (member: Refusable) => isRefused(member, target.can, !thinking);
  if (temperature !== undefined && refused("temperature")) drop("temperature", "not_sampled");
  else if (temperature !== undefined) {
    if (thinking && temperature !== 1) drop("temperature", "thinking");
    else {
      if (temperature > 1) notes.add("clamped", "sampling.temperature", "at_most_1");
      body.temperature = Math.min(1, temperature);
    }
  }
  if (topP !== undefined) {
    if (refused("topP")) drop("topP", "not_sampled");
    else if (body.temperature !== undefined) drop("topP", "beside_temperature");
    else if (thinking && topP < 0.95) drop("topP", "thinking");
    else body.top_p = topP;
  }
  if (topK !== undefined) {
    if (refused("topK")) drop("topK", "not_sampled");
    else if (thinking) drop("topK", "thinking");
    else body.top_k = topK;
  }
  return body;
}

const tiers: Readonly<Record<string, string>> = {
  auto: "auto",
  default: "standard_only",
  standard: "standard_only",
  priority: "auto",
  scale: "auto",
};

export function tierOf(request: ChatRequest, notes: Notes): string | undefined {
  if (request.tier === undefined) return undefined;
  const tier = Object.hasOwn(tiers, request.tier) ? tiers[request.tier] : undefined;
  if (tier !== undefined) return tier;
  if (request.protocol === "messages") return request.tier;
  notes.add("dropped", "tier");
  return undefined;
}

/** Hints that have no place here, and the fields that only another protocol knows. */
export function tellDropped(request: ChatRequest, notes: Notes): void {
  if (request.verbosity !== undefined) notes.add("dropped", "verbosity");
  if (request.cache?.key !== undefined) notes.add("dropped", "cache.key");
  if (isKeptByNobody(request)) notes.add("dropped", "store");
  if (request.metadata && Object.keys(request.metadata).length > 0) notes.add("dropped", "metadata");
  for (const [origin, fields] of Object.entries(request.ext ?? {})) {
    if (origin === "messages" && request.protocol === "messages") continue;
    for (const [key, value] of Object.entries(fields ?? {})) {
      const isCarried = key === "web_search_options" || (key === "safety_identifier" && value === request.user);
      if (!isCarried) tellField(notes, key, value);
    }
  }
}

/** Sampling of an outgoing request: what is carried, what is told as dropped, what is refused. */
import type { ChatRequest } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { Refusable, TargetFacts } from "../../model/target.ts";
import { capped, isRefused } from "../able.ts";
import { unsupported } from "./wire.ts";

export const mostStops = 4;

export interface SamplingContext {
  target: TargetFacts;
  notes: Notes;
  /** The request says that the model shall not think. */
  isThinkingOff: boolean;
}

export function buildSampling(request: ChatRequest, context: SamplingContext): JsonObject {
  const { target, notes, isThinkingOff } = context;
  const { sampling } = request;
  const refused = (member: Refusable) => isRefused(member, target.can, isThinkingOff);
  const out: JsonObject = {};
  const carry = (member: Refusable & keyof typeof sampling, name: string) => {
    const value = sampling[member];
    if (value === undefined) return;
    if (refused(member)) notes.add("dropped", `sampling.${member}`);
    else out[name] = value;
  };
  if (sampling.maxTokens !== undefined && refused("maxTokens")) notes.add("dropped", "sampling.maxTokens");
  else if (sampling.maxTokens !== undefined) {
    const name = target.can.maxCompletionTokens ? "max_completion_tokens" : "max_tokens";
    out[name] = capped(sampling.maxTokens, target, notes);
  }
  carry("temperature", "temperature");
  carry("topP", "top_p");
  if (target.can.chatTopK) carry("topK", "top_k");
  else if (sampling.topK !== undefined && request.ext?.chat?.top_k === undefined) notes.add("dropped", "sampling.topK");
  carry("presencePenalty", "presence_penalty");
  carry("frequencyPenalty", "frequency_penalty");
  carry("seed", target.can.randomSeed ? "random_seed" : "seed");
  carry("logitBias", "logit_bias");
  buildCount(sampling.n, refused("n"), out);
  if (sampling.stop && sampling.stop.length > 0) {
    if (sampling.stop.length > mostStops) notes.add("clamped", "sampling.stop", "first_4_kept");
    out.stop = sampling.stop.slice(0, mostStops);
  }
  return { ...out, ...buildLogprobs(request, context) };
}

/** Throws `unsupported` for several answers where there is only one. */
function buildCount(n: number | undefined, isAlone: boolean, out: JsonObject): void {
  if (n === undefined) return;
  if (!isAlone) out.n = n;
  else if (n > 1) throw unsupported("sampling.n", "This provider gives one answer to a request.");
}

/** Throws `unsupported` where the model gives none. One that gives none while it thinks is asked when it may not think. */
function buildLogprobs(request: ChatRequest, { target, isThinkingOff }: SamplingContext): JsonObject {
  const { logprobs, reasoning } = request;
  if (!logprobs) return {};
  if (logprobs.want && isRefused("logprobs", target.can, isThinkingOff || reasoning === undefined)) {
    throw unsupported("logprobs", "This model gives no log probabilities. Leave it out.");
  }
  return {
    ...(logprobs.want ? { logprobs: true } : {}),
    ...(logprobs.top === undefined ? {} : { top_logprobs: logprobs.top }),
  };
}

/** Log probabilities: Google's two parallel lists to and from the entries that the canonical text block holds. */
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject } from "../read.ts";
import { numeric, textOr } from "./read.ts";

export function parseLogprobs(result: unknown): Json[] {
  if (!isObject(result) || !Array.isArray(result.chosenCandidates)) return [];
  const tops = Array.isArray(result.topCandidates) ? result.topCandidates : [];
  return result.chosenCandidates.map((chosen, at) => {
    const top = tops[at];
    const list = isObject(top) && Array.isArray(top.candidates) ? top.candidates : [];
    return { ...entry(chosen), top_logprobs: list.map(entry) };
  });
}

function entry(candidate: Json): JsonObject {
  const json = isObject(candidate) ? candidate : {};
  const token = textOr(json.token);
  return { token, logprob: numeric(json.logProbability) ?? 0, bytes: [...Buffer.from(token)] };
}

export function buildLogprobs(entries: Json[]): JsonObject {
  return {
    topCandidates: entries.map((one) => ({
      candidates: isObject(one) && Array.isArray(one.top_logprobs) ? one.top_logprobs.map(candidate) : [],
    })),
    chosenCandidates: entries.map(candidate),
  };
}

function candidate(entry: Json): JsonObject {
  const json = isObject(entry) ? entry : {};
  return { token: textOr(json.token), logProbability: numeric(json.logprob) ?? 0 };
}

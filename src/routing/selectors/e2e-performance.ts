/** The most output tokens in a second of the whole time that an answer takes. */
import { measured } from "./ranked.ts";

export const e2ePerformance = measured({
  name: "e2e_performance",
  measure: "e2e_tokens_per_s",
  best: "most",
  scoreOf: (standing, { isStream }) => standing.averages(isStream)?.tokensPerTotalSecond,
});

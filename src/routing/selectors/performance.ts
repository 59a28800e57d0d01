/** The most output tokens in a second after the first one. */
import { measured } from "./ranked.ts";

export const performance = measured({
  name: "performance",
  measure: "tokens_per_s",
  best: "most",
  scoreOf: (standing, { isStream }) => standing.averages(isStream)?.tokensPerSecond,
});

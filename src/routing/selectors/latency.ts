/** The shortest time to the first token; of whole answers, to the answer. */
import { measured } from "./ranked.ts";

export const latency = measured({
  name: "latency",
  measure: "ttft_ms",
  best: "least",
  scoreOf: (standing, { isStream }) => standing.averages(isStream)?.firstMs,
});

/** What a framework cannot say, or does not show, with the reason; everything else has to pass. */
import type { Provider } from "../../sdk/bench.ts";

interface Place {
  client: string;
  provider: Provider;
  mode: "whole" | "stream";
  name: string;
}

interface Gap {
  clients: RegExp;
  cases: RegExp;
  provider?: RegExp;
  mode?: Place["mode"];
  reason: string;
}

const gaps: Gap[] = [
  {
    ...{ clients: /openai chat$|openai-compatible$/, cases: /^thinking with its proof/, provider: /^chat$/ },
    reason: "it sends no reasoning_details back, and what passes to a provider of its own protocol is not changed",
  },
  {
    ...{ clients: /^langchain openai responses$/, cases: /in the middle$/ },
    reason: "it reads no response.failed event: a stream that failed looks like one that ended",
  },
  {
    ...{ clients: /^langchain google$/, cases: /in the middle$/ },
    reason: "it reads no error in a stream",
  },
  {
    ...{ clients: /^langchain anthropic$/, mode: "stream" },
    cases: /^(?:text|a tool call|two parallel|property keys|an image|thinking|structured)/,
    reason:
      "of a stream it adds the start's tokens to the end's, and reads the input's at the start only, where a translated answer does not know them",
  },
  {
    ...{ clients: /^langchain google$/, cases: /^(?:a tool call|two parallel|property keys|thinking)/ },
    reason:
      "it takes keywords out of schemas, sends calls back without their ids, and shows no thoughts; its tool loop has a test of its own",
  },
  {
    ...{ clients: /^langchain google$/, cases: /^structured output$/, provider: /^gemini$/ },
    reason: "it sends its schema as responseSchema, whose dialect knows no additionalProperties",
  },
  {
    ...{ clients: /^langchain google$/, cases: /^an image$/ },
    reason: "it refuses images itself for every model whose name is not Google's",
  },
];

export function gapOf({ client, provider, mode, name }: Place): string | undefined {
  return gaps.find(
    (gap) =>
      gap.clients.test(client) &&
      gap.cases.test(name) &&
      (gap.provider?.test(provider) ?? true) &&
      (gap.mode ?? mode) === mode,
  )?.reason;
}

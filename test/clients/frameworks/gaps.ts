/** What a framework cannot say, or does not show, with the reason; everything else has to pass. */
import type { Provider } from "../../sdk/bench.ts";

interface Place {
  client: string;
  provider: Provider;
  mode: "whole" | "stream";
  name: string;
}

interface Gap {
  client: string;
  cases: RegExp;
  providers?: Provider[];
  mode?: Place["mode"];
  reason: string;
}

const gaps: Gap[] = [
  {
    ...{ client: "langchain openai responses", cases: /in the middle$/ },
    reason: "it reads no response.failed: a stream that failed looks like one that ended",
  },
  {
    ...{ client: "langchain google", cases: /in the middle$/ },
    reason: "it takes an error in a stream for a piece without content, and an end without a finish reason for an end",
  },
  {
    ...{ client: "langchain google", cases: /^two parallel tools$/, providers: ["gemini"] },
    reason:
      "it sends each result as a turn of its own, which Google refuses where the model made several calls at once",
  },
  {
    ...{ client: "langchain google", cases: /^thinking/, mode: "stream", providers: ["chat", "messages", "responses"] },
    reason: "of a stream it drops the piece with the proof of the thoughts, and sends no ids to know the turn by",
  },
];

export function gapOf({ client, provider, mode, name }: Place): string | undefined {
  const isHere = (gap: Gap) =>
    gap.client === client &&
    gap.cases.test(name) &&
    (gap.providers?.includes(provider) ?? true) &&
    (gap.mode ?? mode) === mode;
  return gaps.find(isHere)?.reason;
}

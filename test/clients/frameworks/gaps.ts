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
  provider?: Provider;
  mode?: Place["mode"];
  reason: string;
}

const gaps: Gap[] = [
  {
    ...{ clients: /^ai open.* ?chat$|^ai openai-compatible$/, cases: /^thinking with its proof/, provider: "chat" },
    reason: "it sends no reasoning_details back, and what passes to a provider of its own protocol is not changed",
  },
];

export function gapOf({ client, provider, mode, name }: Place): string | undefined {
  return gaps.find(
    (gap) =>
      gap.clients.test(client) &&
      gap.cases.test(name) &&
      (gap.provider ?? provider) === provider &&
      (gap.mode ?? mode) === mode,
  )?.reason;
}

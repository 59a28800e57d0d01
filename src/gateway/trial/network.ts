/** The network's part of a trial: each host of the provider once. */
import type { TrialStage } from "../../model/trial.ts";
import { type Reached, reach } from "../../providers/reach.ts";
import { diagnoseReach } from "./diagnose.ts";
import { fieldOf, stageOf, type Trying } from "./stage.ts";

const mostMs = 10_000;

export interface Probed {
  stages: TrialStage[];
  isReached(baseUrl: string): boolean;
}

export async function probe({ provider, snapshot }: Trying): Promise<Probed> {
  const { proxy } = provider;
  const timeoutMs = Math.min(mostMs, snapshot.settings.timeouts.connectMs);
  const fields = new Map<string, string>();
  for (const { name, baseUrl } of provider.protocols) {
    const origin = originOf(baseUrl);
    if (origin !== undefined && !fields.has(origin)) fields.set(origin, fieldOf(name));
  }
  const failed = new Set<string>();
  const each = await Promise.all(
    [...fields].map(async ([origin, own]) => {
      const steps = await reach(origin, { proxy, timeoutMs });
      if (steps.some(({ failure }) => failure)) failed.add(origin);
      const field = proxy === null ? own : "proxy";
      return steps.map((step) => told(step, { field, isProxy: proxy !== null }));
    }),
  );
  return { stages: each.flat(), isReached: (baseUrl) => !failed.has(originOf(baseUrl) ?? "") };
}

/** Undefined for what no network is needed for. */
function originOf(baseUrl: string): string | undefined {
  const { origin, protocol } = new URL(baseUrl);
  return protocol === "http:" || protocol === "https:" ? origin : undefined;
}

const skips: Record<NonNullable<Reached["skipped"]>, string> = {
  literal: "It is an address already.",
  plain: "Not encrypted: the URL begins with http://.",
  proxied: "The proxy passes it on; the next steps show whether it holds.",
};

function told(step: Reached, { field, isProxy }: { field: string; isProxy: boolean }): TrialStage {
  const { step: name, target, ms, skipped } = step;
  const diagnosis = diagnoseReach(step, { field, isProxy });
  if (diagnosis) return stageOf({ name, target, result: "failed", ...diagnosis, ms: ms ?? null });
  if (skipped) return stageOf({ name, target, result: "skipped", words: skips[skipped] });
  return stageOf({ name, target, result: "ok", words: wordsOf(step), ms: ms ?? null });
}

function wordsOf({ step, addresses = [] }: Reached): string {
  if (step === "connect") return "The server takes connections.";
  if (step === "tls") return "Encrypted, and the certificate is good.";
  const more = addresses.length > 3 ? ` and ${addresses.length - 3} more` : "";
  return `Resolved to ${addresses.slice(0, 3).join(", ")}${more}.`;
}

/**
 * What is known of a target: the configuration's facts of its model, and what the servers behind a host are known to
 * refuse. Data, so that no protocol ever tests a name.
 */
import type { ModelFacts, Provider } from "../config/snapshot.ts";
import { type Capabilities, defaultCapabilities, type TargetFacts } from "../model/target.ts";

/** OpenAI-compatible servers that know the older request fields only. */
const compatible: Partial<Capabilities> = { developerRole: false, maxCompletionTokens: false, customTools: false };

/** By the end of the host name of the base URL; the longest match decides. */
const hosts: Readonly<Record<string, Partial<Capabilities>>> = {
  "api.deepseek.com": { ...compatible, echoReasoning: true },
  "api.moonshot.ai": { ...compatible, echoReasoning: true },
  "api.moonshot.cn": { ...compatible, echoReasoning: true },
  "api.minimax.io": { ...compatible, echoReasoning: true },
  "api.mistral.ai": { ...compatible, streamUsage: false },
  "api.together.xyz": compatible,
  "api.fireworks.ai": compatible,
  "api.cerebras.ai": { ...compatible, maxCompletionTokens: true },
  "api.groq.com": { ...compatible, maxCompletionTokens: true },
  "api.x.ai": { ...compatible, maxCompletionTokens: true },
  "api.z.ai": compatible,
  "open.bigmodel.cn": compatible,
  "openrouter.ai": { customTools: false, cacheMarks: true },
};

/** Makes the look-up; what a provider's hosts are known for is worked out once for each provider. */
export function createTargetFacts(): (
  provider: Provider,
  model: string,
  listed: ModelFacts | undefined,
) => TargetFacts {
  const known = new WeakMap<Provider, Capabilities>();
  return (provider, model, listed) => {
    const can = known.get(provider) ?? capabilities(provider);
    known.set(provider, can);
    const facts: TargetFacts = { provider: provider.id, model, scope: provider.id, can };
    if (listed?.context != null) facts.context = listed.context;
    if (listed?.maxOutput != null) facts.maxOutput = listed.maxOutput;
    return facts;
  };
}

function capabilities(provider: Provider): Capabilities {
  for (const { baseUrl } of provider.protocols) {
    const host = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : "";
    const match = Object.keys(hosts).find((end) => host === end || host.endsWith(`.${end}`));
    if (match !== undefined) return { ...defaultCapabilities, ...hosts[match] };
  }
  return defaultCapabilities;
}

/** Of a request that failed: what kind of failure it is, what usually helps, and why no other target was tried. */
import type { Markup } from "../jsx/jsx-runtime.ts";

interface Cause {
  /** What it means, in one sentence. */
  means: string;
  /** What usually helps. */
  fixes: readonly string[];
  link?: { path: string; words: string };
}

const cooldowns = { path: "/console/cooldowns", words: "See the cooldowns" };
const quotas = { path: "/console/quotas", words: "See the quotas" };
const performance = { path: "/console/performance", words: "Compare the targets" };

const causes: Record<string, Cause> = {
  "invalid-request": {
    means: "The request itself is not valid; a provider would refuse it in every case.",
    fixes: ["Change what the client sends: the words above name the field."],
  },
  unsupported: {
    means: "No target can do what the request asks for.",
    fixes: ["Add a target that can to the alias, or take the feature out of the request."],
  },
  "context-length": {
    means: "The conversation is longer than the model takes.",
    fixes: ["Shorten or compact the conversation.", "Add a target with a larger context to the alias."],
  },
  "content-policy": {
    means: "The provider refused the content.",
    fixes: ["Change the content; the same provider will refuse it again."],
  },
  "too-large": {
    means: "The request is larger than it may be.",
    fixes: ["Send less, or raise settings.limits.", "Look for large images in the conversation."],
  },
  "not-found": {
    means: "The name that was called does not exist: no alias and no provider's model.",
    fixes: [
      "Compare the model's name in the client with the aliases.",
      "Check whether the provider still has the model.",
    ],
  },
  unauthenticated: {
    means: "The client sent no key, or one that is not known or has expired.",
    fixes: ["Compare the key in the client with the keys of the configuration."],
  },
  forbidden: {
    means: "The key may not do this: call this model, use this provider, or come from this address.",
    fixes: ["Look at the lists of the key: aliases, providers, addresses."],
  },
  "quota-exceeded": {
    means: "A quota of the key is used up.",
    fixes: ["Wait until it begins anew, raise its limit, or reset it."],
    link: quotas,
  },
  "rate-limited": {
    means: "The provider takes no more requests for now.",
    fixes: ["Wait for the end of the cooldown.", "Add another target to the alias."],
    link: cooldowns,
  },
  "allowance-spent": {
    means: "The allowance of the provider's account is used up.",
    fixes: ["Wait until it begins anew.", "Add a target with another account to the alias."],
    link: cooldowns,
  },
  billing: {
    means: "The provider wants to be paid first.",
    fixes: ["Look at the balance of the account at the provider, then clear the cooldown."],
    link: cooldowns,
  },
  overloaded: {
    means: "The provider, or Plexus itself, has more to do than it can.",
    fixes: ["Try again later.", "Add another target to the alias."],
    link: cooldowns,
  },
  "upstream-failed": {
    means: "The provider failed, or answered with something that cannot be read.",
    fixes: ["Read the words of the provider below.", "Add another target to the alias."],
    link: performance,
  },
  "upstream-unreachable": {
    means: "No connection to the provider came about, or it broke.",
    fixes: ["Check base_url, proxy and network of the provider."],
    link: cooldowns,
  },
  "upstream-timeout": {
    means: "The provider did not answer in time.",
    fixes: ["Raise timeout_s of the provider.", "Put a faster target first."],
    link: performance,
  },
  "upstream-auth": {
    means: "The provider does not accept its credential.",
    fixes: ["Set a new api_key for the provider: its cooldown then ends by itself."],
    link: cooldowns,
  },
  "no-target": {
    means: "Every target of the model was left out.",
    fixes: ["The table of the choice says why each was: clear a cooldown, or enable a target."],
    link: cooldowns,
  },
  internal: {
    means: "Plexus itself failed.",
    fixes: ["Look for the request id in the log."],
  },
};

/** Undefined for a code that needs no words. */
export function causeOf(code: string): Readonly<Cause> | undefined {
  return Object.hasOwn(causes, code) ? causes[code] : undefined;
}

export interface DiagnosisProps {
  code: string;
  attempts: number;
  /** Would another target be tried after such a failure? */
  isRetryable: boolean;
  /** Targets that were left to try. */
  untried: number;
  /** For a key's holder, who can open no page of the operator's. */
  isOwn: boolean;
}

export function Diagnosis({ code, attempts, isRetryable, untried, isOwn }: DiagnosisProps): Markup | null {
  const cause = causeOf(code);
  if (!cause) return null;
  return (
    <section class="card diagnosis" aria-labelledby="diagnosis">
      <h2 id="diagnosis">What it means</h2>
      <p>{cause.means}</p>
      {isOwn ? (
        <p>If it goes on and you cannot tell why, give the request id below to whoever runs this gateway.</p>
      ) : (
        <ul>
          {cause.fixes.map((fix) => (
            <li>{fix}</li>
          ))}
        </ul>
      )}
      {attempts === 0 || isOwn ? null : <p class="muted">{whyOver(isRetryable, untried)}</p>}
      {cause.link === undefined || isOwn ? null : (
        <p>
          <a class="button" href={cause.link.path}>
            {cause.link.words}
          </a>
        </p>
      )}
    </section>
  );
}

function whyOver(isRetryable: boolean, untried: number): string {
  if (!isRetryable) return "Another target would have refused it, too: none was tried after this failure.";
  if (untried === 0) return "Another target may be tried after such a failure, but none was left.";
  return "Another target may be tried after such a failure; the tries ended for the limits of the failover, or the answer had begun.";
}

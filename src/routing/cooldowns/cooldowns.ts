/**
 * Which targets are left alone after failures. A request to a healthy provider costs one look in a map; nothing here
 * waits for the database but the one trial of a cooled target.
 */
import type { Provider } from "../../config/snapshot.ts";
import { sha256Hex } from "../../kit/hash.ts";
import type { CooldownKey, CooldownScope, CooldownState, CooldownStore } from "../../model/cooldown.ts";
import type { ErrorCode, GatewayError } from "../../model/error.ts";
import * as machine from "./machine.ts";
import { type Keeper, Permit } from "./permit.ts";
import { type CooldownSettings, type Rule, ruleFor } from "./rules.ts";
import { SharedStates } from "./shared.ts";
import { type Asked, Keyed, keyFor } from "./view.ts";

/** A stated time of at most this much is no cooldown: this process asks others first for so long. */
export const holdMs = 5000;

/** Why a target is left out now. Times are epoch milliseconds of `Cooldowns.now`. */
export interface Cooling {
  scope: CooldownScope;
  reason: ErrorCode;
  /** When it may be asked again. */
  openAt: number;
  until: number;
  failures: number;
  /** Another request is just trying it. */
  isProbing: boolean;
}

interface Hold {
  until: number;
  reason: ErrorCode;
}

export interface CooldownOptions {
  store?: CooldownStore;
  settings(): CooldownSettings;
  /** Told once of each outage of the database. */
  onError?(error: unknown): void;
  /** Told when a provider states more than is believed. */
  onClamped?(told: { target: string; statedMs: number; believedMs: number }): void;
  /** Epoch milliseconds that never go back. */
  now?(): number;
  random?(): number;
}

/** At most a tenth and 5 s more than was stated, so that installations do not come back together. */
const mostJitterMs = 5000;

export interface Target {
  provider: Provider;
  model: string;
}

/** What targets of exempt providers learn goes nowhere. */
const unheard: Keeper = {
  succeeded: () => undefined,
  failed: () => undefined,
  renew: () => undefined,
  release: () => undefined,
};

export class Cooldowns implements Keeper {
  readonly shared: SharedStates;
  readonly now: () => number;
  private readonly options: CooldownOptions;
  private readonly random: () => number;
  /** Of this process alone: nothing is counted, and it is over in seconds. */
  private readonly holds = new Keyed<Hold>();
  /** First failures of what counts from the second. */
  private readonly strikes = new Keyed<number>();
  /** Digests are worked out once for each provider of a configuration. */
  private readonly accounts = new WeakMap<Provider, string>();

  constructor(options: CooldownOptions) {
    this.options = options;
    this.now = options.now ?? (() => performance.timeOrigin + performance.now());
    this.random = options.random ?? Math.random;
    this.shared = new SharedStates({ store: options.store, onError: (error) => options.onError?.(error) });
  }

  /** Undefined when the target may be asked, be it as the one trial after a cooldown. */
  cooling(target: Target): Cooling | undefined {
    const { id, cooldown } = target.provider;
    if (!cooldown || (this.shared.states.knowsNothingOf(id) && this.holds.knowsNothingOf(id))) return undefined;
    const at = this.now();
    const asked = this.asked(target);
    const reasons: Cooling[] = [];
    for (const { key, value: hold } of this.holds.covering(asked)) {
      if (hold.until <= at) this.holds.set(key, undefined);
      else reasons.push({ scope: key.scope, ...hold, openAt: hold.until, failures: 0, isProbing: false });
    }
    for (const { value: state } of this.shared.states.covering(asked)) {
      const phase = machine.phaseOf(state, at);
      if (phase === "cooled" || phase === "probing") reasons.push(coolingOf(state, phase === "probing"));
    }
    return latest(reasons);
  }

  /**
   * Leave to ask the target, or undefined when it is cooled or somebody else tries it. `slackMs`: how long before its end it
   * may be, where nothing else is left.
   */
  enter(
    target: Target,
    { requestId, slackMs }: { requestId: string; slackMs: number },
  ): Permit | undefined | Promise<Permit | undefined> {
    const asked = this.asked(target);
    const given = { asked, requestId, startedAt: this.now(), probes: [] };
    const { id, cooldown } = target.provider;
    if (!cooldown) return new Permit(unheard, given);
    if (this.shared.states.knowsNothingOf(id) && this.holds.knowsNothingOf(id)) return new Permit(this, given);
    const cooling = this.cooling(target);
    if (cooling && (cooling.isProbing || cooling.until > given.startedAt + slackMs)) return undefined;
    const states = this.shared.states.covering(asked).map(({ value }) => value);
    const open = states.filter((state) => machine.phaseOf(state, given.startedAt) !== "forgotten");
    return open.length === 0 ? new Permit(this, given) : this.claim(given, open, slackMs);
  }

  private async claim(
    given: Pick<Permit, "asked" | "requestId" | "startedAt" | "probes">,
    states: readonly CooldownState[],
    slackMs: number,
  ): Promise<Permit | undefined> {
    const permit = new Permit(this, { ...given, probes: states.map(({ key }) => key) });
    const { owner } = permit;
    const claim = { owner, at: given.startedAt, slackMs, probeMs: this.options.settings().probeMs };
    const settled = await Promise.all(
      states.map(({ key }) =>
        this.shared.settle({ key, ends: "forgotten", apply: (state) => machine.claimed(state, claim) }),
      ),
    );
    if (settled.every((state) => state === undefined || state.probe?.owner === owner)) return permit;
    permit.release();
    return undefined;
  }

  succeeded(permit: Permit): void {
    const { asked, startedAt } = permit;
    if (!this.strikes.knowsNothingOf(asked.provider)) this.strikes.set(keyFor(asked, "provider"), undefined);
    if (this.shared.states.knowsNothingOf(asked.provider)) return;
    for (const { key, value: state } of this.shared.states.covering(asked)) {
      if (machine.succeeded(state, startedAt) === state) continue;
      this.shared.change({ key, ends: "recovered", apply: (now) => machine.succeeded(now, startedAt) });
    }
  }

  failed(permit: Permit, error: GatewayError): void {
    const settings = this.options.settings();
    const rule = ruleFor(error.code, settings);
    if (!rule) return;
    const { asked, requestId, startedAt } = permit;
    const { scope = rule.scope, window } = error.detail;
    const key = keyFor(asked, scope);
    const at = this.now();
    const stated = this.stated(error, asked);
    if (stated && stated.ms <= holdMs) {
      const until = Math.max(at + stated.ms, this.holds.get(key)?.until ?? 0);
      this.holds.set(key, { until, reason: error.code });
      return;
    }
    if (!stated && this.isFirstOfPair(key, { rule, at, startedAt })) return;
    const failure: machine.Failure = {
      ...{ key, at, startedAt, rule, code: error.code, message: error.message, requestId },
      ...(window === undefined ? {} : { window }),
      ...(stated ? { stated } : {}),
      ...(permit.probes.length > 0 ? { probe: permit.owner } : {}),
    };
    this.shared.change({ key, ends: "forgotten", apply: (state) => machine.failed(state, failure, settings) });
  }

  private stated({ detail }: GatewayError, asked: Asked): { ms: number; rawMs: number } | undefined {
    const { retryAfterMs: believedMs, statedMs = believedMs } = detail;
    if (believedMs === undefined || statedMs === undefined) return undefined;
    if (statedMs > believedMs) {
      this.options.onClamped?.({ target: `${asked.provider}/${asked.model}`, statedMs, believedMs });
    }
    if (believedMs <= holdMs) return { ms: believedMs, rawMs: statedMs };
    const jitter = Math.min(believedMs * 0.1, mostJitterMs) * this.random();
    return { ms: Math.round(believedMs + jitter), rawMs: statedMs };
  }

  renew(permit: Permit): void {
    for (const key of permit.probes) {
      const at = this.now();
      this.shared.change({ key, ends: "forgotten", apply: (state) => machine.renewed(state, permit.owner, at) });
    }
  }

  release(permit: Permit): void {
    for (const key of permit.probes) {
      const at = this.now();
      if (this.shared.states.get(key)?.probe?.owner !== permit.owner) continue;
      this.shared.change({ key, ends: "forgotten", apply: (state) => machine.released(state, permit.owner, at) });
    }
  }

  /** One failed connection may be a stale one; requests that ran together fail together. */
  private isFirstOfPair(key: CooldownKey, { rule, at, startedAt }: { rule: Rule; at: number; startedAt: number }) {
    if (rule.pairMs === undefined || this.shared.states.get(key)) return false;
    const first = this.strikes.get(key);
    if (first !== undefined && startedAt > first && at - first <= rule.pairMs) {
      this.strikes.set(key, undefined);
      return false;
    }
    if (first === undefined || at - first > rule.pairMs) this.strikes.set(key, at);
    return true;
  }

  /** Nobody is held any more for what the keys name. */
  unhold(isMeant: (key: CooldownKey) => boolean): void {
    for (const { key } of this.holds.all()) if (isMeant(key)) this.holds.set(key, undefined);
  }

  account(provider: Provider): string {
    const known = this.accounts.get(provider);
    if (known !== undefined) return known;
    const { apiKey, oauth } = provider;
    const account = oauth ? `${oauth.kind} ${oauth.account}` : apiKey === undefined ? "" : digest(apiKey);
    this.accounts.set(provider, account);
    return account;
  }

  private asked({ provider, model }: Target): Asked {
    return { provider: provider.id, account: this.account(provider), model };
  }
}

/** Tells credentials apart and says nothing of them. */
function digest(secret: string): string {
  return sha256Hex(`cooldown ${secret}`).slice(0, 12);
}

function coolingOf(state: CooldownState, isProbing: boolean): Cooling {
  const { key, reason, openAt, until, failures } = state;
  return { scope: key.scope, reason, openAt, until, failures, isProbing };
}

/** The one that holds longest; a trial that runs holds as long as it takes. */
function latest(reasons: readonly Cooling[]): Cooling | undefined {
  let last: Cooling | undefined;
  for (const one of reasons) {
    if (!last || (one.isProbing && !last.isProbing)) last = one;
    else if (one.isProbing === last.isProbing && one.openAt > last.openAt) last = one;
  }
  return last;
}

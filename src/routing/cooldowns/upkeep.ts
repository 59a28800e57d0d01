/** What people and the configuration do to cooldowns: list, clear, forget those of what is gone. */
import type { Snapshot } from "../../config/snapshot.ts";
import type { CooldownKey, CooldownState } from "../../model/cooldown.ts";
import type { Cooldowns } from "./cooldowns.ts";
import { phaseOf } from "./machine.ts";
import { type CooldownSettings, ruleFor, stepMs } from "./rules.ts";

/** Parts of a key; what is absent fits all. */
export type CooldownFilter = Partial<Pick<CooldownKey, "provider" | "model" | "scope">>;

function fits(key: CooldownKey, { provider, model, scope }: CooldownFilter): boolean {
  return (
    (provider === undefined || key.provider === provider) &&
    (model === undefined || key.model === model) &&
    (scope === undefined || key.scope === scope)
  );
}

/** Those that cool or wait for their trial, the longest first. Times are RFC 3339. */
export function listCooldowns(cooldowns: Cooldowns, settings: CooldownSettings): ShownCooldown[] {
  const at = cooldowns.now();
  // The process's clock never goes back; people look at that of the machine.
  const shift = Date.now() - at;
  return cooldowns.shared.states
    .all()
    .map(({ value }) => value)
    .filter((state) => phaseOf(state, at) !== "forgotten")
    .sort((one, other) => other.until - one.until)
    .map((state) => shown(state, { at, shift, settings }));
}

/** Times are RFC 3339. */
export type ShownCooldown = ReturnType<typeof shown>;

interface Showing {
  at: number;
  shift: number;
  settings: CooldownSettings;
}

function shown(state: CooldownState, { at, shift, settings }: Showing) {
  const { key, until, openAt, failures, reason } = state;
  const rule = ruleFor(reason, settings);
  return {
    scope: key.scope,
    provider: key.provider,
    model: key.scope === "model" ? key.model : null,
    state: phaseOf(state, at),
    reason,
    message: state.message,
    request: state.requestId,
    since: iso(state.since + shift),
    until: iso(until + shift),
    next_try: iso(openAt + shift),
    remaining_s: Math.max(0, Math.ceil((until - at) / 1000)),
    failures,
    next_step_s: rule ? Math.round(stepMs(rule, failures + 1, settings) / 1000) : null,
    source: state.source,
    window: state.window,
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** Returns how many were cleared. */
export function clearCooldowns(cooldowns: Cooldowns, filter: CooldownFilter): number {
  cooldowns.unhold((key) => fits(key, filter));
  const meant = cooldowns.shared.states.all().filter(({ key }) => fits(key, filter));
  for (const { key } of meant) cooldowns.shared.change({ key, ends: "cleared", apply: () => undefined });
  return meant.length;
}

/** Takes out what the configuration no longer has: providers that are gone or exempt, credentials that were changed. */
export function forgetGone(cooldowns: Cooldowns, { providers }: Snapshot): void {
  const isGone = (key: CooldownKey) => {
    const provider = providers.get(key.provider);
    if (!provider?.cooldown) return true;
    return key.scope !== "provider" && key.account !== cooldowns.account(provider);
  };
  cooldowns.unhold(isGone);
  const at = cooldowns.now();
  for (const { key, value } of cooldowns.shared.states.all()) {
    if (!isGone(key) && phaseOf(value, at) !== "forgotten") continue;
    cooldowns.shared.change({ key, ends: "forgotten", apply: () => undefined });
  }
}

/** Cooldowns of this process alone, with a clock that tests move. */
import type { Provider } from "../../src/config/snapshot.ts";
import type { CooldownState, CooldownStore } from "../../src/model/cooldown.ts";
import { GatewayError } from "../../src/model/error.ts";
import { Cooldowns } from "../../src/routing/cooldowns/cooldowns.ts";
import type { Permit } from "../../src/routing/cooldowns/permit.ts";
import type { CooldownSettings } from "../../src/routing/cooldowns/rules.ts";

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;

export const usual: CooldownSettings = {
  initialMs: 2 * minute,
  maxMs: 5 * hour,
  probeMs: 15 * minute,
  onTimeout: false,
};

/** As much of a provider as cooldowns look at. */
export function providerOf(id: string, more: Partial<Provider> = {}): Provider {
  return { id, cooldown: true, oauth: null, apiKey: `key of ${id}`, ...more } as Provider;
}

export interface World {
  cooldowns: Cooldowns;
  clock: { at: number };
  /** Raw and believed times of what was clamped. */
  clamped: [number, number][];
  /** Leave to ask; fails the test when it is not given. */
  enter(provider?: Provider, model?: string, slackMs?: number): Promise<Permit>;
  /** Is it refused? */
  refuses(provider?: Provider, model?: string, slackMs?: number): Promise<boolean>;
  /** One request that begins now and fails now. */
  fail(error: GatewayError, provider?: Provider, model?: string): Promise<void>;
  states(): CooldownState[];
  /** The only state. */
  state(): CooldownState;
}

export const acme = providerOf("acme");

export function openWorld(more: { settings?: Partial<CooldownSettings>; store?: CooldownStore } = {}): World {
  const clock = { at: 1_800_000_000_000 };
  const clamped: [number, number][] = [];
  const cooldowns = new Cooldowns({
    settings: () => ({ ...usual, ...more.settings }),
    now: () => clock.at,
    random: () => 0,
    onClamped: ({ statedMs, believedMs }) => void clamped.push([statedMs, believedMs]),
    ...(more.store ? { store: more.store } : {}),
  });
  let requests = 0;
  const ask = (provider = acme, model = "m", slackMs = 0) =>
    cooldowns.enter({ provider, model }, { requestId: `r${++requests}`, slackMs });
  const enter = async (...to: Parameters<World["enter"]>) => {
    const permit = await ask(...to);
    if (!permit) throw new Error("leave to ask was refused");
    return permit;
  };
  const states = () => cooldowns.shared.states.all().map(({ value }) => value);
  return {
    ...{ cooldowns, clock, clamped, enter, states },
    refuses: async (...to) => {
      const permit = await ask(...to);
      permit?.release();
      return permit === undefined;
    },
    fail: async (error, provider, model) => (await enter(provider, model)).failed(error),
    state: () => {
      const [state, ...others] = states();
      if (!state || others.length > 0) throw new Error(`there are ${states().length} states`);
      return state;
    },
  };
}

export const broken = () => new GatewayError("upstream-failed", "broken");
export const limited = (retryAfterMs?: number, statedMs?: number) =>
  new GatewayError("rate-limited", "slow down", {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(statedMs === undefined ? {} : { statedMs }),
  });

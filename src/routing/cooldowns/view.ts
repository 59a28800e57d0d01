/** What this process knows of all cooldowns, by provider: one look in a map says that a provider has none. */
import { type CooldownKey, type CooldownState, sameKey } from "../../model/cooldown.ts";

/** Whom a request is about to ask. */
export interface Asked {
  readonly provider: string;
  readonly account: string;
  readonly model: string;
}

export function keyFor({ provider, account, model }: Asked, scope: CooldownKey["scope"]): CooldownKey {
  return { scope, provider, account: scope === "provider" ? "" : account, model: scope === "model" ? model : "" };
}

function covers(key: CooldownKey, asked: Asked): boolean {
  return (
    key.provider === asked.provider &&
    (key.scope === "provider" || key.account === asked.account) &&
    (key.scope !== "model" || key.model === asked.model)
  );
}

interface Known<Value> {
  key: CooldownKey;
  value: Value;
}

/** Values by structured key. */
export class Keyed<Value> {
  private readonly providers = new Map<string, Known<Value>[]>();

  /** Nothing at all is known of the provider. */
  knowsNothingOf(provider: string): boolean {
    return !this.providers.has(provider);
  }

  get(key: CooldownKey): Value | undefined {
    return this.providers.get(key.provider)?.find((known) => sameKey(known.key, key))?.value;
  }

  set(key: CooldownKey, value: Value | undefined): void {
    const others = (this.providers.get(key.provider) ?? []).filter((known) => !sameKey(known.key, key));
    if (value !== undefined) others.push({ key, value });
    if (others.length > 0) this.providers.set(key.provider, others);
    else this.providers.delete(key.provider);
  }

  clear(): void {
    this.providers.clear();
  }

  /** All that concern a request. */
  covering(asked: Asked): Known<Value>[] {
    return (this.providers.get(asked.provider) ?? []).filter(({ key }) => covers(key, asked));
  }

  all(): Known<Value>[] {
    return [...this.providers.values()].flat();
  }
}

export type States = Keyed<CooldownState>;

/**
 * A cooldown: what of a provider is left alone after failures, until when and why. Routing decides (routing/cooldowns),
 * the store keeps it for restarts and other nodes. Times are epoch milliseconds of this process's own clock.
 */
import type { ErrorCode } from "./error.ts";

export type CooldownScope = "model" | "account" | "provider";

/** Never one string: names of models hold any character. */
export interface CooldownKey {
  readonly scope: CooldownScope;
  readonly provider: string;
  /** Which credential; empty for the scope `provider`. */
  readonly account: string;
  /** Empty unless the scope is `model`. */
  readonly model: string;
}

export interface CooldownState {
  readonly key: CooldownKey;
  /** Steps of the schedule that were taken; a stated time takes none. */
  readonly failures: number;
  /** When the row of failures began. */
  readonly since: number;
  /** When the present step was taken. */
  readonly steppedAt: number;
  readonly until: number;
  /** From when on one live request may try it: the end, or earlier where the stated end is far away. */
  readonly openAt: number;
  readonly source: "schedule" | "stated";
  /** The stated end was more than `max_s` away. */
  readonly isFar: boolean;
  /** The one live request that tries it, and until when it is taken to be alive. */
  readonly probe: { readonly owner: string; readonly until: number } | null;
  readonly reason: ErrorCode;
  /** Redacted words of the last error. */
  readonly message: string;
  /** The request that met it. */
  readonly requestId: string;
  readonly window: string | null;
}

export type CooldownEventKind = "cooled" | "recovered" | "cleared" | "forgotten";

/** One line of the history. */
export interface CooldownEvent extends Pick<CooldownState, "key" | "failures" | "reason" | "message" | "requestId"> {
  readonly id: string;
  readonly at: number;
  readonly kind: CooldownEventKind;
  readonly until: number;
}

/** A change of one state that may be done again on what another node left there. `undefined` takes it out. */
export interface CooldownChange {
  readonly key: CooldownKey;
  /** What it means in the history when the state goes. */
  readonly ends: Exclude<CooldownEventKind, "cooled">;
  /** Pure. The same object back: nothing changes. */
  apply(state: CooldownState | undefined): CooldownState | undefined;
}

/** What nodes share. Rejects when the database does. */
export interface CooldownStore {
  /** Everything, unless nothing has changed since the version. */
  read(seen: number | undefined): Promise<{ version: number; states: CooldownState[] } | undefined>;
  /** Does the change on what is stored now, alone among all nodes; resolves with what is stored then. */
  change(change: CooldownChange): Promise<CooldownState | undefined>;
}

export function sameKey(one: CooldownKey, other: CooldownKey): boolean {
  return (
    one.scope === other.scope &&
    one.provider === other.provider &&
    one.account === other.account &&
    one.model === other.model
  );
}

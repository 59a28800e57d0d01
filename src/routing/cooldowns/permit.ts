/**
 * Leave to ask one target once: what it learns goes back through it. Of a cooled target it holds the trial, and keeps its
 * lease alive until the attempt commits, fails or ends without saying anything.
 */
import type { CooldownKey } from "../../model/cooldown.ts";
import type { GatewayError } from "../../model/error.ts";
import type { Asked } from "./view.ts";

/** What a permit does through the cooldowns that gave it. */
export interface Keeper {
  succeeded(permit: Permit): void;
  failed(permit: Permit, error: GatewayError): void;
  renew(permit: Permit): void;
  release(permit: Permit): void;
}

const renewEveryMs = 20_000;

export class Permit {
  readonly asked: Asked;
  readonly requestId: string;
  readonly startedAt: number;
  /** Keys of which it is the trial. */
  probes: readonly CooldownKey[];
  private readonly keeper: Keeper;
  private readonly renewal: Timer | undefined;

  constructor(keeper: Keeper, given: Pick<Permit, "asked" | "requestId" | "startedAt" | "probes">) {
    this.keeper = keeper;
    this.asked = given.asked;
    this.requestId = given.requestId;
    this.startedAt = given.startedAt;
    this.probes = given.probes;
    if (given.probes.length === 0) return;
    this.renewal = setInterval(() => keeper.renew(this), renewEveryMs);
    this.renewal.unref();
  }

  /** Names its trials among all requests of all nodes. */
  get owner(): string {
    return `${this.requestId} ${this.startedAt}`;
  }

  /** The target committed. */
  succeeded(): void {
    this.keeper.succeeded(this);
    this.ended();
  }

  /** The target failed; also after it had committed. */
  failed(error: GatewayError): void {
    this.keeper.failed(this, error);
    this.release();
  }

  /** It ended without a word on the target. Harmless when it has ended already. */
  release(): void {
    if (this.probes.length > 0) this.keeper.release(this);
    this.ended();
  }

  private ended(): void {
    this.probes = [];
    clearInterval(this.renewal);
  }
}

/** The standings of all targets, under `provider/model`. Clients may name any model: those unused longest are forgotten. */
import type { Allowance } from "../model/allowance.ts";
import { type KeptStanding, type Sample, Standing } from "./standing.ts";

const mostTargets = 4096;

/** One attempt; what is told after its end is not heard. */
export interface Asking {
  failed(): void;
  /** It has ended well. Without a sample nothing could be measured. */
  answered(sample?: Sample): void;
  told(allowances: readonly Allowance[]): void;
}

export class Standings {
  private readonly known = new Map<string, Standing>();
  private readonly changed = new Set<string>();
  private readonly now: () => number;

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  of(target: string): Standing | undefined {
    return this.known.get(target);
  }

  /** An attempt begins. */
  ask(target: string): Asking {
    const standing = this.known.get(target) ?? this.add(target, new Standing());
    standing.started(this.now());
    this.changed.add(target);
    let isOver = false;
    const end = (failedAt?: number) => {
      if (isOver) return false;
      isOver = true;
      standing.ended(failedAt);
      return true;
    };
    return {
      failed: () => void end(this.now()),
      answered: (sample) => {
        if (end() && sample) standing.measured(sample, this.now());
        this.changed.add(target);
      },
      told: (allowances) => standing.told(allowances),
    };
  }

  /** What a former process knew. */
  restore(target: string, kept: KeptStanding): void {
    if (!this.known.has(target)) this.add(target, Standing.of(kept));
  }

  /** What has changed since it was asked last. */
  takeChanged(): { target: string; kept: KeptStanding }[] {
    const taken = [...this.changed].flatMap((target) => {
      const standing = this.known.get(target);
      return standing ? [{ target, kept: standing.kept() }] : [];
    });
    this.changed.clear();
    return taken;
  }

  private add(target: string, standing: Standing): Standing {
    this.known.set(target, standing);
    if (this.known.size > mostTargets) this.forget();
    return standing;
  }

  /** The oldest half of those that nobody is asking. */
  private forget(): void {
    for (const [target, { inFlight }] of this.known) {
      if (this.known.size <= mostTargets / 2) return;
      if (inFlight === 0) this.known.delete(target);
    }
  }
}

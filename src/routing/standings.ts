/** The standings of all targets, under `provider/model`. Clients may name any model: those unused longest are forgotten. */
import type { Allowance } from "../model/allowance.ts";
import { type KeptStanding, type Sample, Standing } from "./standing.ts";

const mostTargets = 4096;

/** One attempt; what is told after its end is not heard. */
export class Asking {
  private isOver = false;

  constructor(
    private readonly of: Pick<Standings, "now" | "changed">,
    private readonly standing: Standing,
    private readonly target: string,
  ) {}

  failed(): void {
    this.end(this.of.now());
  }

  /** It has ended well. Without a sample nothing could be measured. */
  answered(sample?: Sample): void {
    if (this.end() && sample) this.standing.measured(sample, this.of.now());
    this.of.changed.add(this.target);
  }

  told(allowances: readonly Allowance[]): void {
    this.standing.told(allowances);
  }

  private end(failedAt?: number): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.standing.ended(failedAt);
    return true;
  }
}

export class Standings {
  private readonly known = new Map<string, Standing>();
  readonly changed = new Set<string>();
  readonly now: () => number;

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
    return new Asking(this, standing, target);
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

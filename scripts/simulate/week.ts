/** Plays demand against the made-up providers with the real rules: selectors, standings, cooldowns, failover. */
import { Cooldowns } from "../../src/routing/cooldowns/cooldowns.ts";
import { withFailover } from "../../src/routing/failover.ts";
import { type OrderView, order } from "../../src/routing/order.ts";
import type { Candidate, Route } from "../../src/routing/resolve.ts";
import { Standings } from "../../src/routing/standings.ts";
import { candidateOf, dayMs, hourMs, seeded, type Traits, Upstream, weekStart } from "./world.ts";

export interface WeekOptions {
  selector: string;
  traits: readonly Traits[];
  seed: number;
  days: number;
  /** Requests in an hour, on average over the day. */
  perHour: number;
  exploration?: number;
}

export interface Week {
  selector: string;
  requests: number;
  /** Answers by target. */
  answers: Map<string, number>;
  costDollars: number;
  firstMs: number[];
  totalMs: number[];
  /** Attempts that failed and were mended by another target. */
  mended: number;
  /** Failures that clients saw, with the time. */
  failures: { at: number; allDown: boolean }[];
  /** Of each request, its target; undefined for a failure. */
  targets: (string | undefined)[];
}

interface Job {
  at: number;
  input: number;
  output: number;
}

export async function playWeek(options: WeekOptions): Promise<Week> {
  const play = new Play(options);
  for (const job of demand(options)) await play.ask(job);
  return play.week;
}

/** More by day than by night; sizes vary as conversations do. */
function* demand({ seed, days, perHour }: WeekOptions): Generator<Job> {
  const random = seeded(seed);
  for (let at = weekStart; ; ) {
    const hour = ((at - weekStart) % dayMs) / hourMs;
    const rate = perHour * (1 - 0.8 * Math.cos((2 * Math.PI * hour) / 24));
    at += (-Math.log(1 - random()) * hourMs) / rate;
    if (at >= weekStart + days * dayMs) return;
    yield { at, input: 500 + 20_000 * random() ** 3, output: 50 + Math.round(1500 * random() ** 2) };
  }
}

class Play {
  readonly week: Week;
  private readonly upstreams: Map<string, Upstream>;
  private readonly route: Route;
  private readonly standings = new Standings(() => this.now);
  private readonly cooldowns: Cooldowns;
  private readonly random: () => number;
  private readonly exploration: number;
  private readonly ends: { at: number; run: () => void }[] = [];
  private now = weekStart;
  private asked = 0;

  constructor({ selector, traits, seed, exploration = 0.05 }: WeekOptions) {
    this.exploration = exploration;
    this.random = seeded(seed + 1);
    this.upstreams = new Map(traits.map((one) => [one.name, new Upstream(one)]));
    this.route = { alias: null, groups: [{ name: "default", selector, candidates: traits.map(candidateOf) }] };
    const settings = { initialMs: 120_000, maxMs: 18_000_000, probeMs: 900_000, onTimeout: false };
    this.cooldowns = new Cooldowns({ settings: () => settings, now: () => this.now, random: this.random });
    const empty = { costDollars: 0, firstMs: [], totalMs: [], mended: 0, failures: [], targets: [] };
    this.week = { selector, requests: 0, answers: new Map(), ...empty };
  }

  async ask(job: Job): Promise<void> {
    this.passTo(job.at);
    const { week } = this;
    week.requests++;
    const { candidates, refusal } = order(this.route, this.view(job));
    try {
      if (refusal) throw refusal;
      const limits = { enabled: true, maxAttempts: 5, enter: (candidate: Candidate) => this.enter(candidate) };
      week.targets.push(await withFailover(candidates, limits, async (candidate) => this.attempt(candidate, job)));
    } catch {
      week.targets.push(undefined);
      const allDown = [...this.upstreams.values()].every((upstream) => upstream.isDown(job.at));
      week.failures.push({ at: job.at, allDown });
    }
  }

  private permit: Awaited<ReturnType<Cooldowns["enter"]>>;

  private async enter(candidate: Candidate): Promise<boolean> {
    this.permit = await this.cooldowns.enter(candidate, { requestId: `r${this.asked++}`, slackMs: 0 });
    return this.permit !== undefined;
  }

  private attempt({ name }: Candidate, job: Job): string {
    const { week, permit } = this;
    const upstream = this.upstreams.get(name);
    if (!upstream) throw new Error(`there is no ${name}`);
    const asking = this.standings.ask(name);
    try {
      const times = upstream.answer(this.now, job.output, this.random);
      permit?.succeeded();
      asking.told(upstream.allowances(this.now));
      this.at(job.at + times.totalMs, () => asking.answered({ isStream: true, ...times, tokens: job.output }));
      week.answers.set(name, (week.answers.get(name) ?? 0) + 1);
      week.firstMs.push(times.firstMs);
      week.totalMs.push(times.totalMs);
      week.costDollars += costOf(upstream.traits, job) / 1e9;
      return name;
    } catch (error) {
      asking.failed();
      permit?.failed(error as Parameters<NonNullable<typeof permit>["failed"]>[0]);
      week.mended++;
      throw error;
    } finally {
      permit?.release();
    }
  }

  private view(job: Job): OrderView {
    const upstreamOf = ({ name }: Candidate) => this.upstreams.get(name);
    return {
      isFull: () => false,
      isLoggedOut: () => false,
      isAble: () => true,
      matches: () => false,
      isStream: true,
      exploration: this.exploration,
      random: this.random,
      now: () => this.now,
      cooling: (candidate) => this.cooldowns.cooling(candidate),
      standingOf: ({ name }) => this.standings.of(name),
      costOf: (candidate) => {
        const upstream = upstreamOf(candidate);
        return upstream && costOf(upstream.traits, { input: job.input, output: 500 });
      },
    };
  }

  private at(at: number, run: () => void): void {
    const place = this.ends.findIndex((end) => end.at > at);
    this.ends.splice(place < 0 ? this.ends.length : place, 0, { at, run });
  }

  private passTo(at: number): void {
    for (let [next] = this.ends; next && next.at <= at; [next] = this.ends) {
      this.ends.shift();
      this.now = next.at;
      next.run();
    }
    this.now = at;
  }
}

/** Nano-dollars. */
function costOf({ input, output }: Traits, tokens: { input: number; output: number }): number {
  return (tokens.input * input + tokens.output * output) * 1000;
}

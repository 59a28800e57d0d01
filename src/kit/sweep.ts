/**
 * One timer for many deadlines, exact enough for limits of seconds. Each watch stands in the bucket of a time at which
 * it may be due, and is looked at then: thousands of streams that push their deadlines on with every piece cost an
 * assignment a piece, and one look in each of their periods.
 */
import { Chain, Link } from "./chain.ts";

export class Watch extends Link {
  /** Milliseconds on the sweep's own clock; Infinity rests. `set` moves it. */
  due = Number.POSITIVE_INFINITY;
  /** When the sweep looks at it next; it stands in that time's bucket until then. */
  looked = Number.POSITIVE_INFINITY;
  /** Called once each time it is due. */
  readonly fire: () => void;

  constructor(fire: () => void) {
    super();
    this.fire = fire;
  }
}

export interface Sweep {
  /** The time of the last sweep: exact enough for what a sweep can do, and costs nothing. */
  now(): number;
  /** Due so many milliseconds from now, whatever was set before. */
  set(watch: Watch, milliseconds: number): void;
  remove(watch: Watch): void;
  stop(): void;
}

export function createSweep(everyMs = 250): Sweep {
  const buckets = new Map<number, Chain<Watch>>();
  let now = performance.now();
  let last = Math.floor(now / everyMs);
  const place = (watch: Watch) => {
    const tick = Math.max(Math.ceil(watch.due / everyMs), last + 1);
    let bucket = buckets.get(tick);
    if (!bucket) {
      bucket = new Chain();
      buckets.set(tick, bucket);
    }
    bucket.add(watch);
    watch.looked = tick * everyMs;
  };
  const look = (watch: Watch) => {
    watch.leave();
    watch.looked = Number.POSITIVE_INFINITY;
    if (watch.due <= now) {
      watch.due = Number.POSITIVE_INFINITY;
      watch.fire();
    } else if (watch.due !== Number.POSITIVE_INFINITY) {
      place(watch);
    }
  };
  const timer = setInterval(() => {
    now = performance.now();
    const current = Math.floor(now / everyMs);
    while (last < current) {
      const bucket = buckets.get(++last);
      buckets.delete(last);
      for (let watch = bucket?.first; watch; watch = bucket?.first) look(watch);
    }
  }, everyMs);
  timer.unref();
  return {
    now: () => now,
    set(watch, milliseconds) {
      watch.due = now + milliseconds;
      if (watch.due < watch.looked) place(watch);
    },
    remove(watch) {
      watch.due = Number.POSITIVE_INFINITY;
      watch.looked = Number.POSITIVE_INFINITY;
      watch.leave();
    },
    stop: () => clearInterval(timer),
  };
}

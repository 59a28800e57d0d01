/**
 * One timer for many deadlines: a sweep every quarter of a second calls each watcher that is due. Cheaper than a timer
 * for each of thousands of open streams, and exact enough for limits of seconds.
 */
export interface Watch {
  /** Milliseconds on the sweep's own clock; Infinity rests. */
  due: number;
  /** Called once each time it is due; sets the next `due` itself, else rests. */
  fire(): void;
}

export interface Sweep {
  /** The time of the last sweep: exact enough for what a sweep can do, and costs nothing. */
  now(): number;
  add(watch: Watch): void;
  remove(watch: Watch): void;
  stop(): void;
}

export function createSweep(everyMs = 250): Sweep {
  const watches = new Set<Watch>();
  let now = performance.now();
  const timer = setInterval(() => {
    now = performance.now();
    for (const watch of watches) {
      if (watch.due > now) continue;
      watch.due = Number.POSITIVE_INFINITY;
      watch.fire();
    }
  }, everyMs);
  timer.unref();
  return {
    now: () => now,
    add: (watch) => watches.add(watch),
    remove: (watch) => watches.delete(watch),
    stop: () => clearInterval(timer),
  };
}

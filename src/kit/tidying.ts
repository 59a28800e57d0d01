/**
 * Garbage that nobody had a reason to collect. The runtime collects when much was allocated; its own timer, which also
 * collects each second however little there is, costs a tenth of what a thousand slow streams take, and is off. Here it is
 * done when work rests, so that the next work does not pay for it, and a process that rests gives back what it used.
 */

/** How often something began or ended, and how much of it runs. */
export interface Work {
  readonly changes: number;
  readonly count: number;
}

/** Starting leaves much behind. */
const firstMs = 5000;
const lookMs = 2000;
/** So many beginnings and ends leave enough to be collected at the next rest; fewer wait for a while. */
const muchWork = 200;
const littleWorkMs = 30_000;
/** Work that never rests has the runtime's own collections. */
const unrestMs = 300_000;

/** Says when to collect: after work, as soon as nothing runs and nothing did since the look before. */
export function createTidiness(work: Work, startedAt: number): (now: number) => boolean {
  let seen = work.changes;
  let tidied = work.changes;
  let at = startedAt;
  return (now) => {
    const { changes, count } = work;
    const rests = count === 0 && changes === seen;
    seen = changes;
    if (changes === tidied) return false;
    const patience = !rests ? unrestMs : changes - tidied >= muchWork ? 0 : littleWorkMs;
    if (now - at < patience) return false;
    tidied = changes;
    at = now;
    return true;
  };
}

/** Returns what ends it. */
export function tidyAfterWork(work: Work, everyMs = lookMs): () => void {
  const isDue = createTidiness(work, performance.now());
  const first = setTimeout(() => Bun.gc(false), firstMs);
  first.unref();
  const timer = setInterval(() => {
    if (isDue(performance.now())) Bun.gc(false);
  }, everyMs);
  timer.unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}

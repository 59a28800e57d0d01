/**
 * Garbage that nobody had a reason to collect. The runtime collects when much was allocated; its own timer, which also
 * collects each second however little there is, costs a tenth of what a thousand slow streams take, and is off. Here it is
 * done after work, now and then, so that a process that rests gives back what it used.
 */

/** Starting leaves much behind. */
const firstMs = 5000;

/** `work` counts whatever was done; nothing happens while it stands still. Returns what ends it. */
export function tidyAfterWork(work: () => number, everyMs = 30_000): () => void {
  let last = work();
  const first = setTimeout(() => Bun.gc(false), firstMs);
  first.unref();
  const timer = setInterval(() => {
    const now = work();
    if (now === last) return;
    last = now;
    Bun.gc(false);
  }, everyMs);
  timer.unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}

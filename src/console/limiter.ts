/** How often somebody may fail to sign in: five times a minute from one address, then ever longer pauses. */
const windowMs = 60_000;
const freeFailures = 5;
const longestMs = 15 * 60_000;
/** Failures a minute from everywhere, above which every attempt is slowed down. */
const calmFailures = 60;
const slowMs = 1000;
const mostAddresses = 10_000;

interface Failures {
  count: number;
  since: number;
  blockedUntil: number;
}

export interface Limiter {
  /** Milliseconds until this address may try again; 0 when it may now. */
  waitMs(address: string): number;
  /** Milliseconds that an attempt must be held back, for all are failing. */
  slowMs(): number;
  failed(address: string): void;
  succeeded(address: string): void;
}

export function createLimiter(now: () => number = Date.now): Limiter {
  const byAddress = new Map<string, Failures>();
  const all = { count: 0, since: 0 };
  return {
    waitMs: (address) => Math.max(0, (byAddress.get(address)?.blockedUntil ?? 0) - now()),
    slowMs: () => (now() - all.since < windowMs && all.count >= calmFailures ? slowMs : 0),
    failed(address) {
      if (now() - all.since >= windowMs) Object.assign(all, { count: 0, since: now() });
      all.count++;
      let failures = byAddress.get(address);
      const isOld = failures !== undefined && now() - Math.max(failures.since, failures.blockedUntil) >= windowMs;
      // After a pause the count goes on, so that the next one is longer; a long silence forgives.
      if (!failures || (isOld && failures.count < freeFailures) || isForgiven(failures, now())) {
        failures = { count: 0, since: now(), blockedUntil: 0 };
      }
      failures.count++;
      const extra = failures.count - freeFailures;
      if (extra >= 0) failures.blockedUntil = now() + Math.min(windowMs * 2 ** extra, longestMs);
      byAddress.delete(address);
      byAddress.set(address, failures);
      const [oldest] = byAddress.keys();
      if (byAddress.size > mostAddresses && oldest !== undefined) byAddress.delete(oldest);
    },
    succeeded: (address) => void byAddress.delete(address),
  };
}

function isForgiven(failures: Failures, now: number): boolean {
  return now - Math.max(failures.since, failures.blockedUntil) >= longestMs;
}

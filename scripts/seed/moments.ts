// When requests come: more of them by day than by night, on weekdays, and towards the end of the year.
import type { Dice } from "./dice.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const yearMs = 365 * dayMs;

/** Of 24 hours in UTC: people who work in Europe, and jobs at night. */
const rhythm = [2, 1.5, 2.5, 2, 1, 1.5, 3, 6, 9, 11, 11, 9, 8, 10, 11, 10, 9, 7, 5, 4, 4, 4, 3.5, 3];

function weightOf(at: number, begin: number): number {
  const day = new Date(at).getUTCDay();
  const week = day === 0 || day === 6 ? 0.35 : 1;
  const growth = 0.4 + (1.6 * (at - begin)) / yearMs;
  return (rhythm[new Date(at).getUTCHours()] ?? 1) * week * growth;
}

/** So many times of arrival in the year before `until` (epoch milliseconds), the oldest first. */
export function* moments(count: number, until: number, dice: Dice): Generator<number> {
  const begin = until - yearMs;
  const hours = Array.from({ length: yearMs / hourMs }, (_, at) => begin + at * hourMs);
  const weights = hours.map((at) => weightOf(at, begin) * (0.8 + 0.4 * dice.next()));
  const all = weights.reduce((sum, one) => sum + one, 0);
  let given = 0;
  let reached = 0;
  for (const [place, hour] of hours.entries()) {
    reached += weights[place] ?? 0;
    const wanted = place === hours.length - 1 ? count : Math.floor((count * reached) / all);
    const here = Array.from({ length: wanted - given }, () => hour + Math.floor(dice.next() * hourMs));
    yield* here.sort((one, other) => one - other);
    given = wanted;
  }
}

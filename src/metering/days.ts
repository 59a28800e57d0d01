/** The days of a timezone, remembered: asking the runtime for an offset costs as much as a small query. */
import { quarterMs } from "../model/usage-sum.ts";
import { type Window, windowAt } from "./quotas/window.ts";

const mostKnown = 50_000;
const daily = { window: "daily", periodMs: null } as const;

export class Days {
  private timezone = "";
  /** By quarter of an hour: no day begins within one. */
  private readonly known = new Map<number, Window>();

  constructor(private readonly current: () => string) {}

  /** The day in which a time lies, by the clocks of the present timezone. */
  of(at: number): Window {
    const timezone = this.current();
    if (timezone !== this.timezone || this.known.size > mostKnown) this.known.clear();
    this.timezone = timezone;
    const quarter = Math.floor(at / quarterMs);
    const known = this.known.get(quarter);
    if (known) return known;
    const day = windowAt(daily, timezone, at);
    for (let one = Math.ceil(day.start / quarterMs); one * quarterMs < day.end; one++) this.known.set(one, day);
    return day;
  }
}

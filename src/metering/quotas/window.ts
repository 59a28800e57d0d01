/** When the window of a quota begins and ends, on the clocks of a timezone. Times are epoch milliseconds. */
import type { Quota } from "../../config/snapshot.ts";

export interface Window {
  start: number;
  /** When it is over, or, of a rolling one, when all that counts now is gone. */
  end: number;
}

type Kind = Pick<Quota, "window" | "periodMs">;

/** A rolling window slides by so many steps: what counts leaves at most one step late, never early. */
const steps = 256;
const hour = 3_600_000;
const day = 24 * hour;

/** Milliseconds of one step of a rolling window; null where the whole window is one slot. */
export function slotLength({ window, periodMs }: Kind): number | null {
  return window === "rolling" ? Math.max(1, Math.ceil((periodMs ?? 0) / steps)) : null;
}

/** Slots that begin before `start` do not count. */
export function windowAt(kind: Kind, timezone: string, now: number): Window {
  const step = slotLength(kind);
  if (step === null) return calendarWindow(kind.window, timezone, now);
  const period = kind.periodMs ?? 0;
  // The oldest slot stays until its last moment has left.
  return { start: Math.floor((now - period) / step) * step, end: now + period };
}

/** The slot in which something counts that happens at a time. */
export function slotAt(kind: Kind, timezone: string, at: number): number {
  const step = slotLength(kind);
  return step === null ? calendarWindow(kind.window, timezone, at).start : Math.floor(at / step) * step;
}

function calendarWindow(window: Quota["window"], timezone: string, now: number): Window {
  const { year, month, date, weekday } = clockAt(timezone, now);
  if (window === "monthly") {
    return { start: startOfDay(timezone, [year, month, 1]), end: startOfDay(timezone, [year, month + 1, 1]) };
  }
  const first = window === "weekly" ? date - weekday : date;
  const length = window === "weekly" ? 7 : 1;
  return {
    start: startOfDay(timezone, [year, month, first]),
    end: startOfDay(timezone, [year, month, first + length]),
  };
}

interface Clock {
  year: number;
  /** From 0. */
  month: number;
  date: number;
  /** 0 is Monday. */
  weekday: number;
}

function clockAt(timezone: string, at: number): Clock {
  const local = new Date(at + offsetAt(timezone, at));
  const weekday = (local.getUTCDay() + 6) % 7;
  return { year: local.getUTCFullYear(), month: local.getUTCMonth(), date: local.getUTCDate(), weekday };
}

/** The first moment of a day; where the clocks skip midnight, that is the moment after the gap. */
function startOfDay(timezone: string, [year, month, date]: [number, number, number]): number {
  const wall = Date.UTC(year, month, date);
  const wanted = Math.floor(wall / day);
  const dayOf = (at: number) => Math.floor((at + offsetAt(timezone, at)) / day);
  // Both offsets that may hold around that midnight; the earlier moment that is in the day is its first one.
  const guesses = [wall - offsetAt(timezone, wall - day), wall - offsetAt(timezone, wall + day)].sort((a, b) => a - b);
  for (const guess of guesses) {
    if (dayOf(guess) === wanted && dayOf(guess - 1) < wanted) return guess;
  }
  return changeOfDay(guesses[0] ?? wall, dayOf, wanted);
}

/** Found by halving, for days that begin in a gap or are left out altogether. */
function changeOfDay(near: number, dayOf: (at: number) => number, wanted: number): number {
  let before = near - 2 * day;
  let after = near + 2 * day;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (dayOf(middle) < wanted) before = middle;
    else after = middle;
  }
  return after;
}

/** Milliseconds by which the clocks of a timezone are ahead of UTC. */
function offsetAt(timezone: string, at: number): number {
  if (timezone === "UTC") return 0;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    ...{ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  const wall = Date.UTC(
    ...([part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")] as const),
  );
  return wall - Math.floor(at / 1000) * 1000;
}

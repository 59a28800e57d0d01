/** Numbers and times as people read them. */

/** `<1 ms`, `842 ms`, `8.4 s`, `2 m 05 s`. */
export function duration(ms: number): string {
  if (ms < 1) return "<1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, "0")} s`;
}

/** `3 d 4 h`, `4 h 12 m`, `12 m`, `40 s`. */
export function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1000)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 1) return `${minutes} m`;
  return hours < 24 ? `${hours} h ${minutes % 60} m` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `12,480`. By hand: tables have thousands of these, and the runtime's own way takes ten times as long. */
export function whole(value: number): string {
  const digits = String(value);
  return value < 1000 && value > -1000 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `$0.0004`, `$12.30`, `$0`; never rounded to nothing. Null is `no price`. */
export function money(nano: number | null): string {
  if (nano === null) return "no price";
  const dollars = nano / 1e9;
  if (dollars === 0) return "$0";
  if (dollars < 0.0001) return "<$0.0001";
  return dollars < 1 ? `$${dollars.toFixed(4)}` : `$${dollars.toFixed(2)}`;
}

/** Of a failure: never `0.0%` of some, never `100.0%` of not all. */
export function percent(part: number, all: number): string {
  if (all === 0 || part === 0) return "0%";
  if (part === all) return "100%";
  return `${Math.min(Math.max((100 * part) / all, 0.1), 99.9).toFixed(1)}%`;
}

export interface Clock {
  /** `22 Nov 10:24:05`. */
  short(at: number): string;
  /** `22 Nov 2026 10:24:05.123`, in the zone. */
  long(at: number): string;
  /** `22 Nov 10:24`. */
  minute(at: number): string;
  /** `22 Nov 2026`. */
  date(at: number): string;
  /** `22 Nov`. */
  day(at: number): string;
  zone: string;
}

/** Times in a named zone (IANA). */
export function clockOf(zone: string): Clock {
  const parts = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
  const { day, month, hour, minute } = parts;
  const long = { ...parts, year: "numeric", fractionalSecondDigits: 3, hourCycle: "h23" } as const;
  return {
    short: told(zone, { ...parts, hourCycle: "h23" }),
    long: told(zone, long),
    minute: told(zone, { day, month, hour, minute, hourCycle: "h23" }),
    date: told(zone, { day, month, year: "numeric" }),
    day: told(zone, { day, month }),
    zone,
  };
}

/** To make a format takes as long as to use it a hundred times, and no page uses all of them. */
function told(timeZone: string, options: Intl.DateTimeFormatOptions): (at: number) => string {
  let format: Intl.DateTimeFormat | undefined;
  return (at) => {
    format ??= new Intl.DateTimeFormat("en-GB", { ...options, timeZone });
    return format.format(at).replace(",", "");
  };
}

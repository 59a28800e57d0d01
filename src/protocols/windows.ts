/** Headers in which subscriptions say that one of their windows is used up: Claude's unified ones, and Codex's. */
import { instantMs, numeric } from "./retry-values.ts";

export interface Window {
  /** Milliseconds from now; undefined where the headers do not say. */
  waitMs?: number;
  /** `5 h`, `daily`, `weekly`, `monthly`, or its length. */
  label?: string;
  /** Only models of one kind share it. */
  scope?: "model";
}

export interface Clocks {
  /** The provider's clock when it says, else ours. */
  now: number;
  /** False when the provider's clock is more than a day off: its absolute times mean nothing. */
  absolute: boolean;
}

export function spentWindow(headers: Headers, clocks: Clocks): Window | undefined {
  return unifiedWindow(headers, clocks) ?? codexWindow(headers, clocks);
}

const unified = "anthropic-ratelimit-unified";
const claims: Readonly<Record<string, Pick<Window, "label" | "scope">>> = {
  five_hour: { label: "5 h" },
  seven_day: { label: "weekly" },
  overage: { label: "overage" },
};
const suffixes = [
  ["5h", "5 h"],
  ["7d", "weekly"],
] as const;

function isRejected(status: string | null): boolean {
  return status === "rejected" || status === "rate_limited";
}

function unifiedWindow(headers: Headers, clocks: Clocks): Window | undefined {
  if (!isRejected(headers.get(`${unified}-status`))) return undefined;
  const claim = headers.get(`${unified}-representative-claim`) ?? "";
  const named = Object.hasOwn(claims, claim)
    ? claims[claim]
    : claim.startsWith("seven_day_")
      ? ({ label: "weekly", scope: "model" } as const)
      : {};
  const reset = until(headers.get(`${unified}-reset`), clocks);
  if (reset !== undefined) return { ...named, waitMs: reset };
  // Without a reset for all of them, that of the window that says it is the one.
  for (const [suffix, label] of suffixes) {
    const wait = until(headers.get(`${unified}-${suffix}-reset`), clocks);
    if (isRejected(headers.get(`${unified}-${suffix}-status`)) && wait !== undefined) {
      return { label, ...named, waitMs: wait };
    }
  }
  return { ...named };
}

function until(value: string | null, clocks: Clocks): number | undefined {
  const at = clocks.absolute ? instantMs(value) : undefined;
  return at === undefined ? undefined : at - clocks.now;
}

/** The window among those used up that ends last. Its slot says nothing of its length, its minutes do. */
function codexWindow(headers: Headers, clocks: Clocks): Window | undefined {
  let last: Window | undefined;
  headers.forEach((value, name) => {
    const match = /^x-codex-(?:(.+)-)?(primary|secondary)-used-percent$/.exec(name);
    if (!match || (numeric(value) ?? 0) < 100) return;
    const of = (what: string) => headers.get(name.replace("used-percent", what));
    const minutes = numeric(of("window-minutes"));
    if (minutes === 0) return;
    const after = numeric(of("reset-after-seconds"));
    const wait = until(of("reset-at"), clocks) ?? (after === undefined ? undefined : after * 1000);
    const label = minutes === undefined ? undefined : labelOf(minutes);
    const window: Window = {
      ...(wait === undefined ? {} : { waitMs: wait }),
      ...(label === undefined ? {} : { label }),
      ...(match[1] === undefined ? {} : { scope: "model" }),
    };
    if (!last || (window.waitMs ?? 0) > (last.waitMs ?? 0)) last = window;
  });
  return last;
}

const hour = 60;
const day = 24 * hour;

function labelOf(minutes: number): string {
  if (minutes === day) return "daily";
  if (minutes === 7 * day) return "weekly";
  if (minutes >= 28 * day && minutes <= 31 * day) return "monthly";
  return minutes % hour === 0 ? `${minutes / hour} h` : `${minutes} min`;
}

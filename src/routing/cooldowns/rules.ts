/** Which errors cool what, and how long where nobody stated a time: the last column of the table of errors. */
import type { CooldownScope } from "../../model/cooldown.ts";
import type { ErrorCode } from "../../model/error.ts";

const second = 1000;
const minute = 60 * second;

/** `settings.cooldown`, in milliseconds. */
export interface CooldownSettings {
  /** First step of the schedule; each further one takes twice as long. */
  readonly initialMs: number;
  /** The longest step. 0 switches cooldowns off. */
  readonly maxMs: number;
  /** How often what is cooled by a stated time beyond `maxMs` lets a live request through. */
  readonly probeMs: number;
  readonly onTimeout: boolean;
}

export interface Rule {
  readonly scope: CooldownScope;
  /** The first step and the longest one. Absent: as the settings say. */
  readonly firstMs?: number;
  readonly longestMs?: number;
  /** Counts from the second failure within this time. */
  readonly pairMs?: number;
}

const rules: Partial<Record<ErrorCode, Rule>> = {
  "rate-limited": { scope: "model" },
  "allowance-spent": { scope: "account" },
  billing: { scope: "account", firstMs: 30 * minute },
  overloaded: { scope: "model", firstMs: 30 * second, longestMs: 15 * minute },
  "upstream-failed": { scope: "model" },
  "upstream-unreachable": { scope: "provider", pairMs: 30 * second },
  "upstream-timeout": { scope: "model" },
  "upstream-auth": { scope: "account", firstMs: 5 * minute },
};

/** Undefined for what is not the target's fault, or not lasting. */
export function ruleFor(code: ErrorCode, settings: CooldownSettings): Rule | undefined {
  if (settings.maxMs <= 0 || (code === "upstream-timeout" && !settings.onTimeout)) return undefined;
  return rules[code];
}

/** Milliseconds of the step that follows so many failures (from 1). */
export function stepMs(rule: Rule, failures: number, settings: CooldownSettings): number {
  const longest = Math.min(rule.longestMs ?? settings.maxMs, settings.maxMs);
  const first = rule.firstMs ?? settings.initialMs;
  // Beyond this many doublings every first step is longer than the longest.
  return Math.min(longest, first * 2 ** Math.min(failures - 1, 50));
}

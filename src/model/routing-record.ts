/**
 * Why a request went where it went: every target of its model, in the order in which they were to be tried, then those
 * that were left out. Kept with the usage row as short JSON, for models may have hundreds of targets.
 */
import type { JsonObject } from "./json.ts";

export interface RoutingRecord {
  /** Version of the configuration. */
  snapshot: number;
  groups: readonly RecordedGroup[];
  kept: readonly RecordedCandidate[];
  passedOver: readonly RecordedPass[];
  /** Targets of the client's protocol came first. */
  isMatching?: boolean;
  /** All were cooled, and the one whose time was nearly over was tried. */
  isLastResort?: boolean;
}

export interface RecordedGroup {
  name: string;
  selector: string;
  /** What its scores are: `cost_nano`, `ttft_ms`, … */
  measure?: string;
  /** The first was asked to learn of it. */
  explores?: boolean;
  /** The first was asked before, in this conversation. */
  isStuck?: boolean;
}

export interface RecordedCandidate {
  /** `provider/model`. */
  target: string;
  /** Place of its group. */
  group: number;
  score?: number;
}

export interface RecordedPass {
  target: string;
  group: number;
  /** `disabled`, `denied`, `unable`, `unpriced`, `logged-out`, `full`, `cooled`. */
  reason: string;
  /** What it could not do: `protocol`, `vision`, `context`. */
  lacks?: string;
  /** Of a cooled one: epoch milliseconds, and the code of the failure. */
  until?: number;
  cause?: string;
}

/** What became of the request, as far as it says which targets were asked. */
export interface Outcome {
  /** The target that was asked last. */
  target: string | null;
  attempts: number;
  failed: readonly (string | undefined)[];
}

type GroupRow = [name: string, selector: string, measure: string, mark: string];
type KeptRow = [target: string, group: number, score?: number];
type PassRow = [target: string, group: number, reason: string, lacks: string, until: number, cause: string];
interface Short {
  v: number;
  g: GroupRow[];
  k: KeptRow[];
  x?: PassRow[];
  /** `m`: matching first; `l`: last resort. */
  o?: string;
}

export function routingText(record: RoutingRecord): string {
  const { snapshot, groups, kept, passedOver, isMatching, isLastResort } = record;
  const short: Short = {
    v: snapshot,
    g: groups.map((one) => [one.name, one.selector, one.measure ?? "", one.isStuck ? "s" : one.explores ? "e" : ""]),
    k: kept.map(({ target, group, score }) => (score === undefined ? [target, group] : [target, group, brief(score)])),
  };
  if (passedOver.length > 0) {
    short.x = passedOver.map((one) => {
      return [one.target, one.group, one.reason, one.lacks ?? "", Math.round(one.until ?? 0), one.cause ?? ""];
    });
  }
  if (isMatching || isLastResort) short.o = `${isMatching ? "m" : ""}${isLastResort ? "l" : ""}`;
  return JSON.stringify(short);
}

/** The same text for a target that had no rival, without the detour: each request has one. */
export function loneText(target: string, { name, selector }: RecordedGroup, snapshot: number): string {
  return `{"v":${snapshot},"g":[[${JSON.stringify(name)},"${selector}","",""]],"k":[[${JSON.stringify(target)},0]]}`;
}

/** Six digits say enough. */
function brief(score: number): number {
  return Number(score.toPrecision(6));
}

/** Of a text that `routingText` wrote. */
export function parseRouting(text: string): RoutingRecord {
  const { v, g, k, x = [], o = "" } = JSON.parse(text) as Short;
  return {
    snapshot: v,
    groups: g.map(([name, selector, measure, mark]) => ({
      ...{ name, selector, ...(measure === "" ? {} : { measure }) },
      ...(mark === "e" ? { explores: true } : mark === "s" ? { isStuck: true } : {}),
    })),
    kept: k.map(([target, group, score]) => ({ target, group, ...(score === undefined ? {} : { score }) })),
    passedOver: x.map(([target, group, reason, lacks, until, cause]) => ({
      ...{ target, group, reason },
      ...(lacks === "" ? {} : { lacks }),
      ...(until === 0 ? {} : { until }),
      ...(cause === "" ? {} : { cause }),
    })),
    ...(o.includes("m") ? { isMatching: true } : {}),
    ...(o.includes("l") ? { isLastResort: true } : {}),
  };
}

/**
 * As the API shows it: `{ snapshot, api_match, last_resort, candidates: [{ target, group, selector, verdict, reason, words,
 * measure, score, … }] }`. `verdict`: `chosen`, `failed`, `not-tried` or `passed-over`; in a dry run (without an outcome)
 * the first is `chosen`.
 */
export function routingToJson(record: RoutingRecord, outcome?: Outcome): JsonObject {
  return {
    snapshot: record.snapshot,
    api_match: record.isMatching === true,
    last_resort: record.isLastResort === true,
    candidates: candidatesOf(record, outcome),
  };
}

export type Verdict = "chosen" | "failed" | "not-tried" | "passed-over";

/** One target of the choice, as it is shown. `words` are for people, `until` is RFC 3339. */
export type ShownCandidate = {
  target: string;
  group: string | null;
  selector: string | null;
  verdict: Verdict;
  reason: string | null;
  words: string | null;
  measure: string | null;
  score: number | null;
  until: string | null;
};

/** Those that were to be tried in their order, then those that were left out. */
export function candidatesOf({ groups, kept, passedOver }: RoutingRecord, outcome?: Outcome): ShownCandidate[] {
  const shown = kept.map((one, place): ShownCandidate => {
    const group = groups[one.group];
    return {
      ...{ target: one.target, group: group?.name ?? null, selector: group?.selector ?? null },
      verdict: verdictOf(one.target, place, outcome),
      ...{ reason: place === 0 ? firstBecause(group) : null, words: null },
      ...{ measure: group?.measure ?? null, score: one.score ?? null, until: null },
    };
  });
  const left = passedOver.map((one): ShownCandidate => {
    const group = groups[one.group];
    return {
      ...{ target: one.target, group: group?.name ?? null, selector: group?.selector ?? null },
      ...{ verdict: "passed-over", reason: one.reason, words: wordsOf(one) },
      ...{ measure: null, score: null, until: one.until === undefined ? null : new Date(one.until).toISOString() },
    };
  });
  return [...shown, ...left];
}

function verdictOf(target: string, place: number, outcome: Outcome | undefined): Verdict {
  if (!outcome) return place === 0 ? "chosen" : "not-tried";
  if (outcome.failed.includes(target)) return "failed";
  return outcome.attempts > 0 && outcome.target === target ? "chosen" : "not-tried";
}

function firstBecause(group: RecordedGroup | undefined): string | null {
  return group?.isStuck ? "sticky" : group?.explores ? "explored" : null;
}

function wordsOf({ reason, lacks, until, cause }: RecordedPass): string {
  switch (reason) {
    case "disabled":
      return "The target or its provider is switched off.";
    case "denied":
      return "The key may not use this provider.";
    case "unpriced":
      return "Nobody knows its price, and a quota of the key wants one.";
    case "logged-out":
      return "Its account has to log in again.";
    case "full":
      return "The provider is at its limit of concurrent requests.";
    case "cooled": {
      const end = until === undefined ? "" : ` until ${new Date(until).toISOString()}`;
      return `It is left alone${end} after a failure (${cause ?? "unknown"}).`;
    }
    default:
      if (lacks === "context") return "Its context is too small for the request.";
      return lacks === "vision"
        ? "It cannot see, and the request has images."
        : "None of its provider's protocols answers this request.";
  }
}

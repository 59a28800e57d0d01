/** What the console does beside the configuration: ask where requests would go, count quotas anew, price rows, look at itself. */
import type { Key, Quota } from "../config/snapshot.ts";
import type { JsonObject } from "../model/json.ts";
import type { RequestRecord } from "../model/record.ts";
import type { ShownCandidate } from "../model/routing-record.ts";

/** A request that nobody sends. */
export interface DryRun {
  /** An alias, or `provider/model`. */
  model: string;
  /** The client's. */
  protocol: string;
  /** Name of a client key; without one no allow-list holds. */
  key?: string;
  /** About how many the prompt has. */
  tokens: number;
  hasTools: boolean;
  hasImages: boolean;
  isStream: boolean;
  /** In place of those of the alias's groups. */
  selector?: string;
}

/** Where it would go: what `POST /api/explain` answers. */
export interface Explained {
  target: string | null;
  refusal: { code: string; status: number; message: string } | null;
  routing: {
    snapshot: number;
    api_match: boolean;
    last_resort: boolean;
    candidates: readonly ShownCandidate[];
  } | null;
}

/** Whether a key may call an alias, and what says so. */
export interface Permission {
  alias: string;
  also: readonly string[];
  isAllowed: boolean;
  rule: string;
}

export interface SystemFacts {
  /** Bytes. */
  memory: { resident: number; heap: number };
  /** Milliseconds that a turn of the event loop took just now, at the longest. */
  loopMs: number;
  /** Client requests that run. */
  running: number;
  /** Records of requests that wait to be stored. */
  waiting: number;
  /** Listeners of `GET /api/events`. */
  listeners: number;
  database: { bytes: number | null; writeMs: number; readMs: number };
  migrations: readonly { version: number; name: string; at: number }[];
}

/** Times in RFC 3339, null where there is nothing. */
export interface RecomputeState {
  running: boolean;
  looked: number;
  priced: number;
  started_at: string | null;
  ended_at: string | null;
  error: string | null;
}

export interface PriceLists {
  /** Versions of what holds now, the first over the others. */
  inForce: readonly string[];
  /** Those that were loaded, newest first; `at` in epoch milliseconds. */
  loaded: readonly { version: number; at: number; source: string; date: string; models: number }[];
}

export interface Operations {
  explain(run: DryRun): Promise<Explained>;
  permissions(key: Key): Permission[];
  /** Counts a quota from nothing, or from the usage rows of its keys. */
  recount(quota: Quota, to: "nothing" | "rows"): Promise<void>;
  prices: {
    lists(): Promise<PriceLists>;
    /** Of a `provider/model`; null where no price is known. */
    find(target: string): JsonObject | null;
    /** Throws `conflict` while one runs; resolves soon. */
    recompute(ask: { rows: "unknown" | "all" }): Promise<RecomputeState>;
    job(): RecomputeState;
  };
  system(): Promise<SystemFacts>;
  /** Requests that run in this process. */
  running: {
    readonly count: number;
    /** As they would be kept if they ended now, the oldest first. */
    longest(most: number): RequestRecord[];
    find(id: string): RequestRecord | undefined;
  };
}

/** What the pages of a key's holder may ask. Each question says whose it is: there is none about everybody. */
import type { QuotaCard } from "../../views/pages/quotas.tsx";
import type { Log } from "../kit/log.ts";
import type { RequestRecord } from "../model/record.ts";
import type { Acts } from "../store/acts.ts";
import type { GroupedQuery, Grouping } from "../store/grouped-usage.ts";
import type { RequestFilter } from "../store/request-filter.ts";
import type { Neighbours } from "../store/request-neighbours.ts";
import type { Summed } from "../store/rollup-sums.ts";
import type { Assets } from "./assets.ts";
import type { NewsSource } from "./live.ts";
import type { Notices } from "./notices.ts";
import type { Clocks } from "./range.ts";
import type { Holder, Sessions } from "./session.ts";

/** What is known of the key itself. */
export interface OwnKey {
  name: string;
  last4: string;
  /** Epoch milliseconds; null for never. */
  expiresAt: number | null;
  maxConcurrency: number | null;
  /** May its holder know which provider answers, and what that costs? */
  showsTargets: boolean;
  /** Of the configuration file: its secret is changed there. */
  isFixed: boolean;
}

export interface OwnModel {
  /** A name that the key may call. */
  name: string;
  /** The alias that has the name. */
  alias: string;
  context: number | null;
  maxOutput: number | null;
}

export type OwnFilter = Omit<RequestFilter, "key" | "provider">;
export type OwnGrouping = Exclude<Grouping, "key" | "provider">;
export type OwnUsage = Omit<GroupedQuery, "key" | "by"> & { by: OwnGrouping };

export interface HolderReads {
  /** Could the holder sign in again, from this address? */
  isIn(holder: Holder, address: string): boolean;
  key(holder: Holder): OwnKey;
  models(holder: Holder): OwnModel[];
  quotas(holder: Holder): Promise<QuotaCard[]>;
  /** Newest first. */
  requests(holder: Holder, filter: OwnFilter): Promise<{ data: RequestRecord[]; next: string | null }>;
  /** Of a request of that key in its list. */
  neighbours(holder: Holder, filter: OwnFilter, id: string): Promise<Neighbours>;
  /** Undefined for what is another key's. */
  request(holder: Holder, id: string): Promise<RequestRecord | undefined>;
  /** Those that run in this process, the oldest first, and how many there are. */
  running(holder: Holder, most: number): { rows: RequestRecord[]; count: number };
  /** One of them; undefined for what is another key's. */
  runningOne(holder: Holder, id: string): RequestRecord | undefined;
  /** Of requests of that key. */
  news(holder: Holder): NewsSource;
  usage(holder: Holder, query: OwnUsage): Promise<Summed[]>;
  /** The new secret; the former one is good until a time (epoch milliseconds). */
  rotate(holder: Holder, until: number, address: string): Promise<string>;
}

/** All that the pages of holders are given. */
export interface HolderDeps {
  own: HolderReads;
  assets: Assets;
  notices: Notices;
  sessions: Sessions;
  log: Log;
  acts: Pick<Acts, "add">;
  protocols: readonly string[];
  dayOf: Clocks["dayOf"];
  /** The reporting timezone. */
  zone(): string;
  /** Where clients find this gateway, if that is set. */
  publicUrl(): string | null;
}

/** The request as the holder of its key may see it: without what only the operator is told. */
export function forHolder(request: RequestRecord, { showsTargets }: Pick<OwnKey, "showsTargets">): RequestRecord {
  const errors = request.errors.map((failure) => ({ ...failure, chain: [] }));
  const own: RequestRecord = { ...request, parent: null, routing: null, errors };
  if (showsTargets) return own;
  const { pricing: _hidden, ...rest } = own;
  // What providers said may name them, and details may; what Plexus itself refused is its own words.
  const degraded = request.degraded.map(({ action, field }) => ({ action, field }));
  const told = request.attempts === 0 ? errors : [];
  return { ...rest, target: null, provider: null, costNano: null, degraded, errors: told };
}

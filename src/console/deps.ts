/** What the pages of the console are given. */
import type { Badges } from "../../views/layout.tsx";
import type { CooldownLine, RefusalLine } from "../../views/pages/cooldowns.tsx";
import type { QuotaCard } from "../../views/pages/quotas.tsx";
import type { SavedView } from "../../views/parts/list-choices.tsx";
import type { LiveConfig } from "../config/live.ts";
import type { Log } from "../kit/log.ts";
import type { CooldownEvent, CooldownKey } from "../model/cooldown.ts";
import type { RequestRecord } from "../model/record.ts";
import type { Acts } from "../store/acts.ts";
import type { ConfigEditor } from "../store/config-editor.ts";
import type { Causes } from "../store/request-causes.ts";
import type { RequestFilter } from "../store/request-filter.ts";
import type { Neighbours } from "../store/request-neighbours.ts";
import type { Rollups } from "../store/rollups.ts";
import type { Assets } from "./assets.ts";
import type { Drafts } from "./drafts.ts";
import type { HolderReads } from "./holder.ts";
import type { Limiter } from "./limiter.ts";
import type { NewsSource } from "./live.ts";
import type { Notices } from "./notices.ts";
import type { Operations } from "./operations.ts";
import type { Playground } from "./playing.ts";
import type { Supply } from "./providers/supply.ts";
import type { Sessions } from "./session.ts";

/** What the console is told and may ask. */
export interface ConsoleOptions {
  config: LiveConfig;
  editor: ConfigEditor;
  /** What is done beside the configuration. */
  acts: Pick<Acts, "add" | "list">;
  log: Log;
  isAdmin(key: string): boolean;
  /** `version` and what does not change while the process runs. */
  facts: { version: string; startedAt: number; database: string; isEncrypted: boolean };
  /** Names of the protocols that clients may speak, in their order. */
  protocols: readonly string[];
  /** Newest first; `after` is the `next` of the page before. */
  listRequests(filter: RequestFilter): Promise<{ data: RequestRecord[]; next: string | null }>;
  /** Failures in groups of what caused them. */
  causesOf(filter: RequestFilter): Promise<Causes>;
  requestsMadeFor(request: RequestRecord): Promise<RequestRecord[]>;
  /** Of a request in the list with that filter. */
  neighboursOf(filter: RequestFilter, id: string): Promise<Neighbours>;
  findRequest(id: string): Promise<RequestRecord | undefined>;
  news: NewsSource;
  usage: {
    rollups: Pick<Rollups, "query">;
    /** The day of the reporting timezone in which a time lies. */
    dayOf(at: number): { start: number; end: number };
  };
  quotas(): Promise<QuotaCard[]>;
  /** Parameters that targets refused and that are left out for them. */
  refusals(): readonly RefusalLine[];
  cooldowns: {
    /** The longest first. */
    list(): CooldownLine[];
    /** Of the last week, newest first; `after` is the `next` of the page before. */
    history(page: { limit: number; after?: string }): Promise<{ data: CooldownEvent[]; next: string | null }>;
    /** Resolves with their number, when every node can see that they are gone. */
    clear(filter: Partial<Pick<CooldownKey, "provider" | "model" | "scope">>): Promise<number>;
  };
  operations: Operations;
  supply: Supply;
  /** Whether somebody has said that the set-up is not wanted. */
  setup: { isSkipped(): Promise<boolean>; skip(): Promise<void> };
  /** Of the list of requests, for all who sign in. */
  views: { list(): Promise<SavedView[]>; keep(views: readonly SavedView[]): Promise<void> };
  /** What holders of client keys may read and do. */
  own: HolderReads;
  playground: Playground;
  /** What the menu counts. Asked for each page: nothing of it waits. */
  badges(): Badges;
}

/** The same, and what the console keeps itself. */
export interface ConsoleDeps extends ConsoleOptions {
  sessions: Sessions;
  limiter: Limiter;
  assets: Assets;
  notices: Notices;
  drafts: Drafts;
}

/** The console: its routes, who is let in, and how it says no. */

import type { Badges } from "../../views/layout.tsx";
import type { CooldownLine, RefusalLine } from "../../views/pages/cooldowns.tsx";
import type { QuotaCard } from "../../views/pages/quotas.tsx";
import type { LiveConfig } from "../config/live.ts";
import type { Log } from "../kit/log.ts";
import type { CooldownEvent, CooldownKey } from "../model/cooldown.ts";
import { GatewayError } from "../model/error.ts";
import type { RequestRecord } from "../model/record.ts";
import type { ConfigEditor } from "../store/config-editor.ts";
import type { RequestFilter } from "../store/request-filter.ts";
import type { Rollups } from "../store/rollups.ts";
import { aliasRoutes } from "./aliases.ts";
import { type Assets, createAssets } from "./assets.ts";
import { auditRoutes } from "./audit.ts";
import { cooldownRoutes } from "./cooldowns.ts";
import { createDrafts, type Drafts } from "./drafts.ts";
import type { HolderReads } from "./holder.ts";
import { homeRoutes } from "./home.ts";
import { keyRoutes } from "./keys.ts";
import { createLimiter, type Limiter } from "./limiter.ts";
import type { NewsSource } from "./live.ts";
import { holderRoutes } from "./me.ts";
import { createNotices, type Notices } from "./notices.ts";
import type { Operations } from "./operations.ts";
import { packed } from "./packed.ts";
import { wantsPart } from "./page.ts";
import { performanceRoutes } from "./performance.ts";
import { playgroundRoutes } from "./playground.ts";
import type { Playground } from "./playing.ts";
import { isStillIn, requireAccess } from "./principal.ts";
import { providerRoutes } from "./providers/index.ts";
import type { Supply } from "./providers/supply.ts";
import { quotaRoutes } from "./quotas.ts";
import { refusal } from "./refusal.ts";
import { requestRoutes } from "./requests.ts";
import type { ConsoleRoute, SignedIn, Visit } from "./route.ts";
import { createSessions, isFromOwnPage, type Session, type Sessions, sessionId } from "./session.ts";
import { settingsRoutes } from "./settings.ts";
import { type SetupMark, setupRoutes } from "./setup.ts";
import { foreign, readForm, signInRoutes } from "./sign-in.ts";
import { systemRoutes } from "./system.ts";
import { usageRoutes } from "./usage.ts";

/** What the console is told and may ask. */
export interface ConsoleOptions {
  config: LiveConfig;
  editor: ConfigEditor;
  log: Log;
  isAdmin(key: string): boolean;
  /** `version` and what does not change while the process runs. */
  facts: { version: string; startedAt: number; database: string; isEncrypted: boolean };
  /** Names of the protocols that clients may speak, in their order. */
  protocols: readonly string[];
  /** Newest first; `after` is the `next` of the page before. */
  listRequests(filter: RequestFilter): Promise<{ data: RequestRecord[]; next: string | null }>;
  requestsMadeFor(request: RequestRecord): Promise<RequestRecord[]>;
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
  setup: SetupMark;
  /** What holders of client keys may read and do. */
  own: HolderReads;
  playground: Playground;
  /** What the menu counts. Asked for each page: nothing of it waits. */
  badges(): Badges;
}

export interface ConsoleDeps extends ConsoleOptions {
  sessions: Sessions;
  limiter: Limiter;
  assets: Assets;
  notices: Notices;
  drafts: Drafts;
}

export interface Console {
  routes: readonly ConsoleRoute[];
  /** Throws `unauthenticated`. */
  sessionOf(visit: Visit): Session;
  /** Rejects with `not-found` or `forbidden`. Of a POST, reads the form and checks that it is from our page. */
  admit(visit: Visit, session: Session, access: SignedIn): Promise<void>;
  /** The page that says what went wrong and what to do. */
  refuse(visit: Visit, error: GatewayError): Response;
}

export function createConsole(options: ConsoleOptions): Console {
  const deps: ConsoleDeps = {
    ...options,
    sessions: createSessions(),
    limiter: createLimiter(),
    assets: createAssets(),
    notices: createNotices(),
    drafts: createDrafts(),
  };
  return {
    routes: consoleRoutes(deps).map(packing),
    sessionOf: (visit) => sessionOf(deps, visit),
    admit,
    refuse: (visit, error) => refusal(deps, visit, error),
  };
}

function packing({ run, ...route }: ConsoleRoute): ConsoleRoute {
  return { ...route, run: async (visit) => packed(visit.request, await run(visit)) };
}

function consoleRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const routes: ConsoleRoute[] = [
    ...deps.assets.routes,
    ...signInRoutes(deps),
    ...homeRoutes({ ...deps, hasPage: (path) => routes.some((route) => route.path === path) }),
    ...requestRoutes(deps),
    ...usageRoutes(deps),
    ...performanceRoutes(deps),
    ...cooldownRoutes(deps),
    ...setupRoutes(deps),
    ...providerRoutes(deps),
    ...aliasRoutes(deps),
    ...keyRoutes(deps),
    ...quotaRoutes(deps),
    ...settingsRoutes(deps),
    ...auditRoutes(deps),
    ...systemRoutes(deps),
    ...playgroundRoutes(deps),
    ...holderRoutes({ ...deps, ...ofSettings(deps) }),
    elsewhere(),
  ];
  return routes;
}

function ofSettings({ config, usage }: ConsoleDeps) {
  return {
    // The table of routes is made before anybody asks.
    dayOf: (at: number) => usage.dayOf(at),
    zone: () => config.current().settings.timezone,
    publicUrl: () => config.current().settings.publicUrl,
  };
}

/** Whatever else is asked for below the console is looked for only when signed in. */
function elsewhere(): ConsoleRoute {
  return {
    method: "GET",
    path: "/console/*",
    access: "session",
    run() {
      throw new GatewayError("not-found", "The console has no page of this address.");
    },
  };
}

function sessionOf({ sessions, config }: ConsoleDeps, visit: Visit): Session {
  const { request, origin, address } = visit;
  const id = sessionId(request, origin);
  // Pages fetch parts of themselves by turns, which is no sign that anybody is there.
  const session = id && (wantsPart(visit) ? sessions.peek(id) : sessions.find(id));
  if (id && session && isStillIn(session.principal, config.current(), address)) return session;
  if (id) sessions.end(id);
  throw new GatewayError("unauthenticated", "Sign in to see this page.");
}

async function admit(visit: Visit, session: Session, access: SignedIn): Promise<void> {
  requireAccess(session.principal, access);
  if (visit.request.method === "GET" || visit.request.method === "HEAD") return;
  if (!isFromOwnPage(visit.request, visit.origin)) throw foreign();
  // The page reads it, too.
  const form = await readForm(visit.request.clone());
  if (form.get("csrf") !== session.csrf) throw foreign();
}

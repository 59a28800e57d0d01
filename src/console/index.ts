/** The console: its routes, who is let in, and how it says no. */
import type { LiveConfig } from "../config/live.ts";
import type { Log } from "../kit/log.ts";
import { GatewayError } from "../model/error.ts";
import type { RequestRecord } from "../model/record.ts";
import { type Assets, createAssets } from "./assets.ts";
import { homeRoutes } from "./home.ts";
import { createLimiter, type Limiter } from "./limiter.ts";
import { refusal } from "./refusal.ts";
import { requestRoutes } from "./requests.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { createSessions, isFromOwnPage, type Session, type Sessions, sessionId } from "./session.ts";
import { foreign, readForm, signInRoutes } from "./sign-in.ts";

/** What the console is told and may ask. */
export interface ConsoleOptions {
  config: LiveConfig;
  log: Log;
  isAdmin(key: string): boolean;
  /** `version` and what does not change while the process runs. */
  facts: { version: string; startedAt: number; database: string; isEncrypted: boolean };
  /** Names of the protocols that clients may speak, in their order. */
  protocols: readonly string[];
  /** Newest first; `after` is the `next` of the page before. */
  listRequests(page: { limit: number; after?: string }): Promise<{ data: RequestRecord[]; next: string | null }>;
  findRequest(id: string): Promise<RequestRecord | undefined>;
  /** Requests since a time (epoch milliseconds), and how many of them failed. */
  countRequests(since: number): Promise<{ all: number; failed: number }>;
}

export interface ConsoleDeps extends ConsoleOptions {
  sessions: Sessions;
  limiter: Limiter;
  assets: Assets;
}

export interface Console {
  routes: readonly ConsoleRoute[];
  /** Rejects with `unauthenticated` or `forbidden`. Of a POST, reads the form and checks that it is from our page. */
  admit(visit: Visit): Promise<Session>;
  /** The page that says what went wrong and what to do. */
  refuse(visit: Visit, error: GatewayError): Response;
}

export function createConsole(options: ConsoleOptions): Console {
  const deps: ConsoleDeps = {
    ...options,
    sessions: createSessions(),
    limiter: createLimiter(),
    assets: createAssets(),
  };
  return {
    routes: consoleRoutes(deps),
    admit: (visit) => admit(deps, visit),
    refuse: (visit, error) => refusal(deps, visit, error),
  };
}

function consoleRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [...deps.assets.routes, ...signInRoutes(deps), ...homeRoutes(deps), ...requestRoutes(deps), elsewhere()];
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

async function admit(deps: ConsoleDeps, visit: Visit): Promise<Session> {
  const id = sessionId(visit.request, visit.origin);
  const session = id ? deps.sessions.find(id) : null;
  if (!session) throw new GatewayError("unauthenticated", "Sign in to see this page.");
  if (visit.request.method === "GET" || visit.request.method === "HEAD") return session;
  if (!isFromOwnPage(visit.request, visit.origin)) throw foreign();
  const form = await readForm(visit.request);
  if (form.get("csrf") !== session.csrf) throw foreign();
  return session;
}

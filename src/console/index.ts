/** The console: its routes, who is let in, and how it says no. */
import { GatewayError } from "../model/error.ts";
import { aliasRoutes } from "./aliases.ts";
import { createAssets } from "./assets.ts";
import { auditRoutes } from "./audit.ts";
import { cooldownRoutes } from "./cooldowns.ts";
import type { ConsoleDeps, ConsoleOptions } from "./deps.ts";
import { createDrafts } from "./drafts.ts";
import { findRoutes } from "./find.ts";
import { homeRoutes } from "./home.ts";
import { incidentRoutes } from "./incidents.ts";
import { keyRoutes } from "./keys.ts";
import { createLimiter } from "./limiter.ts";
import { listChoiceRoutes } from "./list-choices.ts";
import { holderRoutes } from "./me.ts";
import { createNotices } from "./notices.ts";
import { packed } from "./packed.ts";
import { wantsPart } from "./page.ts";
import { performanceRoutes } from "./performance.ts";
import { playgroundRoutes } from "./playground.ts";
import { isStillIn, requireAccess } from "./principal.ts";
import { providerRoutes } from "./providers/index.ts";
import { quotaRoutes } from "./quotas.ts";
import { refusal } from "./refusal.ts";
import { requestRoutes } from "./requests.ts";
import type { ConsoleRoute, SignedIn, Visit } from "./route.ts";
import { createSessions, isFromOwnPage, type Session, sessionId } from "./session.ts";
import { sessionRoutes } from "./sessions.ts";
import { settingsRoutes } from "./settings.ts";
import { setupRoutes } from "./setup.ts";
import { foreign, readForm, signInRoutes } from "./sign-in.ts";
import { systemRoutes } from "./system.ts";
import { usageRoutes } from "./usage.ts";

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
    ...listChoiceRoutes(deps),
    ...requestRoutes(deps),
    ...incidentRoutes(deps),
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
    ...sessionRoutes(deps),
    ...systemRoutes(deps),
    ...findRoutes(deps),
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
  const session = id && (wantsPart(visit) ? sessions.peek(id) : sessions.find(id, address));
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

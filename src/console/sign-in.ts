/** Signing in with the admin key or a client key, and out. */
import { loginPage } from "../../views/pages/login.tsx";
import { GatewayError } from "../model/error.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf } from "./forms/edits.ts";
import { page, redirect } from "./page.ts";
import { holderWith, isStillIn, keyOf, landing } from "./principal.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { isFromOwnPage, type Principal, sessionCookie, sessionId } from "./session.ts";
import { shellOf } from "./shell.ts";
import { whenceOf } from "./whence.ts";

/** A whole provider with its models fits. */
const mostFormBytes = 262_144;
/** Of somebody who is not signed in. */
const mostKeyBytes = 16_384;
const wrong =
  "That is neither the admin key, which begins with adm- and was printed at the first start, nor a client key that may be used from here.";

const over = "Your session is over. Sign in again to go on.";

export function signInRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [
    { method: "GET", path: "/console/login", access: "public", run: (visit) => showLogin(deps, visit) },
    { method: "POST", path: "/console/login", access: "public", run: (visit) => signIn(deps, visit) },
    {
      method: "POST",
      path: "/console/logout",
      access: "signed-in",
      run(visit) {
        const id = sessionId(visit.request, visit.origin);
        if (id) deps.sessions.end(id);
        void deps.acts.add({ kind: "signed out", author: authorOf(visit), ...keyOf(visit.session?.principal) });
        const headers = { "set-cookie": sessionCookie(visit.origin, ""), "clear-site-data": '"cache", "storage"' };
        return redirect(visit, "/console/login", headers);
      },
    },
  ];
}

function showLogin(deps: ConsoleDeps, visit: Visit): Response {
  const next = nextPath(visit.query.get("next"));
  const id = sessionId(visit.request, visit.origin);
  const known = id ? deps.sessions.find(id) : null;
  if (known && isStillIn(known.principal, deps.config.current(), visit.address)) {
    return redirect(visit, landing(known.principal, next));
  }
  return login(deps, visit, { next, ...(id ? { notice: over } : {}) });
}

interface Shown {
  next: string;
  notice?: string;
  problem?: string;
  status?: number;
  headers?: Record<string, string>;
}

function login(deps: ConsoleDeps, visit: Visit, { next, notice, problem, status, headers }: Shown): Response {
  const all = { "cache-control": "private, no-store", ...headers };
  const shell = shellOf(deps, visit, "");
  const body = loginPage({ shell, next, problem: problem ?? null, notice: notice ?? null });
  return page(visit, body, { status: status ?? 200, headers: all });
}

async function signIn(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  if (!isFromOwnPage(visit.request, visit.origin)) throw foreign();
  const form = await readForm(visit.request, mostKeyBytes);
  const next = nextPath(form.get("next"));
  const { limiter } = deps;
  const waitMs = limiter.waitMs(visit.address);
  if (waitMs > 0) {
    const seconds = Math.ceil(waitMs / 1000);
    const problem = `Too many failed attempts from your address. Try again in ${seconds} s.`;
    return login(deps, visit, { next, problem, status: 429, headers: { "retry-after": String(seconds) } });
  }
  if (limiter.slowMs() > 0) await Bun.sleep(limiter.slowMs());
  const principal = principalWith(deps, (form.get("key") ?? "").trim(), visit.address);
  if (!principal) {
    limiter.failed(visit.address);
    // Nobody waits for the database to be told that the key is wrong, or right.
    void deps.acts.add({ kind: "sign-in failed", author: authorOf(visit) });
    deps.log.warn("a sign-in to the console failed", { address: visit.address, request: visit.requestId });
    return login(deps, visit, { next, problem: wrong, status: 401 });
  }
  limiter.succeeded(visit.address);
  const before = sessionId(visit.request, visit.origin);
  if (before) deps.sessions.end(before);
  const who = principal.kind === "holder" ? { key: principal.key } : {};
  deps.log.info("signed in to the console", { ...who, address: visit.address, request: visit.requestId });
  void deps.acts.add({ kind: "signed in", author: authorOf(visit), ...keyOf(principal) });
  const cookie = sessionCookie(visit.origin, deps.sessions.start(principal, whenceOf(visit)));
  return redirect(visit, landing(principal, next), { "set-cookie": cookie });
}

/** Both are looked for, whatever the text begins with, so that all failures take the same time. */
function principalWith({ config, isAdmin }: ConsoleDeps, secret: string, address: string): Principal | undefined {
  const holder = holderWith(config.current(), secret, address);
  return isAdmin(secret) ? { kind: "admin" } : holder;
}

/** A path of the console; anything else is its first page. */
export function nextPath(text: string | null): string {
  return text !== null && /^\/console(?:[/?][\w\-./?=&%~:+*]*)?$/.test(text) ? text : "/console";
}

export function foreign(): GatewayError {
  return new GatewayError("forbidden", "This form was not sent by a page of this console. Open the page again.");
}

interface Formed {
  headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** Throws when the form is too large or is none. */
export async function readForm(request: Formed, most = mostFormBytes): Promise<URLSearchParams> {
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  // Browsers always say how long a form is.
  if (!(length <= most)) throw new GatewayError("too-large", `The form is larger than ${most / 1024} KB.`);
  if (!request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded")) {
    throw new GatewayError("invalid-request", "The console takes forms as browsers send them.");
  }
  return new URLSearchParams(await request.text());
}

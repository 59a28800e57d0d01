/** Errors below /console, for people. */
import { problemPage } from "../../views/pages/problem.tsx";
import { signInAgainPage } from "../../views/pages/sign-in-again.tsx";
import type { GatewayError } from "../model/error.ts";
import type { ConsoleDeps } from "./deps.ts";
import { page, redirect } from "./page.ts";
import { homes } from "./principal.ts";
import type { Visit } from "./route.ts";
import { shellOf } from "./shell.ts";

const toOwn = { path: homes.holder, words: "Go to your key" };
const toOverview = { path: "/console", words: "Go to the overview" };
const toRequests = { path: "/console/requests", words: "Go to the list of requests" };

export function refusal(deps: ConsoleDeps, visit: Visit, error: GatewayError): Response {
  if (error.code === "unauthenticated") return toSignIn(visit);
  const { headers } = error.detail;
  const isHolder = visit.session?.principal.kind === "holder";
  const part = isHolder ? toOwn : visit.path.startsWith("/console/requests") ? toRequests : toOverview;
  const back = error.status < 500 || visit.request.method !== "GET" ? part : sameAgain(visit);
  const shell = shellOf(deps, visit, visit.session ? part.path : "");
  const props = { shell, problem: error.message, requestId: visit.requestId, back };
  const words = error.status === 404 ? "Nothing here" : error.status < 500 ? "That did not work" : "Plexus failed";
  return page(visit, problemPage({ ...props, title: words }), { status: error.status, headers: headers ?? {} });
}

function sameAgain({ path, query }: Visit): { path: string; words: string } {
  return { path: query.size > 0 ? `${path}?${query}` : path, words: "Try again" };
}

/** Strict cookies stay away when a link elsewhere leads here: the page then asks once more, from here. */
function toSignIn(visit: Visit): Response {
  const { request, path, query } = visit;
  const isGet = request.method === "GET";
  if (isGet && request.headers.get("sec-fetch-site") === "cross-site") {
    return page(visit, signInAgainPage(), { status: 401, headers: { "cache-control": "no-store" } });
  }
  const search = query.size > 0 ? `?${query}` : "";
  const next = isGet && path !== "/console" ? `?next=${encodeURIComponent(path + search)}` : "";
  return redirect(visit, `/console/login${next}`);
}

/** Who is signed in: the admin sees and ends all sessions, the holder of a key those of that key. */
import { confirmPage } from "../../views/pages/confirm.tsx";
import { sessionsPage } from "../../views/pages/sessions.tsx";
import { GatewayError } from "../model/error.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf } from "./forms/edits.ts";
import { page, redirect } from "./page.ts";
import { ownSessionsPath, sessionsPath } from "./paths.ts";
import { isOneOf, isStillIn, keyOf } from "./principal.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import type { Principal, Session } from "./session.ts";
import { shellOf } from "./shell.ts";

type SessionDeps = Pick<ConsoleDeps, "sessions" | "config" | "acts" | "notices" | "assets" | "badges">;

const paths = { admin: sessionsPath, holder: ownSessionsPath } as const;
/** In place of a handle: all but the one that asks. */
const others = "others";

export function sessionRoutes(deps: SessionDeps): ConsoleRoute[] {
  return (["session", "holder"] as const).flatMap((access): ConsoleRoute[] => {
    const path = paths[access === "session" ? "admin" : "holder"];
    return [
      { method: "GET", path, access, run: (visit) => list(deps, visit) },
      { method: "GET", path: `${path}/:handle/end`, access, run: (visit) => ask(deps, visit) },
      { method: "POST", path: `${path}/:handle/end`, access, run: (visit) => end(deps, visit) },
    ];
  });
}

function ownOf({ session }: Visit): Session {
  if (session) return session;
  throw new GatewayError("unauthenticated", "Sign in to see this page.");
}

/** All that somebody may see, the own one first, then those that were seen last. */
function seenBy({ sessions, config }: SessionDeps, own: Session): Session[] {
  const fits = ({ principal, address }: Session) =>
    isOneOf(own.principal, principal) && isStillIn(principal, config.current(), address);
  const rest = sessions.list().filter((session) => session !== own && fits(session));
  return [own, ...rest.sort((one, other) => other.seenAt - one.seenAt)];
}

function list(deps: SessionDeps, visit: Visit): Response {
  const own = ownOf(visit);
  const path = paths[own.principal.kind];
  const body = sessionsPage({
    shell: shellOf(deps, visit, path),
    zone: deps.config.current().settings.timezone,
    now: Date.now(),
    path,
    lines: seenBy(deps, own).map((session) => ({
      ...{ handle: session.handle, key: keyOf(session.principal).name ?? null, isOwn: session === own },
      ...{ browser: session.browser, address: session.address },
      ...{ startedAt: session.startedAt, seenAt: session.seenAt },
    })),
  });
  return page(visit, body);
}

/** Those that the address means. Throws `not-found`. */
function meantBy(deps: SessionDeps, visit: Visit): Session[] {
  const own = ownOf(visit);
  const { handle } = visit.parameters;
  const rest = seenBy(deps, own).slice(1);
  const meant = handle === others ? rest : rest.filter((session) => session.handle === handle);
  if (meant.length > 0) return meant;
  const words = handle === own.handle ? "This is the session that you use: sign out to end it." : null;
  throw new GatewayError("not-found", words ?? "This session is over already, or there is no other one.");
}

function ask(deps: SessionDeps, visit: Visit): Response {
  const own = ownOf(visit);
  const meant = meantBy(deps, visit);
  const path = paths[own.principal.kind];
  const [first] = meant;
  const isOne = visit.parameters.handle !== others && first !== undefined;
  const body = confirmPage({
    shell: shellOf(deps, visit, path),
    csrf: own.csrf,
    title: isOne ? `End the session of ${ownerOf(first.principal)}?` : "End all other sessions?",
    effects: [
      ...(isOne ? [`It is used in ${whereOf(first)}.`] : [`${counted(meant.length)}, all but the one that you use.`]),
      "Whoever is there has to sign in again. What was typed in there and not saved is lost.",
      "Whoever has the key can sign in again: if others know it, change it, too.",
    ],
    ...{ action: `${path}/${visit.parameters.handle}/end`, go: isOne ? "End it" : "End them", isDangerous: true },
    back: path,
  });
  return page(visit, body);
}

function end(deps: SessionDeps, visit: Visit): Response {
  const own = ownOf(visit);
  const meant = meantBy(deps, visit);
  for (const session of meant) deps.sessions.endOf(session);
  void deps.acts.add({ kind: "session ended", author: authorOf(visit), ...told(own.principal, meant) });
  deps.notices.tell(visit, {
    tone: "ok",
    text: meant.length === 1 ? "The session is over." : `${counted(meant.length)} are over.`,
  });
  return redirect(visit, paths[own.principal.kind]);
}

/** For the audit: whose it was, and where. */
function told(by: Principal, ended: readonly Session[]) {
  const [first, ...more] = ended;
  if (!first || more.length > 0) return { ...keyOf(by), detail: `all others, ${counted(ended.length)}` };
  const whose = first.principal.kind === "admin" ? "of the admin key, " : "";
  return { ...keyOf(first.principal), detail: `${whose}${whereOf(first)}` };
}

function whereOf({ browser, address }: Session): string {
  return `${browser} at ${address}`;
}

function ownerOf(principal: Principal): string {
  return principal.kind === "admin" ? "the admin" : `the key ${principal.key}`;
}

function counted(count: number): string {
  return `${count} session${count === 1 ? "" : "s"}`;
}

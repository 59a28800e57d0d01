/** What the frame around every page needs. */
import type { Shell } from "../../views/layout.tsx";
import type { ConsoleDeps } from "./deps.ts";
import { lookOf } from "./look.ts";
import type { Visit } from "./route.ts";

export function shellOf(
  deps: Pick<ConsoleDeps, "assets" | "notices"> & Partial<Pick<ConsoleDeps, "badges">>,
  visit: Visit,
  current: string,
): Shell {
  return {
    style: deps.assets.style,
    icon: deps.assets.icon,
    scripts: deps.assets.scripts,
    isEncrypted: isPrivate(visit.origin),
    current,
    ...(visit.session?.principal.kind === "holder" ? { holder: visit.session.principal.key } : {}),
    csrf: visit.session?.csrf ?? null,
    ...(deps.badges && visit.session?.principal.kind === "admin" ? { badges: deps.badges() } : {}),
    notices: deps.notices.take(visit),
    look: lookOf(visit.request),
  };
}

/** TLS, or a browser on the same machine. */
export function isPrivate(origin: string): boolean {
  return origin.startsWith("https:") || /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(origin);
}

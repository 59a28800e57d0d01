/** The console's routes as entries of the one route list. */
import type { Network } from "../config/address.ts";
import { inNetworks } from "../config/address.ts";
import type { LiveConfig } from "../config/live.ts";
import type { Console } from "../console/index.ts";
import type { Visit } from "../console/route.ts";
import type { HttpRoute, Incoming } from "./route.ts";

export interface ConsoleDeps {
  config: LiveConfig;
  console: Console;
}

export function consoleHttpRoutes(deps: ConsoleDeps): HttpRoute[] {
  return deps.console.routes.map(({ method, path, access, run }) => ({
    method,
    path,
    access,
    run: (incoming) => run(visitOf(deps.config, incoming)),
  }));
}

export function visitOf(config: LiveConfig, incoming: Incoming): Visit {
  const { request, requestId, path, parameters, address, session } = incoming;
  const query = new URLSearchParams(request.url.split("?")[1] ?? "");
  const { trustedProxies, publicUrl } = config.current().settings;
  const origin = originOf(incoming, { trustedProxies, publicUrl });
  return { request, requestId, path, parameters, address, query, origin, session: session ?? null };
}

interface Outside {
  trustedProxies: readonly Network[];
  publicUrl: string | null;
}

/** As the browser sees us: what a trusted proxy says, `public_url` where the host is its, else what was asked for. */
function originOf({ request, peer }: Incoming, { trustedProxies, publicUrl }: Outside): string {
  const isProxied = trustedProxies.length > 0 && inNetworks(trustedProxies, peer);
  const said = (name: string) => (isProxied ? request.headers.get(name)?.split(",")[0]?.trim() : undefined);
  const asked = said("x-forwarded-host") || request.headers.get("host") || "";
  const host = /^[\w.-]+(:\d+)?$|^\[[\da-fA-F:.]+\](:\d+)?$/.test(asked) ? asked.toLowerCase() : "localhost";
  const open = publicUrl === null ? null : new URL(publicUrl);
  if (open && open.host === host) return open.origin;
  const isTls = said("x-forwarded-proto") === "https" || request.url.startsWith("https:");
  return `${isTls ? "https" : "http"}://${host}`;
}

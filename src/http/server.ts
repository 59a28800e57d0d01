/** The route list: every path, who may call it, and what runs. Access is decided here and nowhere else. */
import { Elysia } from "elysia";
import { clientAddress } from "../config/address.ts";
import type { LiveConfig } from "../config/live.ts";
import type { SignedIn } from "../console/route.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { uuidv7 } from "../kit/id.ts";
import type { Log } from "../kit/log.ts";
import { GatewayError, toGatewayError } from "../model/error.ts";
import { type ActDeps, actRoute } from "./acts.ts";
import { type AdminDeps, adminRoutes } from "./admin.ts";
import { type ConfigDeps, configRoutes } from "./config.ts";
import { type ConsoleDeps, consoleHttpRoutes, visitOf } from "./console.ts";
import { type CooldownDeps, cooldownRoutes } from "./cooldowns.ts";
import { bearer, headerBytes } from "./credentials.ts";
import { type EventDeps, eventRoutes } from "./events.ts";
import { explainRoute } from "./explain.ts";
import { type HealthDeps, healthRoutes } from "./health.ts";
import { ingressRoutes } from "./ingress.ts";
import { meRoute } from "./me.ts";
import { withOpenApi } from "./openapi/document.ts";
import { type PricesDeps, priceRoutes } from "./prices.ts";
import { problem } from "./problem.ts";
import { type QuotaDeps, quotaRoutes } from "./quotas.ts";
import { refusalRoutes } from "./refusals.ts";
import type { HttpRoute, Incoming } from "./route.ts";
import { shapeFor } from "./shape.ts";
import { translateRoute } from "./translate.ts";
import { type TrialDeps, trialRoute } from "./trials.ts";
import { type UsageDeps, usageRoutes } from "./usage.ts";

export interface ServerDeps
  extends ActDeps,
    AdminDeps,
    ConfigDeps,
    CooldownDeps,
    EventDeps,
    PricesDeps,
    QuotaDeps,
    TrialDeps,
    UsageDeps,
    HealthDeps,
    ConsoleDeps {
  gateway: Gateway;
  config: LiveConfig;
  log: Log;
  isAdmin(key: string): boolean;
  isDraining(): boolean;
}

/** Above every configurable limit of a body: the limit in force answers in the client's shape. */
const runtimeBodyBytes = 8 * 1024 ** 3;

export function httpRoutes(deps: ServerDeps): HttpRoute[] {
  return withOpenApi([
    ...healthRoutes(deps),
    ...ingressRoutes(deps.gateway),
    ...adminRoutes(deps),
    actRoute(deps),
    ...configRoutes(deps, { config: deps.config, sweep: deps.gateway.sweep }),
    ...cooldownRoutes(deps),
    ...eventRoutes(deps),
    ...priceRoutes(deps, { config: deps.config, sweep: deps.gateway.sweep }),
    translateRoute(deps.gateway),
    explainRoute(deps.gateway),
    trialRoute(deps, { config: deps.config, sweep: deps.gateway.sweep }),
    ...refusalRoutes({ refusals: deps.gateway.refusals, acts: deps.acts }),
    ...quotaRoutes(deps),
    ...usageRoutes(deps),
    meRoute(deps.gateway),
    ...consoleHttpRoutes(deps),
  ]);
}

export function createServer(deps: ServerDeps) {
  const routes = httpRoutes(deps);
  const app = new Elysia({ serve: { idleTimeout: 60, maxRequestBodySize: runtimeBodyBytes } });
  for (const route of routes) {
    // Destructured plainly: the framework reads from the handler's text what it must prepare for each request.
    app.route(
      route.method,
      route.path,
      ({ request, params, server }) => answer(deps, route, { request, params, server } as unknown as Context),
      { parse: "none" },
    );
  }
  app.all(
    "/*",
    ({ request, params, server }) => unknown(deps, routes, { request, params, server } as unknown as Context),
    {
      parse: "none",
    },
  );
  app.onError(({ request, server, error }) => {
    const incoming = incomingOf(deps, { request, server, params: {} } as unknown as Context);
    deps.log.error("a request failed outside the pipeline", { request: incoming.requestId, error });
    return refuse(deps, incoming, toGatewayError(error));
  });
  return app;
}

/** What is used of the framework's context. */
interface Context {
  request: Request;
  /** Undefined on paths without parameters. */
  params: Record<string, string> | undefined;
  server: {
    requestIP(request: Request): { address: string } | null;
    timeout(request: Request, seconds: number): void;
  } | null;
}

function incomingOf(deps: ServerDeps, { request, params, server }: Context): Incoming {
  const peer = server?.requestIP(request)?.address ?? "";
  const { trustedProxies } = deps.config.current().settings;
  const forwarded = trustedProxies.length === 0 ? null : request.headers.get("x-forwarded-for");
  // Most peers are plain IPv4 and come without a proxy: nothing is to be worked out.
  const isPlain = forwarded === null && !peer.includes(":");
  const address = isPlain ? peer : clientAddress(peer, forwarded, trustedProxies);
  return { request, requestId: uuidv7(), path: pathOf(request.url), parameters: params ?? {}, address, peer };
}

function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const end = url.indexOf("?", start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

function answer(deps: ServerDeps, route: HttpRoute, context: Context): Response | Promise<Response> {
  const incoming = incomingOf(deps, context);
  try {
    const limit = deps.config.current().settings.limits.headerBytes;
    if (headerBytes(incoming.request.headers) > limit) throw headersTooLarge(limit);
    if (route.access === "admin") requireAdmin(deps, incoming.request);
    if (route.access === "client") {
      if (deps.isDraining()) throw draining();
      // Answers may be silent for minutes; the gateway has its own limits.
      context.server?.timeout(incoming.request, 0);
    }
    const { access } = route;
    const isOpen = access === "public" || access === "admin" || access === "client";
    const response = isOpen ? route.run(incoming) : inSession(deps, { ...route, access }, incoming);
    if (!(response instanceof Promise)) return response;
    return response.catch((error: unknown) => refuse(deps, incoming, logged(deps, incoming, error)));
  } catch (error) {
    return refuse(deps, incoming, logged(deps, incoming, error));
  }
}

function requireAdmin(deps: ServerDeps, request: Request): void {
  const key = bearer(request);
  if (key !== null && deps.isAdmin(key)) return;
  throw new GatewayError("unauthenticated", "The management API wants the admin key as Authorization: Bearer.", {
    headers: { "www-authenticate": "Bearer" },
  });
}

type SignedInRoute = HttpRoute & { access: SignedIn };

async function inSession(deps: ServerDeps, route: SignedInRoute, incoming: Incoming): Promise<Response> {
  // Kept on the request itself, so that an error page, too, is shown to somebody signed in.
  incoming.session = deps.console.sessionOf(visitOf(deps.config, incoming));
  await deps.console.admit(visitOf(deps.config, incoming), incoming.session, route.access);
  return route.run(incoming);
}

function logged(deps: ServerDeps, incoming: Incoming, thrown: unknown): GatewayError {
  const error = toGatewayError(thrown);
  if (error.code === "internal")
    deps.log.error("request failed", { request: incoming.requestId, path: incoming.path, error });
  return error;
}

function unknown(deps: ServerDeps, routes: readonly HttpRoute[], context: Context): Response {
  const incoming = incomingOf(deps, context);
  const allowed = routes.filter((route) => matches(route.path, incoming.path)).map((route) => route.method);
  if (allowed.length === 0) {
    return refuse(deps, incoming, new GatewayError("not-found", `There is nothing at ${incoming.path}.`));
  }
  const allow = allowed.includes("GET") ? [...allowed, "HEAD"].join(", ") : allowed.join(", ");
  if (context.request.method === "HEAD" && allowed.includes("GET")) return new Response(null, { status: 200 });
  const message = `${incoming.path} does not take ${context.request.method}; it takes ${allow}.`;
  return refuse(deps, incoming, new GatewayError("not-found", message, { status: 405, headers: { allow } }));
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const parts = path.split("/");
  if (pattern.endsWith("/*"))
    return parts.length >= wanted.length && wanted.slice(0, -1).every((part, at) => part === parts[at]);
  return wanted.length === parts.length && wanted.every((part, at) => part.startsWith(":") || part === parts[at]);
}

/** Refuses outside the pipeline: in the shape that the path or the headers decide. */
function refuse(deps: ServerDeps, incoming: Incoming, error: GatewayError): Response {
  const { path, requestId, request } = incoming;
  if (path === "/api" || path.startsWith("/api/")) return problem(error, requestId);
  if (path === "/console" || path.startsWith("/console/"))
    return deps.console.refuse(visitOf(deps.config, incoming), error);
  const built = shapeFor(request, path, deps.gateway.protocols).buildError(error, requestId);
  const headers = {
    "content-type": "application/json",
    ...built.headers,
    "x-request-id": requestId,
    ...error.detail.headers,
  };
  return new Response(JSON.stringify(built.body), { status: built.status, headers });
}

function headersTooLarge(limit: number): GatewayError {
  const kilobytes = Math.round(limit / 1024);
  const message = `The request's headers are larger than ${kilobytes} KB (settings.limits.header_kb).`;
  return new GatewayError("too-large", message, { status: 431 });
}

function draining(): GatewayError {
  const message = "Plexus is shutting down. Try again in a moment.";
  return new GatewayError("overloaded", message, { retryAfterMs: 1000, headers: { connection: "close" } });
}

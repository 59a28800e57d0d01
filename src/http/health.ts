/** Is the process alive, and can it do its work? */
import type { HttpRoute } from "./route.ts";

export interface HealthDeps {
  /** Resolves when the database answers and its migrations are in; rejects with the reason. */
  isReady(): Promise<void>;
}

export function healthRoutes(deps: HealthDeps): HttpRoute[] {
  return [
    {
      method: "GET",
      path: "/healthz",
      access: "public",
      run: ({ requestId }) => new Response("ok", { headers: { "x-request-id": requestId } }),
    },
    {
      method: "GET",
      path: "/readyz",
      access: "public",
      run: async ({ requestId }) => {
        const headers = { "x-request-id": requestId };
        try {
          await deps.isReady();
          return new Response("ready", { headers });
        } catch {
          return new Response("not ready: the database does not answer", { status: 503, headers });
        }
      },
    },
  ];
}

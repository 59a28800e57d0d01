/** The management API: machines with the admin key. Later parts add their routes to this list. */
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { json } from "./problem.ts";
import type { HttpRoute, Incoming } from "./route.ts";

export interface AdminDeps {
  /** Newest first; `after` is the `next` of the page before. */
  listRequests(page: { limit: number; after?: string }): Promise<{ data: JsonObject[]; next: string | null }>;
  findRequest(id: string): Promise<JsonObject | undefined>;
  configSchema: Json;
}

const mostRows = 500;

export function adminRoutes(deps: AdminDeps): HttpRoute[] {
  return [
    {
      method: "GET",
      path: "/api/schema/config.json",
      access: "public",
      run: ({ requestId }) => json(deps.configSchema, requestId),
    },
    {
      method: "GET",
      path: "/api/requests",
      access: "admin",
      run: async (incoming) => json(await deps.listRequests(page(incoming)), incoming.requestId),
    },
    {
      method: "GET",
      path: "/api/requests/:id",
      access: "admin",
      run: async ({ requestId, parameters }) => {
        const found = await deps.findRequest(parameters.id ?? "");
        if (!found) throw new GatewayError("not-found", "There is no request of this id. It may have been pruned.");
        return json(found, requestId);
      },
    },
  ];
}

/** `limit` and `after` of a list's address. */
export function page({ request }: Incoming): { limit: number; after?: string } {
  const query = new URL(request.url).searchParams;
  const text = query.get("limit") ?? "50";
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostRows) {
    throw new GatewayError(
      "invalid-request",
      `limit must be a whole number from 1 to ${mostRows}, not ${JSON.stringify(text)}.`,
    );
  }
  const after = query.get("after");
  return after === null ? { limit } : { limit, after };
}

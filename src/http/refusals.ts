/** Parameters that targets refuse and that are left out for them: `GET` lists them, `DELETE` makes Plexus try again. */
import type { KnownRefusal, Refusals } from "../gateway/refusals.ts";
import { GatewayError } from "../model/error.ts";
import { refusalsForgotten } from "../store/act-words.ts";
import { type ActDeps, tellAct } from "./acts.ts";
import { json } from "./problem.ts";
import type { HttpRoute, Incoming } from "./route.ts";

const filters = ["provider", "model", "parameter"] as const;

export function refusalRoutes({ refusals, ...deps }: { refusals: Refusals } & ActDeps): HttpRoute[] {
  return [
    {
      method: "GET",
      path: "/api/refusals",
      access: "admin",
      run: ({ requestId }) => json({ data: refusals.list().map(shown) }, requestId),
    },
    {
      method: "DELETE",
      path: "/api/refusals",
      access: "admin",
      run: async (incoming) => {
        const which = filterOf(incoming);
        const forgotten = refusals.forget(which);
        await tellAct(deps, incoming, refusalsForgotten(which, forgotten));
        return json({ forgotten }, incoming.requestId);
      },
    },
  ];
}

function shown({ at, ...refusal }: KnownRefusal) {
  return { ...refusal, at: new Date(at).toISOString() };
}

/** `?provider=…&model=…&parameter=…`, each optional; nothing forgets all. */
function filterOf({ request }: Incoming): Parameters<Refusals["forget"]>[0] {
  const query = new URL(request.url).searchParams;
  const which: Parameters<Refusals["forget"]>[0] = {};
  for (const [name, value] of query) {
    const filter = filters.find((one) => one === name);
    if (!filter) {
      throw new GatewayError("invalid-request", `${name} is not known; there are ${filters.join(", ")}.`, {
        param: name,
      });
    }
    which[filter] = value;
  }
  return which;
}

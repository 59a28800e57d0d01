/** The management API of cooldowns: list, history, clear one, those of a provider, or all. */
import type { CooldownEvent, CooldownScope } from "../model/cooldown.ts";
import { GatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import { cooldownsCleared } from "../store/act-words.ts";
import { type ActDeps, tellAct } from "./acts.ts";
import { page } from "./admin.ts";
import { json } from "./problem.ts";
import type { HttpRoute, Incoming } from "./route.ts";

export interface CooldownFilter {
  provider?: string;
  model?: string;
  scope?: CooldownScope;
}

export interface CooldownDeps {
  /** The longest first. */
  listCooldowns(): JsonObject[];
  /** Of the last week, newest first; `after` is the `next` of the page before. */
  cooldownHistory(page: { limit: number; after?: string }): Promise<{ data: CooldownEvent[]; next: string | null }>;
  /** Resolves with their number, when every node can see that they are gone. */
  clearCooldowns(filter: CooldownFilter): Promise<number>;
}

const scopes: readonly string[] = ["model", "account", "provider"] satisfies CooldownScope[];

/** `/api/cooldowns/{provider}/{model}`: a model's name may hold any character, as it is or percent-encoded. */
export function cooldownRoutes(deps: CooldownDeps & ActDeps): HttpRoute[] {
  const clear = async (incoming: Incoming) => {
    const filter = filterOf(incoming);
    const cleared = await deps.clearCooldowns(filter);
    await tellAct(deps, incoming, cooldownsCleared(filter, cleared));
    return json({ cleared }, incoming.requestId);
  };
  return [
    {
      method: "GET",
      path: "/api/cooldowns",
      access: "admin",
      run: ({ requestId }) => json({ data: deps.listCooldowns() }, requestId),
    },
    {
      method: "GET",
      path: "/api/cooldowns/history",
      access: "admin",
      run: async (incoming) => {
        const { data, next } = await deps.cooldownHistory(page(incoming));
        return json({ data: data.map(eventToJson), next }, incoming.requestId);
      },
    },
    { method: "DELETE", path: "/api/cooldowns", access: "admin", run: clear },
    { method: "DELETE", path: "/api/cooldowns/:provider", access: "admin", run: clear },
    { method: "DELETE", path: "/api/cooldowns/:provider/*", access: "admin", run: clear },
  ];
}

/** From the path, then from `provider`, `model` and `scope` of the query. */
function filterOf({ request, path }: Incoming): CooldownFilter {
  const query = new URL(request.url).searchParams;
  const known = new Set(["provider", "model", "scope"]);
  const unknown = [...query.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new GatewayError(
      "invalid-request",
      `There is no filter ${JSON.stringify(unknown)}: provider, model or scope.`,
    );
  }
  const [provider, ...rest] = path.split("/").slice(3).map(decoded);
  const named = {
    provider: provider || (query.get("provider") ?? undefined),
    model: rest.join("/") || (query.get("model") ?? undefined),
    scope: query.get("scope") ?? undefined,
  };
  const { scope } = named;
  if (scope !== undefined && !isScope(scope)) {
    throw new GatewayError("invalid-request", "scope must be model, account or provider.");
  }
  return {
    ...(named.provider === undefined ? {} : { provider: named.provider }),
    ...(named.model === undefined ? {} : { model: named.model }),
    ...(scope === undefined ? {} : { scope }),
  };
}

function isScope(word: string): word is CooldownScope {
  return scopes.includes(word);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new GatewayError("invalid-request", `${JSON.stringify(part)} is not percent-encoded as it should be.`);
  }
}

function eventToJson(event: CooldownEvent): JsonObject {
  const { id, at, kind, key, failures, reason, message, requestId, until } = event;
  const time = (value: number) => new Date(value).toISOString();
  return {
    ...{ id, at: time(at), kind, scope: key.scope, provider: key.provider },
    ...{ model: key.scope === "model" ? key.model : null, reason, message, request: requestId, failures },
    until: time(until),
  };
}

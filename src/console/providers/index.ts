/** Providers in the console: the routes of all their pages. */

import type { ConsoleDeps } from "../deps.ts";
import { removalRoutes } from "../forms/removal.ts";
import { switchRoute } from "../forms/switching.ts";
import type { ConsoleRoute } from "../route.ts";
import { listProviders } from "./list.ts";
import { providerModelRoutes } from "./models.ts";
import { newProviderRoutes } from "./new.ts";
import { aliasesWith, oneProviderRoutes } from "./one.ts";
import { providersPath } from "./paths.ts";
import { providerSettingsRoutes } from "./settings.ts";

export function providerRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const place = { section: "providers", path: providersPath } as const;
  return [
    { method: "GET", path: providersPath, access: "session", run: (visit) => listProviders(deps, visit) },
    ...newProviderRoutes(deps),
    ...oneProviderRoutes(deps),
    ...providerSettingsRoutes(deps),
    ...providerModelRoutes(deps),
    switchRoute(deps, {
      ...{ ...place, field: "enabled" },
      words: { on: "is enabled: requests go there again", off: "is disabled: no request goes there from now on" },
    }),
    switchRoute(deps, {
      ...{ ...place, field: "cooldown" },
      words: { on: "is left alone after failures again", off: "is asked again at once after failures" },
    }),
    ...removalRoutes(deps, {
      ...{ ...place, what: "provider" },
      consequences: ({ name }) => effectsOf(deps, name),
    }),
  ];
}

/** An alias cannot name a target of a provider that is not there: the configuration would not be valid. */
function effectsOf(deps: ConsoleDeps, name: string) {
  const aliases = aliasesWith(deps, name);
  const keys = [...deps.config.current().keys.values()].filter(({ providers }) => providers?.has(name));
  const last = aliases.filter(({ isLast }) => isLast).map((alias) => alias.name);
  const blocking = [
    ...(aliases.length === 0
      ? []
      : [`First take its targets out of ${aliases.map((alias) => alias.name).join(", ")}.`]),
    ...(last.length === 0 ? [] : [`Of these, ${last.join(", ")} would be left without any target.`]),
  ];
  return {
    effects:
      blocking.length > 0
        ? blocking
        : [
            "Requests for its models by provider/model are refused from now on.",
            ...(keys.length === 0
              ? []
              : [`On the list of ${keys.map((key) => key.name).join(", ")} it then means nothing.`]),
            "Its key, its models and their prices are forgotten; its requests stay in the lists and sums.",
          ],
    isPossible: blocking.length === 0,
    isGrave: true,
  };
}

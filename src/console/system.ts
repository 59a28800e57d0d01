/** How this process is: memory, its database, what waits. */
import { systemPage } from "../../views/pages/system.tsx";
import type { ConsoleDeps } from "./deps.ts";
import { page } from "./page.ts";
import { systemPath } from "./paths.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";

export function systemRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [{ method: "GET", path: systemPath, access: "session", run: (visit) => show(deps, visit) }];
}

async function show(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { facts, config } = deps;
  const { version, settings, warnings } = config.current();
  const body = systemPage({
    shell: shellOf(deps, visit, systemPath),
    zone: settings.timezone,
    now: Date.now(),
    facts,
    configuration: version,
    warnings,
    ...(await deps.operations.system()),
  });
  return page(visit, body);
}

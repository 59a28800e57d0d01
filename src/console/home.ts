/** The first page: is it running, and how do I send a request? */
import { homePage, type RecentHour } from "../../views/pages/home.tsx";
import { demoId } from "../config/compile/provider.ts";
import type { Snapshot } from "../config/snapshot.ts";
import type { ConsoleDeps } from "./index.ts";
import { page } from "./page.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";

const hourMs = 3_600_000;

export function homeRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [{ method: "GET", path: "/console", access: "session", run: (visit) => home(deps, visit) }];
}

async function home(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { facts, protocols } = deps;
  const config = deps.config.current();
  const body = homePage({
    shell: shellOf(deps, visit, "/console"),
    version: facts.version,
    uptimeMs: Date.now() - facts.startedAt,
    database: facts.database,
    isEncrypted: facts.isEncrypted,
    providers: [...config.providers.keys()].filter((id) => id !== demoId).length,
    hour: await lastHour(deps),
    baseUrl: visit.origin,
    model: firstModel(config),
    // The list ends with the one that most clients speak.
    protocols: protocols.toReversed(),
  });
  return page(visit, body);
}

/** Null when the database does not answer: the rest of the page is still worth showing. */
async function lastHour(deps: ConsoleDeps): Promise<RecentHour | null> {
  try {
    return await deps.countRequests(Date.now() - hourMs);
  } catch (error) {
    deps.log.error("the requests of the last hour could not be counted", { error });
    return null;
  }
}

/** `demo` where it is listed, else any alias. */
export function firstModel(config: Snapshot): string {
  const [first] = config.aliases.keys();
  return config.aliases.has("demo") ? "demo" : (first ?? "demo");
}

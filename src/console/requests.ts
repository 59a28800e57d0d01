/** The list of requests, which stays up to date by itself, and the page of one request. */
import { requestPage } from "../../views/pages/request.tsx";
import { requestRows, requestsPage } from "../../views/pages/requests.tsx";
import { GatewayError } from "../model/error.ts";
import { firstModel } from "./home.ts";
import type { ConsoleDeps } from "./index.ts";
import { page, part, wantsPart } from "./page.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";

const rowsPerPage = 50;

export function requestRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [
    { method: "GET", path: "/console/requests", access: "session", run: (visit) => list(deps, visit) },
    { method: "GET", path: "/console/requests/:id", access: "session", run: (visit) => detail(deps, visit) },
  ];
}

async function list(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const after = visit.query.get("after");
  const { data, next } = await deps.listRequests({ limit: rowsPerPage, ...(after ? { after } : {}) });
  const config = deps.config.current();
  const zone = config.settings.timezone;
  if (wantsPart(visit)) return part(visit, requestRows({ rows: data, zone }));
  const shell = shellOf(deps, visit, "/console/requests");
  return page(
    visit,
    requestsPage({ shell, rows: data, zone, next, isFirst: !after, baseUrl: visit.origin, model: firstModel(config) }),
  );
}

async function detail(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const request = await deps.findRequest(visit.parameters.id ?? "");
  if (!request)
    throw new GatewayError(
      "not-found",
      "No request of this id is kept. It appears when it is over, and goes when it is older than what is kept.",
    );
  const zone = deps.config.current().settings.timezone;
  const shell = shellOf(deps, visit, "/console/requests");
  return page(visit, requestPage({ shell, request, zone }));
}

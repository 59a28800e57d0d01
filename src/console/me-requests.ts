/** The requests of one key, for its holder: the list, which stays up to date by itself, and the page of one. */
import { requestPage, requestParts } from "../../views/pages/request.tsx";
import { requestRows, requestsPage } from "../../views/pages/requests.tsx";
import { runningPage, runningParts } from "../../views/pages/running.tsx";
import { GatewayError } from "../model/error.ts";
import type { RequestRecord } from "../model/record.ts";
import { results } from "../store/request-filter.ts";
import { fitsFilter } from "../store/request-fit.ts";
import { authorOf } from "./forms/edits.ts";
import { forHolder, type HolderDeps } from "./holder.ts";
import { newsStream } from "./live.ts";
import { instead, page, part, wantsPart } from "./page.ts";
import { holderOf } from "./principal.ts";
import { requestsCsv } from "./request-csv.ts";
import { readOwnFilters } from "./request-query.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import type { Holder } from "./session.ts";
import { shellOf } from "./shell.ts";

const path = "/console/me/requests";
const runningPath = "/console/me/running";
const rowsPerPage = 50;
const mostRunning = 200;

export function ownRequestRoutes(deps: HolderDeps): ConsoleRoute[] {
  return [
    { method: "GET", path, access: "holder", run: (visit) => list(deps, visit, holderOf(visit)) },
    { method: "GET", path: `${path}.csv`, access: "holder", run: (visit) => csv(deps, visit, holderOf(visit)) },
    { method: "GET", path: `${path}/:id`, access: "holder", run: (visit) => detail(deps, visit, holderOf(visit)) },
    { method: "GET", path: runningPath, access: "holder", run: (visit) => running(deps, visit, holderOf(visit)) },
    { method: "GET", path: "/console/me/live", access: "holder", run: (visit) => live(deps, visit, holderOf(visit)) },
  ];
}

async function list(deps: HolderDeps, visit: Visit, holder: Holder): Promise<Response> {
  const { own } = deps;
  const key = own.key(holder);
  const { filter, filters, ignored } = readOwnFilters(visit.query, key);
  const { data, next } = await own.requests(holder, { limit: rowsPerPage, ...filter });
  const shown = { rows: data.map((row) => forHolder(row, key)), zone: deps.zone(), own: key, filters };
  if (wantsPart(visit)) return part(visit, requestRows(shown));
  const models = own.models(holder);
  const body = requestsPage({
    ...shown,
    shell: shellOf(deps, visit, path),
    next,
    isFirst: filter.after === undefined,
    baseUrl: deps.publicUrl() ?? visit.origin,
    model: models.find(({ name }) => name === "demo")?.name ?? models[0]?.name ?? "demo",
    choices: { aliases: [...new Set(models.map(({ alias }) => alias))].sort(), results },
    ignored,
  });
  return page(visit, body);
}

function csv({ own, acts }: HolderDeps, visit: Visit, holder: Holder): Response {
  const key = own.key(holder);
  const { filter } = readOwnFilters(visit.query, key);
  const look = async (page: { limit: number; after?: string }) => {
    const { data, next } = await own.requests(holder, { ...filter, ...page });
    return { data: data.map((row) => forHolder(row, key)), next };
  };
  void acts.add({ kind: "requests exported", author: authorOf(visit), section: "keys", name: holder.key });
  return requestsCsv({ visit, look, own: key });
}

function live({ own, sessions }: HolderDeps, visit: Visit, holder: Holder): Response {
  const { filter } = readOwnFilters(visit.query, own.key(holder));
  const knows = (id: string) => sessions.knows(id) && own.isIn(holder, visit.address);
  const fits = (record: RequestRecord) => fitsFilter(filter, record);
  const watched = visit.query.get("watch");
  const grows = watched === null ? undefined : () => own.runningOne(holder, watched) !== undefined;
  return newsStream(visit, { news: own.news(holder), sessions: { knows }, fits, grows });
}

function running({ own, ...deps }: HolderDeps, visit: Visit, holder: Holder): Response {
  const key = own.key(holder);
  const { rows, count } = own.running(holder, mostRunning);
  const shown = rows.map((row) => forHolder(row, key));
  const live = { zone: deps.zone(), now: Date.now(), rows: shown, count, isOwn: true };
  if (wantsPart(visit)) return part(visit, runningParts(live));
  return page(visit, runningPage({ shell: shellOf(deps, visit, path), ...live }));
}

async function detail(deps: HolderDeps, visit: Visit, holder: Holder): Promise<Response> {
  const id = visit.parameters.id ?? "";
  const running = deps.own.runningOne(holder, id);
  const request = running ?? (await deps.own.request(holder, id));
  // What ran is over: it is stored in a moment, and then its page is another.
  if (!running && wantsPart(visit)) return instead(visit, request && `${path}/${encodeURIComponent(id)}`);
  if (!request) throw new GatewayError("not-found", "Your key has no request of this id that runs or is kept.");
  const own = deps.own.key(holder);
  const props = {
    ...{ request: forHolder(request, own), zone: deps.zone(), own },
    ...(running ? { elapsedMs: Math.max(0, Date.now() - running.at) } : {}),
  };
  if (wantsPart(visit)) return part(visit, requestParts(props));
  const { filter, filters } = readOwnFilters(visit.query, own);
  const neighbours = { ...(await deps.own.neighbours(holder, filter, request.id)), filters };
  return page(visit, requestPage({ shell: shellOf(deps, visit, path), ...props, neighbours }));
}

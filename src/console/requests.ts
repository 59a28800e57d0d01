/** The list of requests, which stays up to date by itself, and the page of one request. */
import { requestPage, requestParts } from "../../views/pages/request.tsx";
import { requestRows, requestsPage } from "../../views/pages/requests.tsx";
import { runningPage, runningParts } from "../../views/pages/running.tsx";
import type { Choices } from "../../views/parts/filters.tsx";
import { type Clock, clockOf } from "../../views/parts/format.ts";
import type { Choice } from "../../views/parts/routing.tsx";
import type { Snapshot } from "../config/snapshot.ts";
import { nextTurn } from "../kit/turn.ts";
import { errorTable, GatewayError } from "../model/error.ts";
import type { RequestRecord } from "../model/record.ts";
import { candidatesOf, parseRouting, type ShownCandidate } from "../model/routing-record.ts";
import { results } from "../store/request-filter.ts";
import { fitsFilter } from "../store/request-fit.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf } from "./forms/edits.ts";
import { entityPath } from "./forms/pages.ts";
import { firstModel } from "./home.ts";
import { incident } from "./incidents.ts";
import { hiddenColumns } from "./list-choices.ts";
import { newsStream } from "./live.ts";
import { instead, page, part, wantsPart } from "./page.ts";
import { aliasesPath } from "./paths.ts";
import { requestsCsv } from "./request-csv.ts";
import { readFilters } from "./request-query.ts";
import { createVolume, type Volume } from "./request-volume.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";

const rowsPerPage = 50;
/** Of a longer list nobody chooses; the address may name any. */
const mostChoices = 500;
const mostRunning = 200;

export function requestRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const volume = createVolume(deps);
  return [
    { method: "GET", path: "/console/requests", access: "session", run: (visit) => list(deps, visit, volume) },
    { method: "GET", path: "/console/requests.csv", access: "session", run: (visit) => csv(deps, visit) },
    { method: "GET", path: "/console/requests/:id", access: "session", run: (visit) => detail(deps, visit) },
    { method: "GET", path: "/console/running", access: "session", run: (visit) => running(deps, visit) },
    { method: "GET", path: "/console/live", access: "session", run: (visit) => live(deps, visit) },
  ];
}

async function list(deps: ConsoleDeps, visit: Visit, volumeOf: Volume): Promise<Response> {
  const asked = readFilters(visit.query);
  const { filter, filters, ignored } = asked;
  if (filters.group) return incident(deps, visit, { ...asked, choices: choicesOf(deps.config.current()) });
  const { data, next } = await deps.listRequests({ limit: rowsPerPage, ...filter });
  const config = deps.config.current();
  const zone = config.settings.timezone;
  const hidden = hiddenColumns(visit.request);
  if (wantsPart(visit)) return part(visit, requestRows({ rows: data, zone, filters, hidden }));
  const isFirst = filter.after === undefined;
  // The list is worth more than its bars.
  const volume = isFirst
    ? await volumeOf({ filter, filters, isEmpty: data.length === 0 }, clockOf(zone)).catch(() => null)
    : null;
  const views = await deps.views.list();
  await nextTurn();
  const body = requestsPage({
    chosen: { csrf: visit.session?.csrf ?? "", views },
    hidden,
    shell: shellOf(deps, visit, "/console/requests"),
    rows: data,
    zone,
    next,
    isFirst,
    volume,
    baseUrl: visit.origin,
    model: firstModel(config),
    filters,
    choices: choicesOf(config),
    ignored,
  });
  return page(visit, body);
}

function csv(deps: ConsoleDeps, visit: Visit): Response {
  const { filter } = readFilters(visit.query);
  void deps.acts.add({ kind: "requests exported", author: authorOf(visit) });
  return requestsCsv({ visit, look: (page) => deps.listRequests({ ...filter, ...page }) });
}

function live({ news, sessions, operations }: ConsoleDeps, visit: Visit): Response {
  const { filter } = readFilters(visit.query);
  const watched = visit.query.get("watch");
  const grows = watched === null ? undefined : () => operations.running.find(watched) !== undefined;
  return newsStream(visit, { news, sessions, grows, fits: (record) => fitsFilter(filter, record) });
}

function choicesOf({ keys, aliases, providers }: Snapshot): Choices {
  const sorted = (names: Iterable<string>) => [...new Set(names)].sort().slice(0, mostChoices);
  return {
    keys: sorted([...keys.values()].map(({ name }) => name)),
    aliases: sorted([...aliases.values()].map(({ name }) => name)),
    providers: sorted(providers.keys()),
    results,
  };
}

function running(deps: ConsoleDeps, visit: Visit): Response {
  const { running } = deps.operations;
  const zone = deps.config.current().settings.timezone;
  const live = { zone, now: Date.now(), rows: running.longest(mostRunning), count: running.count };
  if (wantsPart(visit)) return part(visit, runningParts(live));
  return page(visit, runningPage({ shell: shellOf(deps, visit, "/console/requests"), ...live }));
}

async function detail(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const id = visit.parameters.id ?? "";
  const running = deps.operations.running.find(id);
  const request = running ?? (await deps.findRequest(id));
  // What ran is over: it is stored in a moment, and then its page is another.
  if (!running && wantsPart(visit)) return instead(visit, request && `/console/requests/${encodeURIComponent(id)}`);
  if (!request)
    throw new GatewayError(
      "not-found",
      "No request of this id runs or is kept. Each goes when it is older than what is kept.",
    );
  const zone = deps.config.current().settings.timezone;
  const props = {
    request,
    zone,
    choice: recordedChoice(request, clockOf(zone)),
    again: dryRunOf(request, deps),
    made: request.attempts === 0 ? [] : await deps.requestsMadeFor(request),
    isRetryable: request.code !== null && errorTable[request.code].nextTarget,
    ...(running ? { elapsedMs: Math.max(0, Date.now() - running.at) } : {}),
  };
  if (wantsPart(visit)) return part(visit, requestParts(props));
  const { filter, filters } = readFilters(visit.query);
  const neighbours = { ...(await deps.neighboursOf(filter, request.id)), filters };
  return page(visit, requestPage({ shell: shellOf(deps, visit, "/console/requests"), ...props, neighbours }));
}

export function recordedChoice({ routing, target, attempts, errors }: RequestRecord, clock: Clock): Choice | null {
  if (routing === null) return null;
  const record = parseRouting(routing);
  const failed = errors.map((failure) => failure.target);
  return {
    snapshot: record.snapshot,
    candidates: choiceOf(candidatesOf(record, { target, attempts, failed }), clock),
    isMatching: record.isMatching === true,
    isLastResort: record.isLastResort === true,
  };
}

/** Where the alias is still there. */
function dryRunOf({ alias, key, protocol, tokens, stream }: RequestRecord, { config }: ConsoleDeps): string | null {
  if (alias === null || !config.current().aliases.has(alias)) return null;
  const query = new URLSearchParams({ protocol, tokens: String(tokens?.input ?? 1000) });
  if (key !== null) query.set("key", key);
  if (stream) query.set("stream", "on");
  return `${entityPath(aliasesPath, alias)}/explain?${query}`;
}

/** Times are shown by the clocks of the reporting timezone. */
export function choiceOf(candidates: readonly ShownCandidate[], clock: Clock): ShownCandidate[] {
  return candidates.map((one) => ({
    ...one,
    words: one.until === null ? one.words : (one.words?.replace(one.until, clock.short(Date.parse(one.until))) ?? null),
  }));
}

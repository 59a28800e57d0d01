/** Prices: which lists hold, what a target costs, and the job that prices stored requests anew. */
import { confirmPage } from "../../views/pages/confirm.tsx";
import { jobsPage } from "../../views/pages/jobs.tsx";
import { pricesPage } from "../../views/pages/prices.tsx";
import { costsRecomputed } from "../store/act-words.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf } from "./forms/edits.ts";
import { page, redirect } from "./page.ts";
import { jobsPath, settingsPath } from "./paths.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

const path = `${settingsPath}/prices`;

export function priceRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [
    { method: "GET", path, access: "session", run: (visit) => show(deps, visit) },
    { method: "GET", path: `${path}/recompute`, access: "session", run: (visit) => ask(deps, visit) },
    { method: "POST", path: `${path}/recompute`, access: "session", run: (visit) => recompute(deps, visit) },
    { method: "GET", path: jobsPath, access: "session", run: (visit) => jobs(deps, visit) },
  ];
}

async function show(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { prices } = deps.operations;
  const target = (visit.query.get("target") ?? "").trim().slice(0, 400);
  const { providers, settings } = deps.config.current();
  const named = target.includes("/") && providers.has(target.slice(0, target.indexOf("/")));
  const body = pricesPage({
    shell: shellOf(deps, visit, settingsPath),
    zone: settings.timezone,
    ...(await prices.lists()),
    target,
    found: target === "" ? undefined : named ? prices.find(target) : null,
    models: [...providers.values()]
      .flatMap(({ id, models }) => [...models.keys()].map((model) => `${id}/${model}`))
      .slice(0, 2000),
  });
  return page(visit, body);
}

function ask(deps: ConsoleDeps, visit: Visit): Response {
  const isAll = visit.query.get("rows") === "all";
  const body = confirmPage({
    shell: shellOf(deps, visit, settingsPath),
    csrf: visit.session?.csrf ?? "",
    title: isAll ? "Price all stored requests anew?" : "Price the requests without a price?",
    effects: [
      isAll
        ? "What each stored request cost becomes what it costs by the prices that hold now, also where it had another price."
        : "Stored requests of which no price was known get one where it is known now. All others stay as they are.",
      "Sums of usage follow. Quotas of cost change only when they are recomputed.",
    ],
    ...{ action: `${path}/recompute`, hidden: { rows: isAll ? "all" : "unknown" }, go: "Start", back: path },
  });
  return page(visit, body);
}

async function recompute(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const rows = (await readForm(visit.request)).get("rows") === "all" ? "all" : "unknown";
  await deps.operations.prices.recompute({ rows });
  await deps.acts.add({ ...costsRecomputed(rows), author: authorOf(visit) });
  deps.log.info("stored requests are priced anew, from the console", { rows, address: visit.address });
  return redirect(visit, jobsPath);
}

function jobs(deps: ConsoleDeps, visit: Visit): Response {
  const shell = shellOf(deps, visit, jobsPath);
  const zone = deps.config.current().settings.timezone;
  return page(visit, jobsPage({ shell, zone, recompute: deps.operations.prices.job() }));
}

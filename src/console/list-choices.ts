/** Saved views of the list of requests, which all who sign in share, and the columns that a browser shows. */
import { type Column, columnNames, type SavedView } from "../../views/parts/list-choices.tsx";
import { GatewayError } from "../model/error.ts";
import type { ConsoleDeps } from "./deps.ts";
import { redirect } from "./page.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { nextPath, readForm } from "./sign-in.ts";

const list = "/console/requests";
const yearS = 31_536_000;
const mostViews = 30;
const longestName = 64;
const longestQuery = 2000;

export function listChoiceRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const post = (path: string, run: (visit: Visit) => Promise<Response>): ConsoleRoute => ({
    ...{ method: "POST", path: `${list}/${path}`, access: "session", run },
  });
  return [
    post("columns", chooseColumns),
    post("views", (visit) => saveView(deps, visit)),
    post("views/remove", (visit) => removeView(deps, visit)),
  ];
}

/** As the browser's cookie says. */
export function hiddenColumns(request: Request): Column[] {
  const [, said = ""] = /(?:^|;\s*)plexus-columns=([\w.]*)/.exec(request.headers.get("cookie") ?? "") ?? [];
  const names = said.split(".");
  return columnNames.filter((name) => names.includes(name));
}

async function chooseColumns(visit: Visit): Promise<Response> {
  const form = await readForm(visit.request);
  const shown = form.getAll("column");
  const hidden = columnNames.filter((name) => !shown.includes(name)).join(".");
  const safe = visit.origin.startsWith("https:") ? "; Secure" : "";
  const cookie = `plexus-columns=${hidden}; Path=/console; Max-Age=${yearS}; HttpOnly; SameSite=Strict${safe}`;
  return redirect(visit, nextPath(form.get("next")), { "set-cookie": cookie });
}

async function saveView({ views, notices }: ConsoleDeps, visit: Visit): Promise<Response> {
  const form = await readForm(visit.request);
  const name = (form.get("name") ?? "").trim();
  // Written as the list writes it, so that the page knows it again.
  const query = new URLSearchParams(form.get("query") ?? "").toString();
  if (name === "" || name.length > longestName || /\p{Cc}/u.test(name)) {
    throw new GatewayError("invalid-request", `A view has a name of 1 to ${longestName} characters.`);
  }
  if (query === "" || query.length > longestQuery) {
    throw new GatewayError("invalid-request", "A view has filters. Filter the list, and save it then.");
  }
  const others = (await views.list()).filter((view) => view.name !== name);
  if (others.length >= mostViews) {
    throw new GatewayError("invalid-request", `There are ${mostViews} views already. Forget one first.`);
  }
  await views.keep([...others, { name, query }].sort((a, b) => a.name.localeCompare(b.name)));
  notices.tell(visit, { tone: "ok", text: `The view “${name}” is saved.` });
  return redirect(visit, `${list}?${query}`);
}

async function removeView({ views, notices }: ConsoleDeps, visit: Visit): Promise<Response> {
  const name = (await readForm(visit.request)).get("name") ?? "";
  const all = await views.list();
  await views.keep(all.filter((view) => view.name !== name));
  if (all.some((view) => view.name === name)) {
    notices.tell(visit, { tone: "ok", text: `The view “${name}” is forgotten.` });
  }
  return redirect(visit, list);
}

/** From the text that is kept; nothing of what is not as it was written. */
export function viewsOf(text: string | undefined): SavedView[] {
  const kept: unknown = text === undefined ? [] : JSON.parse(text);
  if (!Array.isArray(kept)) return [];
  return kept.filter((one): one is SavedView => typeof one?.name === "string" && typeof one?.query === "string");
}

/** How this process is: memory, its database, what waits; and taking out of the configuration what is not in force. */
import { confirmPage } from "../../views/pages/confirm.tsx";
import { systemPage } from "../../views/pages/system.tsx";
import { type Fields, memberAt } from "../config/fields.ts";
import type { Section } from "../config/schema.ts";
import { GatewayError } from "../model/error.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf } from "./forms/edits.ts";
import { canTakeOut, mendingOf, type Spot, spotOf, takeOutPath } from "./mending.ts";
import { page, redirect } from "./page.ts";
import { systemPath } from "./paths.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

export function systemRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [
    { method: "GET", path: systemPath, access: "session", run: (visit) => show(deps, visit) },
    { method: "GET", path: takeOutPath, access: "session", run: (visit) => ask(deps, visit) },
    { method: "POST", path: takeOutPath, access: "session", run: (visit) => takeOut(deps, visit) },
  ];
}

/** Characters of a value. */
const mostShown = 500;

async function show(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const { facts, config } = deps;
  const snapshot = config.current();
  const { version, settings, warnings } = snapshot;
  const body = systemPage({
    shell: shellOf(deps, visit, systemPath),
    zone: settings.timezone,
    now: Date.now(),
    facts,
    configuration: version,
    warnings: warnings.map((warning) => ({ ...warning, mending: mendingOf(snapshot, warning.path) })),
    refused: config.refused(),
    ...(await deps.operations.system()),
  });
  return page(visit, body);
}

/** Throws `not-found` where nothing of the path is to be taken out. */
function spotIn({ config }: ConsoleDeps, path: string): Spot & { section: Section } {
  const snapshot = config.current();
  const spot = snapshot.warnings.some((warning) => warning.path === path) ? spotOf(snapshot, path) : null;
  if (spot && spot.section !== "settings" && canTakeOut(spot)) return { ...spot, section: spot.section };
  throw new GatewayError("not-found", "The configuration does not warn of this, or not any more.");
}

async function ask(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const path = visit.query.get("path") ?? "";
  const { section, name, field } = spotIn(deps, path);
  const entity = await deps.editor.find(section, name);
  const value = field === "" ? entity?.value : memberAt(entity?.value, field.split("."));
  const what = field === "" ? name : `${field} of ${name}`;
  const body = confirmPage({
    shell: shellOf(deps, visit, systemPath),
    csrf: visit.session?.csrf ?? "",
    title: `Take ${what} out of the configuration?`,
    effects: [
      `It is accepted, but nothing makes use of it yet. It is ${JSON.stringify(value ?? null).slice(0, mostShown)}.`,
      "Nothing else changes, and the audit can take this back.",
    ],
    ...{ action: takeOutPath, hidden: { path }, go: "Take it out", back: `${systemPath}#warnings` },
  });
  return page(visit, body);
}

async function takeOut(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const path = (await readForm(visit.request)).get("path") ?? "";
  const { section, name, field } = spotIn(deps, path);
  const place = { part: section, name };
  if (field === "") await deps.editor.remove(place, authorOf(visit));
  else await deps.editor.patch(place, patchWithout(field.split(".")), authorOf(visit));
  deps.notices.tell(visit, { tone: "ok", text: `${path} is taken out of the configuration.` });
  return redirect(visit, systemPath);
}

function patchWithout([first = "", ...rest]: readonly string[]): Fields {
  return { [first]: rest.length === 0 ? null : patchWithout(rest) };
}

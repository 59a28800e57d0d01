/** Who changed what of the configuration, who signed in and did what beside it, and taking a change back. */
import { auditPage } from "../../views/pages/audit.tsx";
import { confirmPage } from "../../views/pages/confirm.tsx";
import { ConfigFaults } from "../config/faults.ts";
import { GatewayError } from "../model/error.ts";
import type { HistoryShown } from "../store/config-editor.ts";
import { beside, changeLine, listOf, parts, readAsked } from "./audit-list.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf } from "./forms/edits.ts";
import { page, redirect } from "./page.ts";
import { auditPath } from "./paths.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

export function auditRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const revert = `${auditPath}/:id/revert`;
  return [
    { method: "GET", path: auditPath, access: "session", run: (visit) => list(deps, visit) },
    { method: "GET", path: revert, access: "session", run: (visit) => ask(deps, visit) },
    { method: "POST", path: revert, access: "session", run: (visit) => takeBack(deps, visit) },
  ];
}

async function list(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const asked = readAsked(visit.query);
  const { lines, next } = await listOf(deps, asked);
  const body = auditPage({
    shell: shellOf(deps, visit, auditPath),
    zone: deps.config.current().settings.timezone,
    parts: [...parts, ...Object.keys(beside)],
    ...{ part: asked.part, name: asked.name, lines, next },
    isFirst: asked.after === "" && asked.acts === "",
  });
  return page(visit, body);
}

async function entryIn({ editor }: ConsoleDeps, { parameters }: Visit): Promise<HistoryShown> {
  const [, version = "", place = ""] = /^(\d{1,15})\.(\d{1,9})$/.exec(parameters.id ?? "") ?? [];
  // The entry before it in the list: the same version and the place before, or what came after that version.
  const after = place === "0" ? `${Number(version) + 1}.999999999` : `${version}.${Number(place) - 1}`;
  const { data } = await editor.history({ limit: 1, after });
  const entry = data.find(({ id }) => id === parameters.id);
  if (entry) return entry;
  throw new GatewayError("not-found", "There is no such change, or it is too long ago to be kept.");
}

async function ask(deps: ConsoleDeps, visit: Visit, conflict?: string): Promise<Response> {
  const entry = await entryIn(deps, visit);
  const { what, fields, action } = changeLine(entry);
  const undone = { create: "It is deleted again.", delete: "It is there again, as it was.", update: "" }[action];
  const body = confirmPage({
    shell: shellOf(deps, visit, auditPath),
    csrf: visit.session?.csrf ?? "",
    title: conflict === undefined ? `Take back the change of ${what}?` : `${what} was changed again since`,
    effects: [
      ...(conflict === undefined
        ? []
        : [conflict, "Going on sets it back to what it was before this change, whatever came after."]),
      ...(undone === ""
        ? fields.map(({ path, before }) => `${path} becomes ${before ?? "what it is by default"}`)
        : [undone]),
      "This is a change of its own, and can be taken back, too.",
    ],
    hidden: conflict === undefined ? {} : { force: "on" },
    action: `${auditPath}/${entry.id}/revert`,
    go: conflict === undefined ? "Take it back" : "Take it back all the same",
    ...{ isDangerous: conflict !== undefined || action === "create", back: auditPath },
  });
  return page(visit, body, { status: conflict === undefined ? 200 : 409 });
}

async function takeBack(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const form = await readForm(visit.request);
  const { id, ...entry } = await entryIn(deps, visit);
  const isForced = form.get("force") === "on";
  try {
    await deps.editor.revert(id, authorOf(visit), isForced);
  } catch (error) {
    if (error instanceof ConfigFaults) throw new GatewayError("conflict", `It cannot be taken back: ${error.message}`);
    if (isForced || !(error instanceof GatewayError) || error.code !== "conflict") throw error;
    return ask(deps, visit, error.message);
  }
  deps.notices.tell(visit, {
    tone: "ok",
    text: `${changeLine({ id, ...entry }).what} is as it was before that change.`,
  });
  return redirect(visit, auditPath);
}

/** Who changed what of the configuration, and taking a change back. */
import { auditPage, type ChangeLine } from "../../views/pages/audit.tsx";
import { confirmPage } from "../../views/pages/confirm.tsx";
import { ConfigFaults } from "../config/faults.ts";
import type { sections } from "../config/schema.ts";
import type { Part } from "../config/secret-places.ts";
import { isKeep } from "../config/secret-places.ts";
import { GatewayError } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import type { HistoryShown } from "../store/config-editor.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf } from "./forms/edits.ts";
import { entityPath } from "./forms/pages.ts";
import { page, redirect } from "./page.ts";
import { auditPath } from "./paths.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

const perPage = 50;
const parts: readonly Part[] = ["providers", "aliases", "keys", "quotas", "mcp_servers", "settings"];
/** Those whose entities have pages. */
const shownParts: ReadonlySet<string> = new Set([
  "providers",
  "aliases",
  "keys",
  "quotas",
] satisfies (keyof typeof sections)[]);

export function auditRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  const revert = `${auditPath}/:id/revert`;
  return [
    { method: "GET", path: auditPath, access: "session", run: (visit) => list(deps, visit) },
    { method: "GET", path: revert, access: "session", run: (visit) => ask(deps, visit) },
    { method: "POST", path: revert, access: "session", run: (visit) => takeBack(deps, visit) },
  ];
}

async function list(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const part = parts.find((one) => one === visit.query.get("part"));
  const name = (visit.query.get("name") ?? "").trim();
  const asked = visit.query.get("after") ?? "";
  const after = /^\d{1,15}\.\d{1,9}$/.test(asked) ? asked : undefined;
  const { data, next } = await deps.editor.history({
    limit: perPage,
    ...(part === undefined ? {} : { part }),
    ...(name === "" ? {} : { name }),
    ...(after === undefined ? {} : { after }),
  });
  const body = auditPage({
    shell: shellOf(deps, visit, auditPath),
    zone: deps.config.current().settings.timezone,
    ...{ parts, part: part ?? "", name, next, isFirst: after === undefined },
    lines: data.map(lineOf),
  });
  return page(visit, body);
}

function lineOf({ id, at, author, note, section, name, action, fields }: HistoryShown): ChangeLine {
  const isSettings = section === "settings";
  const hasPage = action !== "delete" && shownParts.has(section);
  return {
    // The first setting that is set makes no settings: there were the defaults before.
    action: isSettings ? "update" : action,
    ...{ id, at, actor: author.actor, origin: author.origin, note },
    what: isSettings ? "settings" : `${section}: ${name}`,
    href: isSettings ? "/console/settings" : hasPage ? entityPath(`/console/${section}`, name) : null,
    fields: fields.map(({ path, before, after }) => ({ path, before: wordsOf(before), after: wordsOf(after) })),
  };
}

const longest = 300;

/** Of a secret only how it ends. Null where there is nothing. */
function wordsOf(value: Json): string | null {
  if (value === null) return null;
  if (isKeep(value)) return `secret ending …${(value as { keep: string }).keep}`;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text;
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
  const { what, fields, action } = lineOf(entry);
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
  deps.notices.tell(visit, { tone: "ok", text: `${lineOf({ id, ...entry }).what} is as it was before that change.` });
  return redirect(visit, auditPath);
}

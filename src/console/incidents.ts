/** Failures by what caused them, with what can be done at once; each change says how it is taken back. */
import { incidentPage } from "../../views/pages/incident.tsx";
import type { Choices } from "../../views/parts/filters.tsx";
import { ConfigFaults } from "../config/faults.ts";
import { fieldsOf } from "../config/fields.ts";
import type { Fault } from "../config/snapshot.ts";
import { GatewayError } from "../model/error.ts";
import { draftOf, patchOf, putLast } from "./alias-draft.ts";
import type { ConsoleDeps } from "./deps.ts";
import { authorOf, wayBack } from "./forms/edits.ts";
import { actionsIn, movableIn } from "./incident-actions.ts";
import { page, redirect } from "./page.ts";
import type { Asked } from "./request-query.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { nextPath, readForm } from "./sign-in.ts";

export const putLastPath = "/console/requests/put-last";
/** That one press changes. */
const mostAliases = 20;
/** That are told one by one. */
const mostTold = 5;

export function incidentRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [{ method: "POST", path: putLastPath, access: "session", run: (visit) => demote(deps, visit) }];
}

export async function incident(
  deps: ConsoleDeps,
  visit: Visit,
  asked: Asked & { choices: Choices },
): Promise<Response> {
  const { filter, filters, ignored, choices } = asked;
  const { causes, ...whole } = await deps.causesOf(filter);
  const actionsOf = actionsIn(deps);
  const body = incidentPage({
    ...whole,
    shell: shellOf(deps, visit, "/console/requests"),
    zone: deps.config.current().settings.timezone,
    csrf: visit.session?.csrf ?? "",
    causes: causes.map((cause) => ({ ...cause, actions: actionsOf(cause) })),
    ...{ filters, ignored, putLastPath },
    choices: { ...choices, results: choices.results.filter((one) => one !== "success") },
  });
  return page(visit, body);
}

/** Puts a target last in all aliases that the database has: a change for each, which can be taken back by itself. */
async function demote(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const form = await readForm(visit.request);
  const target = form.get("target") ?? "";
  const names = movableIn(deps.config.current(), target);
  for (const [at, name] of names.slice(0, mostAliases).entries()) await demoteIn(deps, visit, { name, target, at });
  if (names.length === 0) {
    deps.notices.tell(visit, { tone: "warn", text: `There is no alias in which ${target} could be put last.` });
  } else if (names.length > mostTold) {
    const changed = Math.min(names.length, mostAliases);
    const rest = names.length > changed ? ` There are ${names.length - changed} more: press it again.` : "";
    deps.notices.tell(visit, {
      tone: "ok",
      text: `${target} was put last in ${changed} aliases.${rest}`,
      link: { href: "/console/audit?part=aliases", words: "See each change, and take it back" },
    });
  }
  return redirect(visit, nextPath(form.get("next")));
}

interface Demotion {
  name: string;
  target: string;
  /** Which one of several it is. */
  at: number;
}

async function demoteIn(deps: ConsoleDeps, visit: Visit, { name, target, at }: Demotion): Promise<void> {
  const { editor, notices } = deps;
  const entity = await editor.find("aliases", name);
  if (!entity) return;
  const value = fieldsOf(entity.value);
  const faults: Fault[] = [];
  const patch = patchOf(putLast(draftOf(value), target), value, faults);
  try {
    const place = { part: "aliases" as const, name, seen: entity.version ?? 0 };
    const edited = await editor.patch(place, patch, authorOf(visit));
    if (at < mostTold) notices.tell(visit, { tone: "ok", text: `${target} is last in ${name}.`, ...wayBack(edited) });
  } catch (error) {
    const isTold = error instanceof ConfigFaults || (error instanceof GatewayError && error.code === "conflict");
    if (!isTold) throw error;
    notices.tell(visit, { tone: "warn", text: `${name} stays as it is: ${error.message}` });
  }
}

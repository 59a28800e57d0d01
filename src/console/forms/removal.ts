/** Deleting an entity: what that breaks, said before; its name typed in where much depends on it. */
import { type RemoveProps, removePage } from "../../../views/pages/remove.tsx";
import type { Section } from "../../config/schema.ts";
import { GatewayError } from "../../model/error.ts";
import type { ConsoleDeps } from "../deps.ts";
import { page, redirect } from "../page.ts";
import type { ConsoleRoute, Visit } from "../route.ts";
import { shellOf } from "../shell.ts";
import { readForm } from "../sign-in.ts";
import { authorOf, seenIn } from "./edits.ts";
import { type Entity, entityIn, entityPath } from "./pages.ts";

export interface Removal {
  section: Section;
  /** The address of the list. */
  path: string;
  /** `quota`. */
  what: string;
  consequences(entity: Entity): Consequences | Promise<Consequences>;
}

export interface Consequences {
  effects: readonly string[];
  /** False where something must be done first. */
  isPossible: boolean;
  /** The name has to be typed in. */
  isGrave?: boolean;
}

export function removalRoutes(deps: ConsoleDeps, removal: Removal): ConsoleRoute[] {
  const path = `${removal.path}/:name/remove`;
  return [
    { method: "GET", path, access: "session", run: (visit) => ask(deps, removal, visit) },
    { method: "POST", path, access: "session", run: (visit) => remove(deps, removal, visit) },
  ];
}

async function ask(deps: ConsoleDeps, removal: Removal, visit: Visit, typed?: Typed): Promise<Response> {
  const entity = await entityIn(deps, visit, removal.section);
  const { effects, isPossible, isGrave } = await removal.consequences(entity);
  const own = entityPath(removal.path, entity.name);
  const props: RemoveProps = {
    shell: shellOf(deps, visit, removal.path),
    csrf: visit.session?.csrf ?? "",
    title: `Delete the ${removal.what} ${entity.name}?`,
    effects: entity.origin === "file" ? ["The configuration file defines it, so it is deleted there."] : effects,
    action: `${own}/remove`,
    seen: entity.version ?? 0,
    back: own,
    isPossible: isPossible && entity.origin === "database",
    ...(isGrave ? { typed: { name: entity.name, ...typed } } : {}),
  };
  return page(visit, removePage(props), { status: typed ? 422 : 200 });
}

interface Typed {
  problem: string;
}

async function remove(deps: ConsoleDeps, removal: Removal, visit: Visit): Promise<Response> {
  const form = await readForm(visit.request);
  const { name, ...entity } = await entityIn(deps, visit, removal.section);
  const { isGrave } = await removal.consequences({ name, ...entity });
  if (isGrave && (form.get("typed") ?? "").trim() !== name) {
    return ask(deps, removal, visit, { problem: "That is not its name. Nothing was deleted." });
  }
  const place = { part: removal.section, name, seen: seenIn(form) };
  const { isInForce } = await deps.editor.remove(place, authorOf(visit));
  if (!isInForce)
    throw new GatewayError("internal", "It is deleted, and this process could not take that in force yet.");
  deps.notices.tell(visit, { tone: "ok", text: `The ${removal.what} ${name} is deleted.` });
  return redirect(visit, removal.path);
}

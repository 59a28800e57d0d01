/** A form of one field: switching an entity on or off changes nothing else of it. */
import type { Section } from "../../config/schema.ts";
import type { ConsoleDeps } from "../deps.ts";
import { redirect } from "../page.ts";
import type { ConsoleRoute, Visit } from "../route.ts";
import { nextPath, readForm } from "../sign-in.ts";
import { authorOf, wayBack } from "./edits.ts";
import { entityIn, entityPath } from "./pages.ts";

export interface Switching {
  section: Section;
  /** The address of the list. */
  path: string;
  /** Of the entity: `enabled`. */
  field: string;
  words: { on: string; off: string };
}

export function switchRoute(deps: ConsoleDeps, switching: Switching): ConsoleRoute {
  const path = `${switching.path}/:name/${switching.field}`;
  return { method: "POST", path, access: "session", run: (visit) => turn(deps, switching, visit) };
}

async function turn(deps: ConsoleDeps, { section, path, field, words }: Switching, visit: Visit): Promise<Response> {
  const form = await readForm(visit.request);
  const { name } = await entityIn(deps, visit, section);
  const isOn = form.get("to") === "on";
  // Whatever else was changed meanwhile stays.
  const edited = await deps.editor.patch({ part: section, name }, { [field]: isOn }, authorOf(visit));
  const text = `${name} ${isOn ? words.on : words.off}`;
  const told = edited.isInForce
    ? ({ tone: "ok", text: `${text}.` } as const)
    : ({ tone: "warn", text: `${text}, and this process goes on as before yet.` } as const);
  deps.notices.tell(visit, { ...told, ...wayBack(edited) });
  if (form.has("next")) return redirect(visit, nextPath(form.get("next")));
  return redirect(visit, form.get("back") === "list" ? path : entityPath(path, name));
}

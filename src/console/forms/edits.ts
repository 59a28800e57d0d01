/** Saving what a form asks for, and the form again where that could not be. */
import type { Notice } from "../../../views/layout.tsx";
import type { FieldState, FormProblem } from "../../../views/parts/form.tsx";
import { ConfigFaults } from "../../config/faults.ts";
import { type Fields, fieldsOf } from "../../config/fields.ts";
import type { Part } from "../../config/secret-places.ts";
import type { Fault } from "../../config/snapshot.ts";
import { GatewayError } from "../../model/error.ts";
import type { ConfigEditor, Edited } from "../../store/config-editor.ts";
import type { Author } from "../../store/config-history.ts";
import { auditPath } from "../paths.ts";
import type { Visit } from "../route.ts";
import { fieldId } from "./fields.ts";

/** The field of a form for something new that holds its name. */
export const nameField = "id";

export interface Place {
  part: Part;
  name: string;
  /** The version that the form showed; 0 for something new. */
  seen: number;
}

/** Why nothing was saved: what the form shows when it comes back. */
export interface Unsaved {
  status: 409 | 422;
  /** By path within the entity. */
  errors: ReadonlyMap<string, string>;
  problems: readonly { id: string | null; path: string; message: string }[];
  /** Of the form that comes back: saving it again is meant. */
  seen: number;
  /** The entity as somebody else left it. */
  meanwhile?: Fields;
}

export type Saving = { saved: Edited } | { unsaved: Unsaved };

export function authorOf({ address }: Visit): Author {
  return { actor: "console", origin: address };
}

/** The version that a form showed. */
export function seenIn(form: URLSearchParams): number {
  const seen = Number(form.get("seen") ?? Number.NaN);
  if (Number.isSafeInteger(seen) && seen >= 0) return seen;
  throw new GatewayError("invalid-request", "The form does not say which version it shows. Open the page again.");
}

/** From an edit of one entity to the page that takes it back; nothing where it changed nothing. */
export function wayBack({ plan, version }: Pick<Edited, "plan" | "version">): Pick<Notice, "link"> {
  if (plan.changes.length === 0) return {};
  return { link: { href: `${auditPath}/${version}.0/revert`, words: "Take it back" } };
}

/** Makes or patches an entity. What nobody could mend in the form is thrown on. */
export async function saveEntity(
  editor: ConfigEditor,
  place: Place,
  change: { patch: Fields; faults: readonly Fault[]; author: Author },
): Promise<Saving> {
  const { part, name, seen } = place;
  const { patch, faults, author } = change;
  if (faults.length > 0) return { unsaved: faulty(place, faults) };
  try {
    if (part === "settings" || seen > 0) return { saved: await editor.patch({ part, name, seen }, patch, author) };
    return { saved: await editor.create({ part, name }, withoutNulls(patch), author) };
  } catch (error) {
    if (error instanceof ConfigFaults) return { unsaved: refusedBy(place, error) };
    if (!(error instanceof GatewayError) || error.code !== "conflict") throw error;
    return { unsaved: await conflicting(editor, place) };
  }
}

/** What the form shows of a configuration that is not valid. */
export function refusedBy(place: Place, { faults }: ConfigFaults): Unsaved {
  return faulty(place, withinEntity(place, faults));
}

export function faulty({ seen }: Place, faults: readonly Fault[]): Unsaved {
  const errors = new Map<string, string>();
  for (const { path, message } of faults) errors.set(path, [errors.get(path), message].filter(Boolean).join("; "));
  const problems = faults.map(({ path, message }) => ({ id: idOf(path), path, message }));
  return { status: 422, errors, problems, seen };
}

/** Paths of other entities stay whole: no field of this form mends them. */
function withinEntity({ part, name }: Place, faults: readonly Fault[]): Fault[] {
  const own = part === "settings" ? part : `${part}.${name}`;
  return faults.map(({ path, message }) => {
    if (path === own) return { path: nameField, message };
    return { path: path.startsWith(`${own}.`) ? path.slice(own.length + 1) : path, message };
  });
}

function idOf(path: string): string | null {
  return path === "" ? null : fieldId(path);
}

/** With each field called as its form calls it. */
export function tellProblems({ problems }: Unsaved, fields: readonly FieldState[]): FormProblem[] {
  return problems.map(({ id, path, message }) => {
    const field = fields.find(({ name }) => path === name || path.startsWith(`${name}.`));
    const called = field?.label ?? (path === nameField ? "Name" : path);
    return { id: field?.id ?? id, message: called === "" ? message : `${called}: ${message}` };
  });
}

async function conflicting(editor: ConfigEditor, place: Place): Promise<Unsaved> {
  const { part, name, seen } = place;
  const now = part === "settings" ? await editor.settings() : await editor.find(part, name);
  const what = part === "settings" ? "The settings were" : `${name} was`;
  const message = `${what} changed by somebody else while this form was open. What you typed in is still here; fields that differ from what is stored now say so. Saving again overwrites the other change.`;
  const changed = { status: 409 as const, errors: new Map<string, string>() };
  if (seen === 0 && part !== "settings") {
    const taken = `There is one with the name ${name} already. Choose another.`;
    return {
      ...changed,
      errors: new Map([[nameField, taken]]),
      problems: [{ id: fieldId(nameField), path: nameField, message: taken }],
      seen,
    };
  }
  if (!now) {
    const gone = `${name} was deleted meanwhile.`;
    return {
      ...changed,
      problems: [{ id: null, path: "", message: `${gone} Saving makes it anew.` }],
      seen: 0,
      meanwhile: {},
    };
  }
  return {
    ...changed,
    problems: [{ id: null, path: "", message }],
    seen: now.version ?? 0,
    meanwhile: fieldsOf(now.value),
  };
}

/** Of something new, "nothing" is what is left out. */
function withoutNulls(patch: Fields): Fields {
  const kept = Object.entries(patch).filter(([, value]) => value !== null);
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      typeof value === "object" && value !== null && !Array.isArray(value) ? withoutNulls(fieldsOf(value)) : value,
    ]),
  );
}

/** What the pages of all kinds of entities share: which entity is meant, how its name is typed in, what saving says. */
import type { Notice } from "../../../views/layout.tsx";
import { entityHref } from "../../../views/parts/address.ts";
import type { FieldState } from "../../../views/parts/form.tsx";
import type { Section } from "../../config/schema.ts";
import { GatewayError } from "../../model/error.ts";
import type { Edited, Shown } from "../../store/config-editor.ts";
import type { ConsoleDeps } from "../deps.ts";
import type { Visit } from "../route.ts";
import { nameField, type Unsaved } from "./edits.ts";
import { fieldId } from "./fields.ts";

export type Entity = Shown;

/** The name in `/console/<section>/<name>`. */
export function nameOf({ path }: Visit): string {
  try {
    return decodeURIComponent(path.split("/")[3] ?? "");
  } catch {
    throw new GatewayError("not-found", "The address is not percent-encoded as it should be.");
  }
}

export const entityPath = entityHref;

/** Throws `not-found`. */
export async function entityIn({ editor }: ConsoleDeps, visit: Visit, section: Section): Promise<Entity> {
  const name = nameOf(visit);
  const entity = await editor.find(section, name);
  if (entity) return entity;
  throw new GatewayError("not-found", `There is nothing named ${JSON.stringify(name)} in ${section}.`);
}

interface NameGiven {
  help: string;
  typed?: URLSearchParams | undefined;
  unsaved?: Unsaved | undefined;
}

/** The field for the name of something new. */
export function nameFieldState(given: NameGiven): FieldState {
  const { help, typed, unsaved } = given;
  const error = unsaved?.errors.get(nameField);
  return {
    ...{ id: fieldId(nameField), name: nameField, label: "Name", kind: "text", help, options: [] },
    values: [typed?.get(nameField) ?? ""],
    limits: { required: true, maxlength: 128 },
    isFixed: false,
    ...(error === undefined ? {} : { error }),
  };
}

export function savedNotice(name: string, { isInForce, plan }: Edited): Notice {
  const warnings = plan.warnings.map(({ path, message }) => `${path}: ${message}`).join("; ");
  if (!isInForce) {
    return {
      tone: "warn",
      text: `${name} is saved, and this process could not put it in force yet; the log says why.`,
    };
  }
  if (warnings !== "") return { tone: "warn", text: `${name} is saved. Look at this: ${warnings}` };
  return { tone: "ok", text: `${name} is saved and holds from the next request on.` };
}

/** What an edit of the configuration would change, told field by field and without secrets. */
import type { Json, JsonObject } from "../model/json.ts";
import { diffFields, memberAt } from "./fields.ts";
import { isKeep, maskSecrets, type Part } from "./secret-places.ts";
import type { Warning } from "./snapshot.ts";

/** One entity, or the settings, as it was and as it is to be: undefined where there is none. As stored. */
export interface Change {
  readonly part: Part;
  /** `settings` for the settings. */
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface ToldChange {
  section: Part;
  name: string;
  action: "create" | "update" | "delete";
  /** Values with secrets masked; null where there was or is nothing. */
  fields: { path: string; before: Json; after: Json }[];
}

export interface Plan {
  /** Of the database's configuration that this was worked out for. */
  version: number;
  changes: ToldChange[];
  /** Given, and the same in the configuration file: left there. */
  inFile: string[];
  /** Of what is changed. */
  warnings: Warning[];
}

export function isChange({ before, after }: Change): boolean {
  return diffFields(before, after).length > 0;
}

export function tellChange(change: Change): ToldChange {
  const { part, name } = change;
  const masked = { before: maskSecrets(part, change.before), after: maskSecrets(part, change.after) };
  const fields = new Map<string, ToldChange["fields"][number]>();
  for (const { path } of diffFields(change.before ?? {}, change.after ?? {})) {
    const at = upToSecret(path, masked);
    const told = (value: unknown) => (memberAt(value, at) ?? null) as Json;
    fields.set(at.join("."), { path: at.join("."), before: told(masked.before), after: told(masked.after) });
  }
  const action = change.before === undefined ? "create" : change.after === undefined ? "delete" : "update";
  return { section: part, name, action, fields: [...fields.values()] };
}

/** A stored secret is several fields and told as one. */
function upToSecret(path: readonly string[], masked: { before: unknown; after: unknown }): readonly string[] {
  for (let length = 1; length < path.length; length++) {
    const at = path.slice(0, length);
    if (isKeep(memberAt(masked.before, at)) || isKeep(memberAt(masked.after, at))) return at;
  }
  return path;
}

/** `providers.openai`, `settings`. */
export function placeOf({ section, name }: { section: Part; name: string }): string {
  return section === "settings" ? "settings" : `${section}.${name}`;
}

export function planToJson({ version, changes, inFile, warnings }: Plan): JsonObject {
  return {
    version,
    changes: changes.map((change) => ({ ...change })),
    in_file: inFile,
    warnings: warnings.map((warning) => ({ ...warning })),
    text: planText({ version, changes, inFile, warnings }),
  };
}

const signs = { create: "+", update: "~", delete: "-" } as const;

/** For people: a line for each entity and one for each of its fields. */
export function planText({ changes, inFile, warnings }: Plan): string {
  const lines = changes.flatMap((change) => [
    `${signs[change.action]} ${placeOf(change)}`,
    ...(change.action === "delete" ? [] : change.fields.map((field) => `    ${fieldText(change, field)}`)),
  ]);
  const count = (action: ToldChange["action"]) => changes.filter((change) => change.action === action).length;
  const summary =
    changes.length === 0
      ? "No changes."
      : `${count("create")} to create, ${count("update")} to change, ${count("delete")} to delete.`;
  const left = inFile.length === 0 ? [] : [`Left to the configuration file, which says the same: ${inFile.join(", ")}`];
  const warned = warnings.map(({ path, message }) => `warning: ${path}: ${message}`);
  return `${[...lines, ...left, ...warned, summary].join("\n")}\n`;
}

function fieldText({ action }: ToldChange, { path, before, after }: ToldChange["fields"][number]): string {
  if (action === "create") return `${path}: ${valueText(after)}`;
  if (isKeep(before) && isKeep(after)) return `${path}: another secret, ${valueText(before)} -> ${valueText(after)}`;
  return `${path}: ${valueText(before)} -> ${valueText(after)}`;
}

function valueText(value: Json): string {
  if (isKeep(value)) return `(ends ${JSON.stringify((value as JsonObject).keep)})`;
  return JSON.stringify(value);
}

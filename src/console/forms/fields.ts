/**
 * The fields of a form over one entity of the configuration: the schema says what may stand there, a spec how people see
 * it. Read back, a form is a JSON Merge Patch of what was changed.
 */
import { KindGuard, type TSchema } from "@sinclair/typebox";
import type { FieldState, Limits, Option } from "../../../views/parts/form.tsx";
import { type Fields, isFields, isSame, memberAt, patchTo } from "../../config/fields.ts";
import { isKeep } from "../../config/secret-places.ts";
import type { Fault } from "../../config/snapshot.ts";
import { localText, localTime } from "../../kit/zone.ts";

export interface FieldSpec {
  /** Where the value stands in the entity: `stall.first_byte_s`. */
  path: string;
  /** With the unit, where there is one. */
  label: string;
  help?: string;
  /**
   * `prose` is a text of several lines, `lines` a list with one text a line, `checks` a list of options that are ticked, `subset` the same or all (nothing
   * stored), `moment` a time by the clocks of the zone, `json` anything, `secret` a text that is never shown: left empty,
   * what is stored stays.
   */
  kind: FieldState["kind"];
  /** Of `choice`, `checks` and `subset`; of `text` what is suggested. */
  options?: readonly Option[];
  /** Of `subset`: what "all" means, and the label of a field for what is no option, where there may be such. */
  all?: { words: string; only: string; others?: string };
}

/** What is shown: the stored entity (secrets masked), and what was typed in where a form comes back. */
export interface Shown {
  schema: TSchema;
  value: Fields;
  typed?: URLSearchParams;
  /** By path, with the entity's own path left out. */
  errors?: ReadonlyMap<string, string>;
  /** The entity as somebody else left it meanwhile. */
  meanwhile?: Fields;
  /** Fields that the configuration file defines. */
  fixed?: unknown;
  /** The reporting timezone, for moments. */
  zone?: string;
}

export function showFields(specs: readonly FieldSpec[], shown: Shown): FieldState[] {
  return specs.map((spec) => showField(spec, shown));
}

function showField(spec: FieldSpec, shown: Shown): FieldState {
  const { path, label, help, kind, options = [], all } = spec;
  const schema = schemaAt(shown.schema, path);
  const stored = memberAt(shown.value, path.split("."));
  const error = errorOf(path, shown.errors);
  const now = meanwhileOf(spec, shown);
  return {
    id: fieldId(path),
    name: path,
    ...{ label, kind, options },
    ...(help === undefined ? {} : { help }),
    values: shown.typed ? typedOf(spec, shown.typed) : textsOf(kind, stored ?? schema?.default, shown.zone),
    ...(all === undefined ? {} : { all }),
    limits: limitsOf(schema),
    isFixed: isFixed(spec, shown),
    isFixedAlone: isFixed(spec, shown),
    ...(error === undefined ? {} : { error }),
    ...(now === undefined ? {} : { meanwhile: now }),
    ...(kind === "secret" ? { kept: keptOf(stored) } : {}),
  };
}

function isFixed({ path }: FieldSpec, { fixed }: Shown): boolean {
  return fixed !== undefined && memberAt(fixed, path.split(".")) !== undefined;
}

/** Also what is wrong with a member of the field. */
function errorOf(path: string, errors?: ReadonlyMap<string, string>): string | undefined {
  if (!errors) return undefined;
  const within = [...errors].filter(([at]) => at === path || at.startsWith(`${path}.`));
  if (within.length === 0) return undefined;
  return within.map(([at, message]) => `${memberWords(at.slice(path.length + 1))}${message}`).join("; ");
}

/** Lines of a list are counted as people do. */
function memberWords(member: string): string {
  if (member === "") return "";
  return /^\d+$/.test(member) ? `number ${Number(member) + 1}: ` : `${member} `;
}

function meanwhileOf(spec: FieldSpec, { schema, typed, meanwhile, zone }: Shown): string | undefined {
  const { path, kind } = spec;
  if (!meanwhile || !typed || kind === "secret") return undefined;
  const texts = textsOf(kind, memberAt(meanwhile, path.split(".")) ?? schemaAt(schema, path)?.default, zone);
  const now = texts.join(", ");
  return now === typedOf(spec, typed).join(", ") ? undefined : now;
}

/** Of a subset the first is whether it is one: `all` or `only`. */
function typedOf({ path, kind }: FieldSpec, typed: URLSearchParams): string[] {
  if (kind !== "subset") return typed.getAll(path);
  return [
    typed.get(`${path}:which`) === "only" ? "only" : "all",
    ...typed.getAll(path),
    ...linesOf(typed, `${path}:others`),
  ];
}

function linesOf(form: URLSearchParams, name: string): string[] {
  const lines = (form.get(name) ?? "").split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line !== "");
}

export function fieldId(path: string): string {
  return `f-${path.replace(/[^\w-]/g, "-")}`;
}

function keptOf(stored: unknown): string | null {
  if (isKeep(stored)) return (stored as { keep: string }).keep;
  return typeof stored === "string" ? stored : null;
}

function textsOf(kind: FieldSpec["kind"], value: unknown, zone = "UTC"): string[] {
  if (kind === "subset") return Array.isArray(value) ? ["only", ...value.map(String)] : ["all"];
  if (kind === "secret" || value === undefined || value === null) return [];
  if (kind === "moment") return [momentText(value, zone)];
  if (kind === "switch") return value === true ? ["on"] : [];
  if (kind === "json") return [JSON.stringify(value, null, 2)];
  if (kind === "lines" || kind === "checks") {
    const texts = Array.isArray(value) ? value.map(String) : [];
    return kind === "lines" ? [texts.join("\n")] : texts;
  }
  return [String(value)];
}

/** What is no time stays as it is, to be mended. */
function momentText(value: unknown, zone: string): string {
  const at = Date.parse(String(value));
  return Number.isNaN(at) ? String(value) : localText(at, zone);
}

/** The changes that a form asks for; what is wrong already goes to `faults`, with paths within the entity. */
export function readFields(specs: readonly FieldSpec[], form: URLSearchParams, shown: Shown, faults: Fault[]): Fields {
  const patch: Fields = {};
  for (const spec of specs) {
    if (isFixed(spec, shown)) continue;
    const before = memberAt(shown.value, spec.path.split("."));
    const read =
      spec.kind === "moment" ? readMoment(spec, form, { before, ...shown, faults }) : readField(spec, form, faults);
    if (read === undefined) continue;
    const normal = schemaAt(shown.schema, spec.path)?.default;
    if (isSame(read, asTyped(spec.kind, before ?? normal ?? null))) continue;
    put(patch, spec.path.split("."), spec.kind === "json" ? patchTo(before, read) : read);
  }
  return patch;
}

/** A stored text as it comes back from a field that nobody touched. */
function asTyped(kind: FieldSpec["kind"], value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (kind === "text") return value.replace(/[\r\n]/g, "").trim();
  return kind === "prose" ? unbroken(value).trim() : value;
}

/** Browsers send every line's end as two characters. */
function unbroken(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/** Undefined leaves what is there, null takes it out. */
function readField({ path, kind, label }: FieldSpec, form: URLSearchParams, faults: Fault[]): unknown {
  const text = (form.get(path) ?? "").trim();
  switch (kind) {
    case "switch":
      return form.get(path) === "on";
    case "checks":
      return form.getAll(path);
    case "subset":
      if (form.get(`${path}:which`) !== "only") return null;
      return [...new Set([...form.getAll(path), ...linesOf(form, `${path}:others`)])];
    case "lines": {
      const filled = linesOf(form, path);
      return filled.length === 0 ? null : filled;
    }
    case "number":
      if (text === "") return null;
      if (Number.isFinite(Number(text))) return Number(text);
      faults.push({ path, message: `must be a number; ${JSON.stringify(text.slice(0, 40))} is none` });
      return undefined;
    case "json":
      return text === "" ? null : readJson(path, text, faults);
    case "secret":
      if (text === "") return undefined;
      if (!/^[•*…]+|^\{\s*"keep"/.test(text)) return text;
      faults.push({
        path,
        message: `is what stands for a secret; type the whole ${label.toLowerCase()} in, or nothing`,
      });
      return undefined;
    case "prose":
      return text === "" ? null : unbroken(text);
    default:
      return text === "" ? null : text;
  }
}

interface MomentRead {
  before: unknown;
  zone?: string;
  faults: Fault[];
}

/** Seconds, which the form does not show, stay where nothing else changed. */
function readMoment({ path }: FieldSpec, form: URLSearchParams, { before, zone = "UTC", faults }: MomentRead): unknown {
  const text = (form.get(path) ?? "").trim();
  if (text === "") return null;
  if (before !== undefined && before !== null && momentText(before, zone) === text) return undefined;
  const at = localTime(text, zone);
  if (at !== undefined) return new Date(at).toISOString();
  faults.push({ path, message: `must be a date and a time; ${JSON.stringify(text.slice(0, 40))} is none` });
  return undefined;
}

function readJson(path: string, text: string, faults: Fault[]): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    faults.push({ path, message: `is not valid JSON: ${(error as Error).message}` });
    return undefined;
  }
}

function put(patch: Fields, path: readonly string[], value: unknown): void {
  let node = patch;
  for (const name of path.slice(0, -1)) {
    const next = isFields(node[name]) ? node[name] : {};
    node[name] = next;
    node = next;
  }
  node[path.at(-1) ?? ""] = value;
}

/** The schema of a member, the way to it and itself without "or null". */
function schemaAt(schema: TSchema, path: string): TSchema | undefined {
  let node: TSchema | undefined = schema;
  for (const name of path.split(".")) {
    const within: TSchema | undefined = node && unwrapped(node);
    node = within && KindGuard.IsObject(within) ? within.properties[name] : undefined;
  }
  return node;
}

function unwrapped(schema: TSchema): TSchema {
  if (!KindGuard.IsUnion(schema)) return schema;
  const others = schema.anyOf.filter((one) => !KindGuard.IsNull(one));
  return others.length === 1 && others[0] ? unwrapped(others[0]) : schema;
}

function limitsOf(schema: TSchema | undefined): Limits {
  const inner = schema && unwrapped(schema);
  if (!schema || !inner) return {};
  const isRequired = !("default" in schema) && !KindGuard.IsOptional(schema) && inner === schema;
  const limits: Limits = isRequired ? { required: true } : {};
  if (KindGuard.IsNumber(inner) || KindGuard.IsInteger(inner)) {
    const least = inner.minimum ?? inner.exclusiveMinimum;
    if (least !== undefined) limits.min = least;
    if (inner.maximum !== undefined) limits.max = inner.maximum;
    limits.step = KindGuard.IsInteger(inner) ? "1" : "any";
  }
  if (KindGuard.IsString(inner) && inner.maxLength !== undefined) limits.maxlength = inner.maxLength;
  if (schema.default !== undefined && schema.default !== null && typeof schema.default !== "object") {
    limits.placeholder = String(schema.default);
  }
  return limits;
}

/** Builds the smallest valid value that holds a given field, from the published types. */
import type { Json, JsonObject } from "../../src/model/json.ts";
import type { Declarations } from "./declarations.ts";
import { alternatives, type Field, type Known, type ObjectShape, objectsOf, tagged } from "./inventory.ts";

/** Which of two different values: the one of the request that is compared with, or the one that is looked for. */
export type Side = "plain" | "marked";

/** Values where any word or number would not do; two where they have to differ. */
export type Plausible = readonly (readonly [path: RegExp, marked: Json, plain?: Json])[];

export const marks = { text: "zqmark", number: 37 };
const plains = { text: "alpha", number: 5 };

export interface Builder {
  declarations: Declarations;
  plausible: Plausible;
}

export function steps(path: string): string[] {
  return path.match(/=.*$|\{[^}]*\}|\*|[^.{*=]+/g) ?? [];
}

/** The value of `shapes` that holds the field at `rest`; the field itself is made by side, or is left out. */
export interface Wanted {
  rest: readonly string[];
  side: Side | "absent";
  path: string;
}

export function construct(builder: Builder, shapes: readonly Known[], wanted: Wanted): Json | undefined {
  const [step, ...rest] = wanted.rest;
  if (step === undefined)
    return wanted.side === "absent" ? undefined : sample(builder, shapes, { path: wanted.path, side: wanted.side });
  const path =
    step.startsWith("{") || step === "*" || step.startsWith("=") ? `${wanted.path}${step}` : `${wanted.path}.${step}`;
  const inner = { rest, side: wanted.side, path };
  if (step.startsWith("=")) return wanted.side === "absent" ? undefined : literalOf(step.slice(1), shapes);
  if (step.startsWith("{")) {
    const shape = tagged(builder.declarations, shapes).get(step.slice(1, -1));
    if (!shape) throw new Error(`no kind ${step} at ${wanted.path}`);
    return construct(builder, [shape], inner);
  }
  if (step === "*") {
    const list = shapes.flatMap((shape) => (shape.kind === "list" ? alternatives(builder.declarations, shape.of) : []));
    const element = construct(builder, list, inner);
    return element === undefined ? undefined : [element];
  }
  return holding(builder, shapes, { ...inner, name: step });
}

function holding(builder: Builder, shapes: readonly Known[], { name, ...wanted }: Wanted & { name: string }): Json {
  const { declarations } = builder;
  const owner = objectsOf(shapes).find((shape) => declarations.members(shape).some((member) => member.name === name));
  if (!owner) throw new Error(`no member ${wanted.path}`);
  const own = wanted.path.slice(0, -name.length - 1);
  const object = minimal(builder, owner, { path: own, side: "plain" });
  const member = declarations.members(owner).find((one) => one.name === name);
  const value = member && construct(builder, alternatives(declarations, member.shape), wanted);
  if (value === undefined) {
    // A list or object of one kind alone: what is left out is the kind, not the member.
    if (member?.optional || wanted.rest.length === 0) delete object[name];
  } else object[name === "[key]" ? "zqkey" : name] = value;
  return object;
}

interface Sampled {
  path: string;
  side: Side;
}

export function minimal(builder: Builder, shape: ObjectShape, { path, side }: Sampled): JsonObject {
  const object: JsonObject = {};
  for (const member of builder.declarations.members(shape)) {
    if (member.optional) continue;
    const shapes = alternatives(builder.declarations, member.shape);
    object[member.name] = sample(builder, shapes, { path: `${path}.${member.name}`, side });
  }
  const extra = plausibleAt(builder, `${path}.+`, side);
  return extra === undefined ? object : { ...object, ...(extra as JsonObject) };
}

export function sample(builder: Builder, shapes: readonly Known[], at: Sampled): Json {
  const known = plausibleAt(builder, at.path, at.side);
  if (known !== undefined) return known;
  const literals = shapes.flatMap((shape) => (shape.kind === "literal" ? [shape.value] : []));
  const [first = null] = literals;
  const simple = ["text", "number", "flag"].find((kind) => shapes.some((shape) => shape.kind === kind));
  if (literals.length > 0 && simple === undefined) return at.side === "marked" ? (literals.at(-1) ?? first) : first;
  if (simple === "text") return at.side === "marked" ? marks.text : plains.text;
  if (simple === "number") return at.side === "marked" ? marks.number : plains.number;
  if (simple === "flag") return at.side === "marked";
  const list = shapes.find((shape) => shape.kind === "list");
  if (list?.kind === "list") {
    return [sample(builder, alternatives(builder.declarations, list.of), { ...at, path: `${at.path}*` })];
  }
  const [object] = objectsOf(shapes);
  if (object) {
    const tag = [...tagged(builder.declarations, shapes)].find(([, shape]) => shape === object)?.[0];
    const isSeveral = objectsOf(shapes).length > 1;
    return minimal(builder, object, { ...at, path: isSeveral ? `${at.path}{${tag}}` : at.path });
  }
  return at.side === "marked" ? { zqkey: marks.text } : {};
}

function plausibleAt({ plausible }: Builder, path: string, side: Side): Json | undefined {
  const found = plausible.find(([pattern]) => pattern.test(path));
  if (!found) return undefined;
  const [, marked, plain = marked] = found;
  return structuredClone(side === "marked" ? marked : plain);
}

function literalOf(word: string, shapes: readonly Known[]): Json {
  for (const shape of shapes) if (shape.kind === "literal" && String(shape.value) === word) return shape.value;
  return word === "true";
}

/**
 * What is asked of a field: itself, or each of the values that it is limited to. An object that may be empty is asked about
 * by its members.
 */
export function questions(declarations: Declarations, field: Field): string[] {
  const objects = objectsOf(field.shapes);
  const isHollow = objects.some((shape) => declarations.members(shape).every((member) => member.optional));
  if (field.tag === undefined && isHollow && objects.length === field.shapes.length) return [];
  const literals = field.shapes.flatMap((shape) => (shape.kind === "literal" ? [String(shape.value)] : []));
  const isFlag = field.shapes.some((shape) => shape.kind === "flag");
  const others = field.shapes.some((shape) => shape.kind !== "literal" && shape.kind !== "flag");
  // One word that has to stand there says which kind of object it is.
  if (literals.length === 1 && !others && !isFlag && !field.optional) return [];
  const values = [...new Set([...literals, ...(isFlag ? ["true", "false"] : [])])].map(
    (word) => `${field.path}=${word}`,
  );
  const isOpen = field.shapes.some(
    (shape) => shape.kind === "list" || shape.kind === "object" || shape.kind === "number",
  );
  return values.length === 0 || isOpen ? [field.path, ...values] : values;
}

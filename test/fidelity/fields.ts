/** All fields of a protocol's requests, and what becomes of each. */
import type { Json, JsonObject } from "../../src/model/json.ts";
import type { Protocol } from "../../src/protocols/protocol.ts";
import { type Builder, construct, questions, type Side, steps } from "./construct.ts";
import { type Dialect, declarations, listOf, modules } from "./dialect.ts";
import { type Field, inventory, type ObjectShape } from "./inventory.ts";
import { type Observed, observe, scalarsOf, send } from "./observe.ts";

export interface Question {
  /** Path of the field, with `=value` for one of the values that it is limited to. */
  path: string;
  field: Field;
  root: ObjectShape;
}

export function questionsOf(dialect: Dialect): Question[] {
  const all = new Map<string, Question>();
  const published = dialect.sources.map(
    ({ file, type }) => declarations.shape(`${modules}/${file}`, type) as ObjectShape,
  );
  for (const root of dialect.root ? [dialect.root()] : published) {
    const walk = { declarations, leaveOut: (path: string) => dialect.leaveOut.some((pattern) => pattern.test(path)) };
    for (const field of inventory(walk, root)) {
      for (const path of questions(declarations, field)) if (!all.has(path)) all.set(path, { path, field, root });
    }
  }
  return [...all.values()];
}

interface Body {
  body: JsonObject;
  /** Where the element that was built stands among the turns of the conversation. */
  index: number;
}

/** The body that holds the field, and the one that it is compared with. */
export function bodiesFor(dialect: Dialect, { path, field, root }: Question): { plain: Body; marked: Body } {
  const builder: Builder = { declarations, plausible: dialect.plausible };
  const make = (rest: string[], side: Side | "absent"): Body => {
    const built = construct(builder, [root], { rest, side, path: "" }) as JsonObject;
    const [element] = listOf(built[dialect.history]);
    const body = dialect.complete(built);
    return { body, index: Math.max(0, element ? listOf(body[dialect.history]).indexOf(element) : 0) };
  };
  const rest = steps(path);
  const value = /=(.*)$/.exec(path)?.[1];
  if (field.tag !== undefined || field.optional) {
    const [plain, marked] = [make(rest, "absent"), make(rest, "marked")];
    if (field.tag === undefined || JSON.stringify(plain.body) !== JSON.stringify(marked.body)) return { plain, marked };
    // The kind that stands there when nothing is said: compared with another one.
    const other = field.siblings?.find((tag) => tag !== field.tag);
    return { plain: make([...rest.slice(0, -1), `{${other}}`], "plain"), marked };
  }
  if (value === undefined) return { plain: make(rest, "plain"), marked: make(rest, "marked") };
  const other = field.shapes.find((shape) => shape.kind === "literal" && String(shape.value) !== value);
  const fallback = other?.kind === "literal" ? String(other.value) : value === "true" ? "false" : "true";
  const isOpen = field.shapes.some((shape) => shape.kind === "text");
  const plain = isOpen ? make(rest.slice(0, -1), "plain") : make([...rest.slice(0, -1), `=${fallback}`], "marked");
  return { plain, marked: make(rest, "marked") };
}

export interface Direction {
  from: Protocol;
  to: Protocol;
}

export function fateOf(dialect: Dialect, question: Question, { from, to }: Direction): Observed {
  const { plain, marked } = bodiesFor(dialect, question);
  const marks = marksOf(question, plain.body, marked.body);
  const at = placeOf(dialect, question.path, marked.index);
  return observe(send(from, to, plain.body), send(from, to, marked.body), { at, marks });
}

/** The field's path with the positions at which it stands in the body. */
function placeOf({ history }: Dialect, path: string, index: number): string {
  const bare = path
    .replace(/=.*$/, "")
    .replace(/\{[^}]*\}/g, "")
    .replace(/\[key\]/g, "zqkey");
  const head = `${history}.*`;
  const placed = bare === head || bare.startsWith(`${head}.`) ? `${history}.${index}${bare.slice(head.length)}` : bare;
  return placed.replaceAll("*", "0");
}

/** By which the field is known again: its value, or the scalars that only the second body holds. */
export function marksOf({ path }: Question, plain: JsonObject, marked: JsonObject): Json[] {
  const value = /=(.*)$/.exec(path)?.[1];
  return value === undefined ? added(plain, marked) : [value];
}

/** The scalars that only the second holds. */
function added(plain: Json, marked: Json): Json[] {
  const had = scalarsOf(plain).map(String);
  return scalarsOf(marked).filter((one) => !had.includes(String(one)));
}

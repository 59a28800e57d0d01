/**
 * All members of a published type, each by its path. `*` stands for the elements of a list, and `{tag}` for one of
 * several kinds of object: `messages.*{user}.content.*{text}.cache_control.ttl`.
 */
import type { Declarations, Member, Shape } from "./declarations.ts";

export type Known = Exclude<Shape, { kind: "name" }>;
export type ObjectShape = Known & { kind: "object" };

/** A member, or one kind of object where several may stand. */
export interface Field {
  path: string;
  optional: boolean;
  /** What may stand there, unions taken apart, without null. */
  shapes: Known[];
  /** Set for a kind of object. */
  tag?: string;
  /** Tags of all kinds that may stand there. */
  siblings?: string[];
}

/** Takes a shape apart: names followed, unions flattened, null left out, open enumerations kept as they are. */
export function alternatives(declarations: Declarations, shape: Shape): Known[] {
  const known = declarations.resolve(shape);
  if (known.kind === "union") return known.of.flatMap((one) => alternatives(declarations, one));
  if (known.kind === "null") return [];
  if (known.kind === "both") {
    const parts = known.of.flatMap((one) => alternatives(declarations, one));
    const rich = parts.filter((part) => part.kind !== "object" || declarations.members(part).length > 0);
    return rich.slice(0, 1);
  }
  return [known];
}

const discriminators = ["type", "role", "kind", "mode"];

/** The word that tells this kind of object from the others. */
export function tagOf(declarations: Declarations, shape: ObjectShape): string {
  const members = declarations.members(shape);
  for (const name of discriminators) {
    const member = members.find((one) => one.name === name);
    const found = member ? alternatives(declarations, member.shape) : [];
    const [first] = found;
    if (member && found.length === 1 && first?.kind === "literal") return String(first.value);
  }
  return shape.name.replace(/^(Beta|Chat(Completion)?|Response)/, "");
}

export function objectsOf(shapes: readonly Known[]): ObjectShape[] {
  return shapes.filter((shape): shape is ObjectShape => shape.kind === "object");
}

/** Tags of the objects, made different where two kinds share a word. */
export function tagged(declarations: Declarations, shapes: readonly Known[]): Map<string, ObjectShape> {
  const tags = new Map<string, ObjectShape>();
  for (const shape of new Set(objectsOf(shapes))) {
    const tag = tagOf(declarations, shape);
    tags.set(tags.has(tag) ? `${tag}:${shape.name}` : tag, shape);
  }
  return tags;
}

export interface Walk {
  declarations: Declarations;
  /** Members that are no part of the wire, by path. */
  leaveOut(path: string): boolean;
}

export function inventory(walk: Walk, root: ObjectShape, path = ""): Field[] {
  return walkMembers(walk, root, { path, chain: [root] });
}

interface Place {
  path: string;
  /** The objects that enclose it: none is taken apart inside itself. */
  chain: ObjectShape[];
}

function walkMembers(walk: Walk, shape: ObjectShape, place: Place): Field[] {
  return walk.declarations.members(shape).flatMap((member) => walkMember(walk, member, place));
}

function walkMember(walk: Walk, member: Member, { path, chain }: Place): Field[] {
  const own = path === "" ? member.name : `${path}.${member.name}`;
  if (walk.leaveOut(own)) return [];
  const shapes = alternatives(walk.declarations, member.shape);
  if (shapes.length === 0) return [];
  return [{ path: own, optional: member.optional, shapes }, ...walkInto(walk, shapes, { path: own, chain })];
}

function walkInto(walk: Walk, shapes: readonly Known[], { path, chain }: Place): Field[] {
  const lists = shapes.flatMap((shape) => (shape.kind === "list" ? [shape.of] : []));
  const inLists = lists.flatMap((of) => alternatives(walk.declarations, of));
  const elements = inLists.length === 0 ? [] : walkInto(walk, inLists, { path: `${path}.*`, chain });
  const tags = tagged(walk.declarations, shapes);
  const isSeveral = tags.size > 1;
  const inside = [...tags].flatMap(([tag, shape]): Field[] => {
    const own = isSeveral ? `${path}{${tag}}` : path;
    if (walk.leaveOut(own)) return [];
    const head: Field[] = isSeveral
      ? [{ path: own, optional: true, shapes: [shape], tag, siblings: [...tags.keys()] }]
      : [];
    if (chain.includes(shape)) return head;
    return [...head, ...walkMembers(walk, shape, { path: own, chain: [...chain, shape] })];
  });
  return [...elements, ...inside];
}

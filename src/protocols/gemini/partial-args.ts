/** Arguments that come in pieces, each with the path of the value that it sets or makes longer. */
import type { Json, JsonObject } from "../../model/json.ts";
import { isAbsent, isObject } from "../read.ts";

const mostSteps = 64;
const mostElements = 10_000;

/** Lays one piece over the arguments, which are changed. What has no readable path is left out. */
export function addPiece(args: JsonObject, piece: Json): void {
  if (!isObject(piece) || typeof piece.jsonPath !== "string") return;
  const steps = stepsOf(piece.jsonPath);
  const last = steps.pop();
  if (last === undefined || steps.length > mostSteps) return;
  let holder: Holder = args;
  steps.forEach((step, index) => {
    const next = index + 1 < steps.length ? steps[index + 1] : last;
    const before = valueAt(holder, step);
    const inside: Holder = isHolder(before) ? before : typeof next === "number" ? [] : {};
    if (inside !== before) setAt(holder, step, inside);
    holder = inside;
  });
  const value = valueIn(piece);
  const before = valueAt(holder, last);
  if (typeof value === "string" && typeof before === "string") setAt(holder, last, before + value);
  else if (value !== undefined) setAt(holder, last, value);
}

type Holder = JsonObject | Json[];

function isHolder(value: Json | undefined): value is Holder {
  return isObject(value) || Array.isArray(value);
}

function valueAt(holder: Holder, step: string | number): Json | undefined {
  if (Array.isArray(holder)) return typeof step === "number" ? holder[step] : undefined;
  return Object.hasOwn(holder, step) ? holder[step] : undefined;
}

function setAt(holder: Holder, step: string | number, value: Json): void {
  if (Array.isArray(holder)) {
    if (typeof step !== "number" || step > mostElements) return;
    while (holder.length < step) holder.push(null);
    holder[step] = value;
    return;
  }
  Object.defineProperty(holder, step, { value, enumerable: true, configurable: true, writable: true });
}

function valueIn(piece: JsonObject): Json | undefined {
  if ("nullValue" in piece) return null;
  for (const key of ["stringValue", "numberValue", "boolValue"]) {
    const value = piece[key];
    if (!isAbsent(value)) return value;
  }
  return undefined;
}

/** `$.items[0]['a name'].b` to its steps. */
function stepsOf(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  for (const match of path.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]/g)) {
    steps.push(match[2] === undefined ? (match[1] ?? match[3] ?? match[4] ?? "") : Number(match[2]));
  }
  return steps;
}

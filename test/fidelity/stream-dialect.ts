/** What the fidelity tests need to know of one protocol's streams. */
import type { Json, JsonObject } from "../../src/model/json.ts";
import { type Dialect, declarations } from "./dialect.ts";
import type { ObjectShape } from "./inventory.ts";

/** A stream is a list of events; what is asked about stands in one of them. */
export interface StreamDialect extends Dialect {
  /** `other` is the body that it is compared with. */
  /** Kinds of events, and of what is in them, that are compared with the stream that lacks the event. */
  kindsAlone?: RegExp;
  frames(body: JsonObject, other: JsonObject): Json[];
}

/** The body that is asked about: one event, under the name of `event`. */
export function eventOf(file: string, type: string): ObjectShape {
  const shape = declarations.shape(file, type);
  return { kind: "object", name: "Stream", bases: [], members: [{ name: "event", optional: false, shape }] };
}

/** What building a request carries along, and what it builds up. */
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { TargetFacts } from "../../model/target.ts";
import type { ToolNames } from "../names.ts";

export interface Build {
  target: TargetFacts;
  notes: Notes;
  names: ToolNames;
  /** The client speaks this protocol too. */
  own: boolean;
}

export interface Content {
  role: "user" | "model";
  parts: JsonObject[];
  at: string;
  /** Holds what results could not: the user said nothing in it. */
  moved?: boolean;
  /** A signature of its calls could not go along. */
  lost?: boolean;
}

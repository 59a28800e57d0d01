/** What building a request carries along. */
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

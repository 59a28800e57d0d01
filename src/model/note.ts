/** What a translation could not carry exactly: told to the client (`x-plexus-degraded`) and kept in the usage row. */
export type NoteAction = "dropped" | "emulated" | "clamped" | "renamed" | "estimated";

export interface Note {
  action: NoteAction;
  /** Path in the client's JSON with dots: `tools.0.strict`. */
  field: string;
  /** One machine word that says why or how: `subset_not_enforced`. */
  detail?: string;
}

/** Collects notes in order; the same action on the same field is told once. */
export class Notes {
  readonly list: Note[] = [];

  add(action: NoteAction, field: string, detail?: string): void {
    if (this.list.some((note) => note.action === action && note.field === field)) return;
    this.list.push(detail === undefined ? { action, field } : { action, field, detail });
  }
}

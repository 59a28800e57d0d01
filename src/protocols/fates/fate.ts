/**
 * What becomes of every field of a protocol on its way to a provider, or from one, that speaks another. The tables are
 * data: nothing reads them at run time. Tests hold the code to them, and FIDELITY.md is printed from them.
 */

/**
 * `carried`: the same value, under whatever name. `mapped`: said in the other protocol's own way. `emulated`: had by
 * other means, or as near as the provider comes, with a warning. `dropped`: left out; of a request with a warning.
 * `refused`: 400. `implied`: nothing to send, for it says what holds anyway, what something else says that is sent, or what
 * Plexus itself sees to.
 */
export type Fate = "carried" | "mapped" | "emulated" | "dropped" | "refused" | "implied";

export const fates: readonly Fate[] = ["carried", "mapped", "emulated", "dropped", "refused", "implied"];

/** D: data and constraints, which are never dropped. H: hints. Fields of answers have no class. */
export type FieldClass = "D" | "H" | "-";

export interface Row {
  /**
   * Path of a field. `*` stands for the elements of a list, `{tag}` for one kind of object (with `*` for any ending),
   * `=word` for a value; with `**` at its end it speaks of all that is inside as well.
   */
  path: string;
  fieldClass: FieldClass;
  /** One for each of the other protocols, in the order of `protocolOrder`. */
  fates: Fate[];
  /** Matches the paths that it speaks of. */
  pattern: RegExp;
}

export const protocolOrder = ["chat", "responses", "messages", "gemini"] as const;

/** Reads a table: in each line the class, a fate for each other protocol, the path. Throws for what is none. */
export function rowsOf(table: string): Row[] {
  return table
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [fieldClass = "", ...words] = line.trim().split(/\s+/);
      const path = words.pop() ?? "";
      const found = words.filter((word): word is Fate => fates.some((fate) => fate === word));
      if (
        (fieldClass !== "D" && fieldClass !== "H" && fieldClass !== "-") ||
        found.length !== 3 ||
        words.length !== 3
      ) {
        throw new Error(`no row of a table of fates: ${line}`);
      }
      return { path, fieldClass, fates: found, pattern: patternOf(path) };
    });
}

function patternOf(path: string): RegExp {
  const isWhole = path.endsWith("**");
  const bare = isWhole ? path.slice(0, -2) : path;
  const escaped = bare.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\\\*(?=\\\})/g, "[^}]*");
  return new RegExp(`^${escaped}${isWhole ? "(?:[.{=*].*)?" : ""}$`);
}

/** The row that speaks of a field most closely. */
export function rowOf(rows: readonly Row[], path: string): Row | undefined {
  let best: Row | undefined;
  for (const row of rows) {
    if ((!best || row.path.length > best.path.length) && row.pattern.test(path)) best = row;
  }
  return best;
}

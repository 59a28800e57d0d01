/**
 * What every query is written against: tagged templates in the dialect that SQLite and PostgreSQL share. Flags are 0
 * and 1, times epoch milliseconds, JSON is text; rows.ts converts what comes back.
 */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** A piece of SQL with its own values, for optional parts of a query. */
export interface Fragment {
  readonly parts: readonly string[];
  readonly values: readonly (SqlValue | Fragment)[];
}

export type Sql = <Row>(text: TemplateStringsArray, ...values: (SqlValue | Fragment)[]) => Promise<Row[]>;

/** The `sql` of a transaction. */
export interface Transaction extends Sql {
  /** One statement, once for each row of its values: the cheap way to write many rows. */
  each(text: TemplateStringsArray, rows: readonly (readonly SqlValue[])[]): Promise<void>;
}

export interface Database {
  readonly dialect: "sqlite" | "postgres";
  /** Inside a transaction, use the one that the transaction hands out: this one then refuses. */
  readonly sql: Sql;
  /** Commits when `work` is done, rolls back when it throws. */
  transaction<Result>(work: (sql: Transaction) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Reading only, off the request thread, for people's pages. */
export type Reader = Pick<Database, "sql" | "close">;

export function fragment(parts: TemplateStringsArray, ...values: (SqlValue | Fragment)[]): Fragment {
  return { parts, values };
}

/** For text of our own (migrations, lists of columns), never for anything that came from outside. */
export function raw(text: string): Fragment {
  return { parts: [text], values: [] };
}

export const none: Fragment = raw("");

/** The text of a statement that is run for many rows: see `Transaction.each`. */
export function statement(parts: TemplateStringsArray, ..._places: "?"[]): TemplateStringsArray {
  return parts;
}

/** `a, b, c` of any number of pieces. */
export function list(pieces: readonly (SqlValue | Fragment)[]): Fragment {
  return { parts: ["", ...pieces.slice(1).map(() => ", "), ""].slice(0, pieces.length + 1), values: pieces };
}

/** One text with the dialect's placeholders, and the values in their order. */
export function flatten(
  top: Fragment,
  placeholder: (position: number) => string,
): { text: string; values: SqlValue[] } {
  const values: SqlValue[] = [];
  const write = (piece: Fragment): string => {
    let text = piece.parts[0] ?? "";
    piece.values.forEach((value, at) => {
      if (isFragment(value)) text += write(value);
      else text += placeholder(values.push(value));
      text += piece.parts[at + 1] ?? "";
    });
    return text;
  };
  return { text: write(top), values };
}

export function isFragment(value: SqlValue | Fragment): value is Fragment {
  return typeof value === "object" && value !== null && "parts" in value;
}

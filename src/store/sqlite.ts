/**
 * SQLite: one connection, its statements and transactions queued on one chain, so that no stranger's statement falls
 * into a transaction that waits for something.
 */
import { Database as Connection, type Statement } from "bun:sqlite";
import {
  type Database,
  type Fragment,
  flatten,
  isFragment,
  type Sql,
  type SqlValue,
  type Transaction,
} from "./database.ts";
import { createTransactionScope } from "./transaction-scope.ts";

const cachedStatements = 256;

/** `path` may be `:memory:`. */
export function openSqlite(path: string): Database {
  const connection = new Connection(path, { create: true, readwrite: true });
  connection.run("PRAGMA busy_timeout = 5000");
  // Both only take effect on a new file. Large pages halve the writes of a batch of rows.
  connection.run("PRAGMA page_size = 16384");
  connection.run("PRAGMA auto_vacuum = INCREMENTAL");
  connection.run("PRAGMA journal_mode = WAL");
  connection.run("PRAGMA synchronous = NORMAL");
  const execute = createExecutor(connection);
  const scope = createTransactionScope();
  let tail: Promise<unknown> = Promise.resolve();
  const enqueue = <Result>(work: () => Result | Promise<Result>): Promise<Result> => {
    const turn = tail.then(work);
    tail = turn.catch(() => undefined);
    return turn;
  };
  const inside: Transaction = Object.assign(
    async <Row>(parts: TemplateStringsArray, ...values: Parameters<Sql>[1][]) => execute.rows<Row>({ parts, values }),
    { each: async (...each: Parameters<Transaction["each"]>) => execute.each(...each) },
  );
  return {
    dialect: "sqlite",
    sql: scope.outside((parts, ...values) => enqueue(() => execute.rows({ parts, values }))),
    async transaction(work) {
      scope.check();
      return enqueue(async () => {
        connection.run("BEGIN IMMEDIATE");
        try {
          const result = await scope.run(inside, work);
          connection.run("COMMIT");
          return result;
        } catch (error) {
          if (connection.inTransaction) connection.run("ROLLBACK");
          throw error;
        }
      });
    },
    async close() {
      await enqueue(() => connection.close());
    },
  };
}

interface Execute {
  rows<Row>(piece: Fragment): Row[];
  each(parts: TemplateStringsArray, rows: readonly (readonly SqlValue[])[]): void;
}

/** Runs queries on a connection. */
function createExecutor(connection: Connection): Execute {
  const prepared = createStatements(connection);
  const plain = new WeakMap<readonly string[], string>();
  const query = (piece: Fragment): { text: string; values: SqlValue[] } => {
    const isPlain = !piece.values.some(isFragment);
    const known = isPlain ? plain.get(piece.parts) : undefined;
    if (known !== undefined) return { text: known, values: piece.values as SqlValue[] };
    const flat = flatten(piece, () => "?");
    // Without fragments the text is the same at each call of the same template.
    if (isPlain) plain.set(piece.parts, flat.text);
    return flat;
  };
  return {
    rows<Row>(piece: Fragment) {
      const { text, values } = query(piece);
      return prepared(text).all(...values) as Row[];
    },
    each(parts, rows) {
      const first = rows[0];
      if (!first) return;
      const statement = prepared(query({ parts, values: first }).text);
      for (const row of rows) statement.run(...row);
    },
  };
}

/** Statements by their text; those used last stay prepared. */
export function createStatements(connection: Connection): (text: string) => Statement<unknown, SqlValue[]> {
  const statements = new Map<string, Statement<unknown, SqlValue[]>>();
  return (text) => {
    let statement = statements.get(text);
    if (statement) statements.delete(text);
    else statement = connection.prepare(text);
    statements.set(text, statement);
    for (const [oldest, unused] of statements) {
      if (statements.size <= cachedStatements) break;
      statements.delete(oldest);
      unused.finalize();
    }
    return statement;
  };
}

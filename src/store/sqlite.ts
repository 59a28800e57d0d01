/**
 * SQLite: one connection, its statements and transactions queued on one chain, so that no stranger's statement falls
 * into a transaction that waits for something.
 */
import { Database as Connection, type Statement } from "bun:sqlite";
import { type Database, flatten, isFragment, type Sql, type SqlValue } from "./database.ts";
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
  const inside: Sql = async <Row>(parts: TemplateStringsArray, ...values: Parameters<Sql>[1][]) =>
    execute<Row>({ parts, values });
  return {
    dialect: "sqlite",
    sql: scope.outside((parts, ...values) => enqueue(() => execute({ parts, values }))),
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

export type Execute = <Row>(piece: Parameters<typeof flatten>[0]) => Row[];

/** Runs queries on a connection; the statements used last stay prepared. */
export function createExecutor(connection: Connection): Execute {
  const run = createRunner(connection);
  const plain = new WeakMap<readonly string[], string>();
  return <Row>(piece: Parameters<typeof flatten>[0]) => {
    const isPlain = !piece.values.some(isFragment);
    const known = isPlain ? plain.get(piece.parts) : undefined;
    if (known !== undefined) return run<Row>(known, piece.values as SqlValue[]);
    const { text, values } = flatten(piece, () => "?");
    // Without fragments the text is the same at each call of the same template.
    if (isPlain) plain.set(piece.parts, text);
    return run<Row>(text, values);
  };
}

export function createRunner(connection: Connection): <Row>(text: string, values: readonly SqlValue[]) => Row[] {
  const statements = new Map<string, Statement>();
  return <Row>(text: string, values: readonly SqlValue[]) => {
    let statement = statements.get(text);
    if (statement) statements.delete(text);
    else statement = connection.prepare(text);
    statements.set(text, statement);
    for (const [oldest, unused] of statements) {
      if (statements.size <= cachedStatements) break;
      statements.delete(oldest);
      unused.finalize();
    }
    return statement.all(...values) as Row[];
  };
}

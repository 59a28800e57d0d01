/** PostgreSQL: a pool; reads that fall with their connection are tried once more. */
import postgres from "postgres";
import { type Database, flatten, type Sql, type SqlValue } from "./database.ts";
import { createTransactionScope } from "./transaction-scope.ts";

/** What runs a text with `$1…`: the pool, or the one connection of a transaction. */
interface Runner {
  unsafe(text: string, values: never[], options: { prepare: boolean }): PromiseLike<unknown>;
}

export function openPostgres(url: string, connections = 10): Database {
  const pool = postgres(url, {
    max: connections,
    connect_timeout: 10,
    idle_timeout: 600,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: "plexus" },
  });
  const scope = createTransactionScope();
  return {
    dialect: "postgres",
    sql: scope.outside(async (parts, ...values) => {
      const query = flatten({ parts, values }, placeholder);
      try {
        return await run(pool, query);
      } catch (error) {
        if (!isRead(query.text) || !isLostConnection(error)) throw error;
        return run(pool, query);
      }
    }),
    async transaction<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> {
      scope.check();
      let result: { value: Result } | undefined;
      await pool.begin(async (connection) => {
        const inside: Sql = async (parts, ...values) => run(connection, flatten({ parts, values }, placeholder));
        result = { value: await scope.run(inside, work) };
      });
      if (!result) throw new Error("the transaction ended without a result");
      return result.value;
    },
    close: () => pool.end({ timeout: 5 }),
  };
}

function placeholder(position: number): string {
  return `$${position}`;
}

/** Copied to a plain array: the driver's own carries the statement with it. */
async function run<Row>(runner: Runner, query: { text: string; values: SqlValue[] }): Promise<Row[]> {
  // The driver types its parameters by its own registry; ours are the primitives that it takes.
  const rows = await runner.unsafe(query.text, query.values as never[], { prepare: true });
  return [...(rows as Iterable<Row>)];
}

function isRead(text: string): boolean {
  return /^\s*select\b/i.test(text);
}

const lost = new Set(["CONNECTION_CLOSED", "CONNECTION_ENDED", "CONNECTION_DESTROYED", "ECONNRESET", "57P01", "57P02"]);

export function isLostConnection(error: unknown): boolean {
  return error instanceof Error && "code" in error && lost.has(String(error.code));
}

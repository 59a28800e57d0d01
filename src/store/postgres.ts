/** PostgreSQL: a few connections, each for one statement or one transaction at a time. */
import { type Database, flatten, type Sql, type Transaction } from "./database.ts";
import { type Client, isLostConnection, openClient } from "./postgres-client.ts";
import { createTransactionScope } from "./transaction-scope.ts";

export function openPostgres(url: string, connections = 10): Database {
  const pool = new Pool(url, connections);
  const scope = createTransactionScope();
  return {
    dialect: "postgres",
    sql: scope.outside(async <Row>(parts: TemplateStringsArray, ...values: Parameters<Sql>[1][]) => {
      const query = flatten({ parts, values }, placeholder);
      try {
        return await pool.use((client) => client.run<Row>(query));
      } catch (error) {
        // Only what changes nothing may run twice: nobody knows whether the first one was done.
        if (!/^\s*select\b/i.test(query.text) || !isLostConnection(error)) throw error;
        return pool.use((client) => client.run<Row>(query));
      }
    }),
    async transaction<Result>(work: (sql: Transaction) => Promise<Result>): Promise<Result> {
      scope.check();
      return pool.use(async (client) => {
        await client.run({ text: "BEGIN", values: [] });
        try {
          const result = await scope.run(transactionOf(client), work);
          await client.run({ text: "COMMIT", values: [] });
          return result;
        } catch (error) {
          await rollBack(client);
          throw error;
        }
      });
    },
    close: () => pool.close(),
  };
}

function transactionOf(client: Client): Transaction {
  return Object.assign(
    async <Row>(parts: TemplateStringsArray, ...values: Parameters<Sql>[1][]) =>
      client.run<Row>(flatten({ parts, values }, placeholder)),
    {
      /** The rows are on their way together: one round trip for all of them. */
      async each(parts: TemplateStringsArray, rows: Parameters<Transaction["each"]>[1]) {
        await Promise.all(rows.map((values) => client.run(flatten({ parts, values }, placeholder))));
      },
    },
  );
}

function placeholder(position: number): string {
  return `$${position}`;
}

/** A connection that is gone has rolled back already; one that cannot is not used again. */
async function rollBack(client: Client): Promise<void> {
  if (client.isLost()) return;
  await client.run({ text: "ROLLBACK", values: [] }).catch(() => client.end());
}

class Pool {
  private readonly url: string;
  private readonly most: number;
  private readonly idle: Client[] = [];
  private readonly waiting: (() => void)[] = [];
  private used = 0;
  private isClosed = false;

  constructor(url: string, most: number) {
    this.url = url;
    this.most = most;
  }

  async use<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    if (this.isClosed) throw new Error("the database is closed");
    if (this.used >= this.most) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.used++;
    const client = this.take();
    try {
      return await work(client);
    } finally {
      if (this.isClosed) await client.end();
      else if (!client.isLost()) this.idle.push(client);
      const next = this.waiting.shift();
      if (next) next();
      else this.used--;
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all(this.idle.splice(0).map((client) => client.end()));
  }

  /** The one used last, that the others may rest. */
  private take(): Client {
    for (let client = this.idle.pop(); client; client = this.idle.pop()) {
      if (!client.isLost()) return client;
    }
    return openClient(this.url);
  }
}

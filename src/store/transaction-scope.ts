/** Catches the outer `sql` being used inside a transaction: it would wait for ever, or miss the transaction. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Sql } from "./database.ts";

interface Scope {
  open: boolean;
}

export interface TransactionScope {
  /** The `sql` for outside: rejects inside. */
  outside(sql: Sql): Sql;
  /** Runs `work` with a `sql` that ends with it. */
  run<Result>(sql: Sql, work: (sql: Sql) => Promise<Result>): Promise<Result>;
  /** Rejects when called inside a transaction. */
  check(): void;
}

export function createTransactionScope(): TransactionScope {
  const scopes = new AsyncLocalStorage<Scope>();
  const check = () => {
    if (scopes.getStore()?.open) {
      throw new Error("inside a transaction, use the sql that the transaction hands out");
    }
  };
  return {
    check,
    outside: (sql) =>
      async function outer(text, ...values) {
        check();
        return sql(text, ...values);
      },
    async run(sql, work) {
      const scope: Scope = { open: true };
      const inner: Sql = async (text, ...values) => {
        if (!scope.open) throw new Error("this transaction is over");
        return sql(text, ...values);
      };
      try {
        return await scopes.run(scope, () => work(inner));
      } finally {
        scope.open = false;
      }
    },
  };
}

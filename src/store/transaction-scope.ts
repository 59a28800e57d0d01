/** Catches the outer `sql` being used inside a transaction: it would wait for ever, or miss the transaction. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Sql, Transaction } from "./database.ts";

interface Scope {
  open: boolean;
}

export interface TransactionScope {
  /** The `sql` for outside: rejects inside. */
  outside(sql: Sql): Sql;
  /** Runs `work` with a `sql` that ends with it. */
  run<Result>(sql: Transaction, work: (sql: Transaction) => Promise<Result>): Promise<Result>;
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
      const checkOpen = () => {
        if (!scope.open) throw new Error("this transaction is over");
      };
      const one: Sql = async (text, ...values) => {
        checkOpen();
        return sql(text, ...values);
      };
      const each: Transaction["each"] = async (text, rows) => {
        checkOpen();
        return sql.each(text, rows);
      };
      const inner = Object.assign(one, { each });
      try {
        return await scopes.run(scope, () => work(inner));
      } finally {
        scope.open = false;
      }
    },
  };
}

/**
 * One connection to PostgreSQL, used until it is lost and then thrown away. The driver would connect again by itself,
 * but in the middle of a transaction that is wrong, and after a broken connection its own state cannot be trusted.
 */
import postgres from "postgres";
import type { SqlValue } from "./database.ts";

export interface Query {
  text: string;
  values: SqlValue[];
}

export interface Client {
  run<Row>(query: Query): Promise<Row[]>;
  /** Not to be used any more. */
  isLost(): boolean;
  end(): Promise<void>;
}

/** How long a statement may take before its connection is given up. */
const deadlineMs = 60_000;

export class LostConnection extends Error {
  override readonly name = "LostConnection";
}

export function openClient(url: string): Client {
  let lost = false;
  const driver = postgres(url, {
    max: 1,
    connect_timeout: 10,
    // The driver does not know of our transactions: it must not close between two statements.
    idle_timeout: 0,
    max_lifetime: null,
    fetch_types: false,
    onnotice: () => undefined,
    onclose: () => {
      lost = true;
    },
    connection: { application_name: "plexus" },
  });
  const giveUp = () => {
    lost = true;
    driver.end({ timeout: 0 }).catch(() => undefined);
  };
  return {
    isLost: () => lost,
    async run<Row>({ text, values }: Query): Promise<Row[]> {
      if (lost) throw new LostConnection("the connection to PostgreSQL is gone");
      let timer: Timer | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          giveUp();
          reject(new LostConnection(`PostgreSQL did not answer a statement in ${deadlineMs / 1000} s`));
        }, deadlineMs);
      });
      try {
        // The driver types parameters by its own registry; ours are the primitives that it takes.
        const rows = await Promise.race([driver.unsafe(text, values as never[], { prepare: true }), late]);
        // Copied to a plain array: the driver's own carries the statement with it.
        return [...(rows as Iterable<Row>)];
      } catch (error) {
        if (isLostConnection(error)) giveUp();
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    async end() {
      lost = true;
      await driver.end({ timeout: 5 });
    },
  };
}

const codes = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "ECONNRESET",
  "ECONNREFUSED",
  "EPIPE",
  "57P01",
  "57P02",
  "57P03",
]);

export function isLostConnection(error: unknown): boolean {
  if (error instanceof LostConnection) return true;
  return error instanceof Error && "code" in error && codes.has(String(error.code));
}

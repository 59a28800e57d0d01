import { beforeAll, describe, expect, test } from "bun:test";
import { kills } from "../../scripts/quotas/kills.ts";
import { limit, race } from "../../scripts/quotas/race.ts";
import { sharedPostgres } from "../support/postgres.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

/** `npm run quotas` does the same at length. */
describe.each(["one process on SQLite", "two processes on one PostgreSQL"])("%s", (where) => {
  const isAlone = where.includes("SQLite");

  /** Undefined where there is no PostgreSQL, which was printed. */
  async function place(): Promise<{ databaseUrl?: string } | undefined> {
    if (isAlone) return {};
    const databaseUrl = await (await sharedPostgres())?.createUrl();
    return databaseUrl === undefined ? undefined : { databaseUrl };
  }

  test("of 200 requests at once on a limit of 50 exactly 50 pass, each time", async () => {
    const database = await place();
    if (!database) return;
    const passed = await race({ rounds: 5, processes: isAlone ? 1 : 2, say: () => undefined, ...database });
    expect(passed).toEqual(Array.from({ length: 5 }, () => limit));
  }, 60_000);

  test("however often it is killed, every request counts once: the ledger is the sum of the rows", async () => {
    const database = await place();
    if (!database) return;
    const { kills: killed, faults } = await kills({ requests: 250, say: () => undefined, ...database });
    expect(faults).toEqual([]);
    expect(killed).toBeGreaterThan(0);
  }, 60_000);
});

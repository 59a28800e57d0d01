// `npm run quotas [ROUNDS] [REQUESTS]`: races on a limit, and kills under load, on SQLite and on a shared PostgreSQL. 1 on
// a fault.
import { startPostgres } from "../test/support/postgres.ts";
import { kills } from "./quotas/kills.ts";
import { limit, parallel, race } from "./quotas/race.ts";

const [rounds = 100, requests = 1000] = process.argv.slice(2).map(Number);
if (![rounds, requests].every((count) => Number.isInteger(count) && count >= 1)) {
  console.error("Usage: npm run quotas [ROUNDS] [REQUESTS], whole numbers of at least 1");
  process.exit(2);
}
const server = await startPostgres();
let faults = 0;

async function main(where: string, createUrl?: () => Promise<string>): Promise<void> {
  const database = async () => (createUrl ? { databaseUrl: await createUrl() } : {});
  const say = (line: string) => console.log(`${where}: ${line}`);
  const passed = await race({ rounds, processes: createUrl ? 2 : 1, say: () => undefined, ...(await database()) });
  const wrong = passed.filter((count) => count !== limit);
  faults += wrong.length;
  say(
    `${rounds} times ${parallel} requests on a limit of ${limit}: ${wrong.length === 0 ? "always exact" : wrong.join(" ")}`,
  );
  const result = await kills({ requests, say: () => undefined, ...(await database()) });
  faults += result.faults.length;
  for (const fault of result.faults) say(fault);
  const verdict = result.faults.length === 0 ? "the ledger is the sum of the rows" : `${result.faults.length} faults`;
  say(`${result.sent} requests, ${result.kills} kills: ${verdict}`);
}

try {
  await main("one process on SQLite");
  if (server) await main("two processes on PostgreSQL", () => server.createUrl());
} finally {
  await server?.halt();
}
process.exit(faults === 0 ? 0 : 1);

// Kills the gateway under load again and again, and holds its rows against what the clients saw.
import { newFolder, type Plexus, removeFolder, startPlexus } from "../../test/support/plexus.ts";
import { startRawUpstream } from "../../test/support/raw-upstream.ts";
import { clientKey, type Sights, startLoad, teach } from "./load.ts";
import { compare, integrityFaults, readRows } from "./rows.ts";

export interface CrashOptions {
  rounds: number;
  clients?: number;
  say(line: string): void;
}

export interface CrashResult {
  /** Requests whose whole answer a client saw. */
  answered: number;
  /** Requests that a kill cut off. */
  interrupted: number;
  /** What was not as it must be; empty when nothing is lost. */
  faults: string[];
}

const earliestKillMs = 100;
const latestKillMs = 1200;

export async function crash({ rounds, clients = 16, say }: CrashOptions): Promise<CrashResult> {
  const folder = newFolder();
  const upstream = await startRawUpstream();
  teach(upstream);
  const config = {
    providers: { up: { protocols: { chat: `${upstream.url}/v1` }, api_key: "up-of-the-crashes-0123456789" } },
    keys: { crash: { secret: clientKey } },
  };
  const result: CrashResult = { answered: 0, interrupted: 0, faults: [] };
  const all: Sights = new Map();
  let plexus: Plexus | undefined;
  try {
    plexus = await startPlexus({ folder, config });
    for (let round = 1; round <= rounds; round++) {
      const { sights, killedAt, delay } = await killUnderLoad(plexus, clients);
      const faults = integrityFaults(folder).map((fault) => `the database is damaged: ${fault}`);
      plexus = await startPlexus({ folder, config });
      const rows = readRows(folder);
      faults.push(...compare(rows, sights, killedAt), ...goneRows(rows, all));
      for (const [id, sight] of sights) if (rows.some((row) => row.id === id)) all.set(id, sight);
      const answered = [...sights.values()].filter((sight) => sight.isWhole).length;
      result.answered += answered;
      result.interrupted = rows.filter((row) => row.interrupted === 1).length;
      result.faults.push(...faults.map((fault) => `round ${round}: ${fault}`));
      say(`round ${round} of ${rounds}: killed after ${delay} ms, ${answered} answered, ${faults.length} faults`);
    }
  } finally {
    upstream.stop();
    await plexus?.stop({ signal: "SIGKILL", keep: true });
    removeFolder(folder);
  }
  return result;
}

async function killUnderLoad(plexus: Plexus, clients: number) {
  const load = startLoad(plexus.url, clients);
  const delay = Math.round(earliestKillMs + Math.random() * (latestKillMs - earliestKillMs));
  await Bun.sleep(delay);
  const killedAt = performance.now();
  await plexus.stop({ signal: "SIGKILL", keep: true });
  await load.stop();
  return { sights: load.sights, killedAt, delay };
}

/** A later kill must not take what an earlier one left. */
function goneRows(rows: readonly { id: string }[], known: Sights): string[] {
  const ids = new Set(rows.map((row) => row.id));
  return [...known.keys()].filter((id) => !ids.has(id)).map((id) => `${id}: its row of an earlier round is gone`);
}

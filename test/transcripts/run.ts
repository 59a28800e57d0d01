/** Runs transcripts in batches; the gateway is started again in the middle of each batch. */
import { type Tally, Transcript } from "./transcript.ts";
import { startWorld, type World } from "./world.ts";

export interface RunOptions {
  seeds: readonly number[];
  mostTurns?: number;
  batch?: number;
  say?(line: string): void;
}

export interface Summary extends Tally {
  restarts: number;
  /** Transcripts that saw one. */
  restarted: number;
  faults: string[];
}

const atOnce = 8;

export async function runTranscripts({ seeds, mostTurns = 30, batch = 50, say }: RunOptions): Promise<Summary> {
  const summary: Summary = { requests: 0, refusals: 0, cuts: 0, proofs: 0, restarts: 0, restarted: 0, faults: [] };
  const world = await startWorld();
  try {
    for (let from = 0; from < seeds.length; from += batch) {
      const transcripts = seeds.slice(from, from + batch).map((seed) => new Transcript(seed, world, mostTurns));
      await runBatch(transcripts, world, summary);
      const done = Math.min(from + batch, seeds.length);
      say?.(`${done} of ${seeds.length} transcripts, ${summary.requests} requests, ${summary.faults.length} faults`);
    }
  } finally {
    await world.stop();
  }
  return summary;
}

async function runBatch(transcripts: Transcript[], world: World, summary: Summary): Promise<void> {
  const broken = new Set<Transcript>();
  const go = (transcript: Transcript, until: number) =>
    transcript.run(until).catch((error) => {
      broken.add(transcript);
      summary.faults.push(error instanceof Error ? error.message : String(error));
    });
  await pooled(transcripts, (one) => go(one, one.restartAfter ?? one.turns));
  const left = transcripts.filter((one) => one.restartAfter !== undefined && !broken.has(one));
  if (left.length > 0) {
    await world.restart(summary.restarts % 2 === 0 ? "SIGTERM" : "SIGKILL");
    summary.restarts++;
    summary.restarted += left.length;
    await pooled(left, (one) => go(one, one.turns));
  }
  for (const { tally } of transcripts) {
    for (const name of ["requests", "refusals", "cuts", "proofs"] as const) summary[name] += tally[name];
  }
}

async function pooled<One>(all: readonly One[], run: (one: One) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const worker = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await run(one);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

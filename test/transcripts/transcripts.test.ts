/** The short form of `npm run transcripts`. A seed that fails runs alone with TRANSCRIPT_SEED=<seed>. */
import { expect, test } from "bun:test";
import { runTranscripts } from "./run.ts";

const chosen = process.env.TRANSCRIPT_SEED;

test("conversations that change protocol, provider and account with every turn are never poisoned", async () => {
  const seeds = chosen === undefined ? Array.from({ length: 40 }, (_, at) => at + 1) : [Number(chosen)];
  const { faults, requests, proofs, restarted } = await runTranscripts({ seeds, batch: 40 });
  expect(faults).toEqual([]);
  expect(requests).toBeGreaterThan(seeds.length * 4);
  if (chosen !== undefined) return;
  expect(proofs).toBeGreaterThan(200);
  expect(restarted).toBeGreaterThan(10);
}, 60_000);

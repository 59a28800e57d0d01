// `npm run transcripts [N] [SEED]`: N random conversations that change their provider with every turn. 1 on a fault.
import { runTranscripts } from "../test/transcripts/run.ts";

const [count = 200, first = Math.floor(Math.random() * 1e9)] = process.argv.slice(2).map(Number);
if (!Number.isInteger(count) || count < 1 || !Number.isInteger(first)) {
  console.error("Usage: npm run transcripts [COUNT] [FIRST SEED], whole numbers");
  process.exit(2);
}
const seeds = Array.from({ length: count }, (_, at) => first + at);
const { faults, ...done } = await runTranscripts({ seeds, say: (line) => console.log(line) });
for (const fault of faults) console.error(fault);
console.log(
  `${count} transcripts (seeds from ${first}), ${done.requests} requests, ${done.restarts} restarts in the middle of ${done.restarted}, ` +
    `${done.refusals} refusals and ${done.cuts} cut streams, ${done.proofs} proofs returned: ` +
    `${faults.length === 0 ? "none was poisoned" : `${faults.length} faults`}`,
);
process.exit(faults.length === 0 ? 0 : 1);

// `npm run crash [N]`: kills the gateway N times under load; every answered request must have its row. 1 on a loss.
import { crash } from "./crash/rounds.ts";

const rounds = Number(process.argv[2] ?? 50);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error("Usage: npm run crash [ROUNDS], a whole number of at least 1");
  process.exit(2);
}
const { answered, interrupted, faults } = await crash({ rounds, say: (line) => console.log(line) });
for (const fault of faults) console.error(fault);
console.log(
  `${rounds} kills, ${answered} answered requests, ${interrupted} interrupted: ${faults.length === 0 ? "nothing is lost" : `${faults.length} faults`}`,
);
process.exit(faults.length === 0 ? 0 : 1);

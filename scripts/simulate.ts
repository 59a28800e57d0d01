// `npm run simulate [SEED]`: a week of made-up demand over six made-up providers for every selector, how fast measured
// selectors learn, and what routing costs with 200 targets. 1 when a promise is broken.
import { selectors } from "../src/routing/selectors/index.ts";
import { routingCost } from "./simulate/cost.ts";
import { learn } from "./simulate/learning.ts";
import { table } from "./simulate/table.ts";
import { playWeek } from "./simulate/week.ts";
import { six } from "./simulate/world.ts";

const seed = Number(process.argv[2] ?? 1);
const mostMicroseconds = 50;
const faults: string[] = [];

const weeks = [];
for (const { name } of selectors) {
  const week = await playWeek({ selector: name, traits: six, seed, days: 7, perHour: 150 });
  weeks.push(week);
  if (week.failures.length > 0) faults.push(`${name}: clients saw ${week.failures.length} failures`);
}
console.log(
  table(
    weeks,
    six.map(({ name }) => name),
  ),
);

console.log(
  "\nMeasured selectors, 20 seeds each: share of the best in the requests 51 to 150, and 51 to 100 after it has become worse",
);
for (const name of ["latency", "performance", "e2e_performance"]) {
  const runs = Array.from({ length: 20 }, (_, run) => learn(name, seed + run));
  const found = Math.min(...runs.map((run) => run.found));
  const stayed = Math.max(...runs.map((run) => run.stayed));
  console.log(`${name.padEnd(16)} at least ${Math.round(100 * found)} %, at most ${Math.round(100 * stayed)} %`);
  if (found < 0.85) faults.push(`${name}: only ${found} went to the best`);
  if (stayed > 0.2) faults.push(`${name}: stayed with what had become worse`);
}

console.log("\nRouting with 200 targets, median:");
for (const { name } of selectors) {
  const microseconds = routingCost(name, 200);
  console.log(`${name.padEnd(16)} ${microseconds.toFixed(1)} µs`);
  if (microseconds > mostMicroseconds) faults.push(`${name}: routing costs ${microseconds.toFixed(1)} µs`);
}
console.log(`one target       ${routingCost("random", 1).toFixed(1)} µs`);
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);

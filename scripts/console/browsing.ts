// What somebody who browses the console costs the traffic that runs meanwhile.
import { cpuMs } from "../bench/process.ts";
import type { FoundPage } from "./pages.ts";
import type { Stage } from "./stage.ts";
import { visit } from "./weigh.ts";

const perSecond = 200;
const seconds = 6;
const pairs = 5;
/** One page a second, one after the other. */
const pageMs = 1000;

export interface Browsing {
  /** CPU milliseconds for each request of the traffic: without and with somebody who browses, for each pair. */
  pairs: [alone: number, browsed: number][];
  /** Median of what browsing added, as a share. */
  raised: number;
}

export async function browse(stage: Stage, pages: readonly FoundPage[]): Promise<Browsing> {
  const found: [number, number][] = [];
  await run(stage, pages);
  for (let count = 0; count < pairs; count++) found.push([await run(stage, []), await run(stage, pages)]);
  const shares = found.map(([alone, browsed]) => browsed / alone - 1).sort((one, other) => one - other);
  return { pairs: found, raised: shares[Math.floor(shares.length / 2)] ?? 0 };
}

/** CPU milliseconds for each request. */
async function run({ plexus, send }: Stage, pages: readonly FoundPage[]): Promise<number> {
  const before = cpuMs(plexus.pid);
  const began = performance.now();
  const until = began + seconds * 1000;
  const browsing = (async () => {
    for (let at = 0; pages.length > 0 && performance.now() < until; at++) {
      const page = pages[at % pages.length];
      if (page) await visit(plexus.url + page.path, page.visitor.cookie);
      await Bun.sleep(pageMs);
    }
  })();
  const sent: Promise<number>[] = [];
  while (performance.now() < until) {
    const due = ((performance.now() - began) / 1000) * perSecond;
    while (sent.length < due) sent.push(send());
    await Bun.sleep(5);
  }
  const statuses = await Promise.all(sent);
  await browsing;
  await Bun.sleep(400);
  const failed = statuses.find((status) => status !== 200);
  if (failed !== undefined) throw new Error(`a request of the traffic was answered with ${failed}`);
  return (cpuMs(plexus.pid) - before) / statuses.length;
}

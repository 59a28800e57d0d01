/** A whole answer of a stream that is given up where a stop sequence ends it. */
import { Collector } from "../model/collect.ts";
import { GatewayError } from "../model/error.ts";
import type { Answer } from "../model/event.ts";
import type { Exchange } from "./exchange.ts";
import { enough, Feed } from "./feed.ts";
import type { Prepared } from "./outgoing.ts";
import { Reading } from "./reading.ts";

interface Cutting {
  prepared: Prepared;
  controller: AbortController;
}

/** Throws the stream's error. What was used is estimated where the answer was cut before its provider said so. */
export async function readToCut(
  exchange: Exchange,
  response: Response,
  { prepared, controller }: Cutting,
): Promise<Answer[]> {
  const { protocol, stops } = prepared;
  if (!response.body) throw new GatewayError("upstream-failed", "The provider answered without a body.");
  const { idleMs } = exchange.snapshot.settings.timeouts;
  const feed = new Feed(response.body, { sweep: exchange.gateway.sweep, controller, idleMs });
  const reading = new Reading({ protocol, model: "", ...(stops ? { stops } : {}) });
  const collector = new Collector();
  for (;;) {
    const bytes = await feed.next();
    const { events } = bytes ? reading.push(bytes) : reading.end();
    for (const event of events) collector.push(event);
    if (!bytes || reading.isCutShort) break;
  }
  const answers = collector.answers();
  const [first] = answers;
  if (!reading.isCutShort || !first) return answers;
  feed.cancel(enough());
  return [{ ...first, usage: exchange.estimate(first.usage, reading.frames) }];
}

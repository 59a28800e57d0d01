/** A stream as it opens: read until it is committed, or until an error shows. */
import { GatewayError } from "../model/error.ts";
import type { ChatEvent } from "../model/event.ts";
import { emptyUsage } from "../model/usage.ts";
import type { Contract } from "../protocols/contract.ts";
import type { Passage } from "../protocols/protocol.ts";
import type { Sending, StreamUpstream } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";
import { Feed } from "./feed.ts";
import { Reading, type Step } from "./reading.ts";
import { watchFor } from "./seal-owners.ts";
import { paceOf } from "./stall.ts";

interface Opening {
  response: Response;
  /** Told that the first bytes came. */
  arrived: (() => void) | undefined;
}

export async function openStream(
  exchange: Exchange,
  { candidate, prepared, controller }: Sending,
  { response, arrived }: Opening,
): Promise<StreamUpstream> {
  const { idleMs } = exchange.snapshot.settings.timeouts;
  const { protocol, stops } = prepared;
  // Providers are always asked for server-sent events; a client that wants another framing gets them encoded anew.
  const passage = exchange.framing === "sse" ? prepared.passage : undefined;
  if (!response.body) throw new GatewayError("upstream-failed", "The provider answered without a body.");
  const feed = new Feed(response.body, { sweep: exchange.gateway.sweep, controller, idleMs, pace: paceOf(candidate) });
  const model = exchange.model ?? "";
  const isKept = exchange.keeping !== undefined;
  const watch = watchFor(exchange, protocol, candidate);
  exchange.watch = watch;
  const reading: Reading = new Reading({
    protocol,
    model,
    isKept,
    ...(passage ? { passage, contract: contractFor(exchange, passage, () => reading) } : {}),
    ...(stops ? { stops } : {}),
    ...(watch && passage ? { watch } : {}),
  });
  const steps: Step[] = [];
  for (;;) {
    const bytes = await feed.next();
    arrived?.();
    const step = bytes ? reading.push(bytes) : reading.end();
    // Content and the error after it may come in one read: what counts is which of them is first.
    const decisive = step.events.find((event) => event.type === "error" || commits(event));
    if (decisive?.type === "error") {
      feed.cancel(decisive.error);
      throw decisive.error;
    }
    steps.push(step);
    if (bytes && !decisive) continue;
    reading.opening = false;
    const headers = response.headers;
    const isVerbatim = passage !== undefined;
    const ended = bytes === undefined;
    return { kind: "stream", candidate, protocol, isVerbatim, headers, reading, feed, steps, ended };
  }
}

function contractFor(exchange: Exchange, { wantsUsage, several }: Passage, read: () => Reading): Contract | undefined {
  const usage = () => {
    const { usage, frames } = read();
    return usage ? { ...emptyUsage(), ...usage } : exchange.estimate(undefined, frames);
  };
  return exchange.call.protocol.contract?.({
    frames: () => read().frames,
    ...(wantsUsage ? { usage } : {}),
    ...(several ? { several } : {}),
  });
}

/** Content, as far as failover goes: after the first of these no other target is tried. */
function commits(event: ChatEvent): boolean {
  switch (event.type) {
    case "text-delta":
    case "refusal-delta":
    case "reasoning-delta":
    case "args-delta":
      return event.text !== "";
    case "item-start":
      return event.item.type === "call" && event.item.name !== "";
    case "item-end":
      return event.item.type !== "message" && event.item.type !== "reasoning";
    case "finish":
      return true;
    default:
      return false;
  }
}

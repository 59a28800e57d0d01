/**
 * Answers that run while nobody waits for them: the client gets the pending answer at once and comes back for it, as an
 * object or as a stream that ends when it does. While one runs it is known to this process only.
 */
import { writeFrame } from "../kit/sse.ts";
import { GatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import type { StoredPlace } from "../model/stored.ts";
import type { StoredAnswers } from "../protocols/stored.ts";
import type { Upstream, WholeUpstream } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";
import type { Inbound } from "./inbound.ts";
import type { Keeping } from "./keeping.ts";
import { replyContext } from "./rendering.ts";

/** Events of a stream that come before there is an answer. */
const openingFrames = 2;

/** One answer that is being made. */
export class Running {
  readonly place: StoredPlace;
  readonly pending: JsonObject;
  /** JSON text of what the model was given. */
  readonly input: string;
  readonly shape: StoredAnswers;
  /** Resolves, when it is over, to what it has become. */
  readonly ended: Promise<string>;
  private readonly exchange: Exchange;
  private isCancelled = false;

  constructor(exchange: Exchange, begun: Begun & { body: (upstream: WholeUpstream) => string }) {
    const { inbound, shape, keeping } = begun;
    const context = replyContext(exchange, exchange.replyRequest());
    const id = shape.background.mint(exchange.id);
    this.exchange = exchange;
    this.shape = shape;
    this.place = { owner: exchange.key?.name ?? "", protocol: exchange.call.protocol.name, id };
    this.pending = shape.background.pending(context);
    this.input = inbound.textOf(shape.inputMember) ?? "[]";
    exchange.detach();
    this.ended = this.run(begun.upstream, { keeping, inbound, body: begun.body });
  }

  /** The end is then waited for. */
  async cancel(): Promise<string> {
    this.isCancelled = true;
    this.exchange.leave({ even: "detached" });
    return this.ended;
  }

  private async run(
    upstream: Promise<Upstream>,
    { keeping, inbound, body }: { keeping: Keeping; inbound: Inbound; body: (upstream: WholeUpstream) => string },
  ): Promise<string> {
    const { background } = this.shape;
    try {
      const whole = await upstream;
      if (whole.kind !== "whole") throw new GatewayError("internal", "A stream came where an answer was to be made.");
      const text = background.identified(body(whole), this.place.id);
      keeping.whole(text);
      this.exchange.close(200);
      return text;
    } catch (thrown) {
      const error = this.exchange.failure(thrown);
      const text = JSON.stringify(background.ended(this.pending, this.isCancelled ? undefined : error));
      keeping.asked(inbound, "");
      keeping.whole(text);
      this.exchange.close(this.isCancelled ? 200 : error.status, error);
      return text;
    }
  }
}

/** With what an answer is kept that nobody waits for. */
export interface Kept {
  shape: StoredAnswers;
  keeping: Keeping;
}

/** Asked before any upstream is. Throws `unsupported` where answers are not kept. */
export function keptFor({ call, keeping }: Exchange): Kept {
  const shape = call.protocol.stored;
  if (shape && keeping) return { shape, keeping };
  throw new GatewayError("unsupported", "background: answers are not kept here, so nobody could come back for one.", {
    param: "background",
  });
}

interface Begun extends Kept {
  inbound: Inbound;
  upstream: Promise<Upstream>;
}

export class Backgrounds {
  private readonly running = new Map<string, Running>();

  start(exchange: Exchange, begun: Begun & { body: (upstream: WholeUpstream) => string }): Running {
    const running = new Running(exchange, begun);
    const name = nameOf(running.place);
    this.running.set(name, running);
    void running.ended.finally(() => this.running.delete(name));
    return running;
  }

  find(place: StoredPlace): Running | undefined {
    return this.running.get(nameOf(place));
  }
}

function nameOf({ owner, protocol, id }: StoredPlace): string {
  return `${owner}\0${protocol}\0${id}`;
}

/** The events of a running answer behind the first `after`: those that open it at once, the rest when it is over. */
export function streamOf(running: Running, { after, heartbeatMs, heartbeat }: Told): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let beats: Timer | undefined;
  return new ReadableStream<Uint8Array>({
    async start(controller) {
      const tell = (text: string) => controller.enqueue(encoder.encode(text));
      const opening = eventsOf(running, JSON.stringify(running.pending)).slice(0, openingFrames);
      tell(opening.slice(after).join(""));
      beats = setInterval(() => tell(heartbeat), heartbeatMs);
      const whole = eventsOf(running, await running.ended);
      clearInterval(beats);
      tell(whole.slice(Math.max(after, openingFrames)).join(""));
      controller.close();
    },
    cancel: () => clearInterval(beats),
  });
}

interface Told {
  /** How many events the client has. */
  after: number;
  heartbeatMs: number;
  heartbeat: string;
}

function eventsOf({ shape }: Running, text: string): string[] {
  return shape.replay(text).map(writeFrame);
}

/** The pipeline of token counting: the provider's own count where it has one, else an estimate that is told as such. */
import { estimateInput } from "../metering/estimate-input.ts";
import type { ChatRequest } from "../model/chat.ts";
import { guardDepth } from "../model/deep.ts";
import { GatewayError } from "../model/error.ts";
import type { Notes } from "../model/note.ts";
import type { CountWire } from "../protocols/counting.ts";
import type { Candidate } from "../routing/resolve.ts";
import { answerJson, post, readText, told, underLimits } from "./attempt.ts";
import { type Exchange, openExchange } from "./exchange.ts";
import type { Call, Gateway } from "./gateway.ts";
import { admit, authenticate, mayPass, opened, read, route, tryInOrder } from "./handle.ts";
import { crossingHeaders, ownHeaders } from "./headers.ts";
import { Received } from "./inbound.ts";
import { type Addressed, configuredFields, offeredBy, passedOn } from "./outgoing.ts";
import { replyError } from "./reply.ts";
import { envelopeMark, isEnvelope } from "./seals.ts";

/** The provider does not have this endpoint, or not for this model. */
const noCounter = new Set([404, 405, 501]);

type Exchanged = Exchange<CountWire>;

/** What the provider answered to its own client's question; undefined where nobody counts. */
type Counted = { headers: Headers; text: string } | undefined;

/** Leaves a usage row without tokens: counting is not charged. */
export async function count(gateway: Gateway, call: Call<CountWire>): Promise<Response> {
  const exchange = openExchange(gateway, call);
  const spoken = (candidate: Candidate) =>
    isOwn(exchange, candidate) ? call.protocol : offeredBy(candidate, gateway.protocols)[0];
  try {
    authenticate(exchange);
    const content = await read(exchange);
    const { protocol, place } = call;
    const asked = new Asked(content, { protocol, place, mayPass: mayPass(exchange, content, spoken) });
    opened(exchange, asked.envelope);
    const candidates = route(exchange, asked.envelope.model, spoken);
    admit(exchange);
    const counted = await tryInOrder(exchange, candidates, (candidate) => attempt(exchange, asked, candidate));
    return reply(exchange, asked, counted);
  } catch (error) {
    return replyError(exchange, exchange.failure(error));
  }
}

class Asked extends Received<CountWire> {
  get hasEnvelope(): boolean {
    return this.content.includes(envelopeMark);
  }

  /** Throws `invalid-request`. */
  canonical(notes: Notes): ChatRequest {
    return guardDepth(() => this.protocol.parseRequest(this.body, notes, this.place));
  }
}

function isOwn({ call }: Exchanged, candidate: Candidate): boolean {
  return offeredBy(candidate, [call.protocol]).length > 0;
}

async function attempt(exchange: Exchanged, asked: Asked, candidate: Candidate): Promise<Counted> {
  if (!isOwn(exchange, candidate)) return undefined;
  return underLimits(exchange, candidate, async (controller) => {
    const prepared = told(exchange, () => question(exchange, asked, candidate));
    try {
      const response = await post(exchange, { candidate, prepared, controller });
      const text = await readText(response, controller.signal);
      prepared.protocol.parseAnswer(answerJson(text));
      return { headers: response.headers, text };
    } catch (error) {
      if (error instanceof GatewayError && noCounter.has(error.detail.upstreamStatus ?? 0)) return undefined;
      throw error;
    }
  });
}

function question(exchange: Exchanged, asked: Asked, candidate: Candidate): Addressed<CountWire> {
  const { protocol } = exchange.call;
  const without = asked.hasEnvelope ? protocol.strip(asked.body, isEnvelope, candidate.facts) : new Map();
  const configured = configuredFields(exchange, candidate).map((fields) =>
    Object.fromEntries(Object.entries(fields).filter(([key]) => protocol.takes.has(key))),
  );
  return passedOn(exchange, asked, { candidate, without, configured });
}

function reply(exchange: Exchanged, asked: Asked, counted: Counted): Response {
  const body = counted ? counted.text : estimated(exchange, asked);
  const crossing = counted ? crossingHeaders(counted.headers) : {};
  const headers = { ...crossing, "content-type": "application/json", ...ownHeaders(exchange) };
  exchange.close(200);
  return new Response(body, { headers });
}

function estimated(exchange: Exchanged, asked: Asked): string {
  const tokens = estimateInput(asked.canonical(exchange.notes));
  exchange.notes.add("estimated", "input_tokens");
  return JSON.stringify(exchange.call.protocol.buildAnswer(tokens));
}

/** The pipeline of token counting: the provider's own count where it has one, else an estimate that is told as such. */
import type { Content } from "../kit/content.ts";
import { estimateInput } from "../metering/estimate-input.ts";
import type { ChatRequest } from "../model/chat.ts";
import { guardDepth } from "../model/deep.ts";
import { GatewayError } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import { Notes } from "../model/note.ts";
import { type CountWire, taken } from "../protocols/counting.ts";
import type { Candidate } from "../routing/resolve.ts";
import { answerJson, readText, told, underLimits } from "./attempt.ts";
import { continued } from "./continuing.ts";
import { type Exchange, openExchange } from "./exchange.ts";
import type { Call, Gateway } from "./gateway.ts";
import { admit, authenticate, mayPass, opened, read, tryInOrder } from "./handle.ts";
import { crossingHeaders, ownHeaders } from "./headers.ts";
import { Received } from "./inbound.ts";
import { offeredBy } from "./offered.ts";
import { type Addressed, configuredFields, passedOn, writtenAnew } from "./outgoing.ts";
import { post } from "./post.ts";
import { replyError } from "./reply.ts";
import { route, type Speaker } from "./routing.ts";
import { isEnvelope, openSeals } from "./seals.ts";
import { withOpenSummaries } from "./summaries.ts";

/** The provider does not have this endpoint, or not for this model. */
const noCounter = new Set([404, 405, 501]);
/** A question of our own making that its counter does not take is not the client's fault. */
const notTaken = new Set([...noCounter, 400, 422]);

type Exchanged = Exchange<CountWire>;

/** The answer's text with its headers, when it is passed through; else the count. Undefined where nobody counts. */
type Counted = { headers: Headers; text: string } | { tokens: number } | undefined;

/** Leaves a usage row without tokens: counting is not charged. */
export async function count(gateway: Gateway, call: Call<CountWire>): Promise<Response> {
  const exchange = openExchange(gateway, call);
  exchange.isCounting = true;
  const spoken = (candidate: Candidate) =>
    isOwn(exchange, candidate) ? call.protocol : offeredBy(candidate, gateway.protocols)[0];
  // Counters have limits of their own: what they refuse says nothing of the model, and the other way round.
  exchange.minds = false;
  try {
    authenticate(exchange);
    const content = withOpenSummaries(exchange, await read(exchange));
    const first = askedIn(exchange, content, spoken);
    opened(exchange, first.envelope);
    const { previous } = first.envelope;
    const asked =
      previous === undefined ? first : askedOn(exchange, await continued(exchange, content, previous), previous);
    const candidates = route(exchange, asked.envelope.model, spoken);
    admit(exchange);
    const counted = await tryInOrder(exchange, candidates, (candidate) => attempt(exchange, asked, candidate));
    return reply(exchange, { asked, counted, candidate: candidates[0] });
  } catch (error) {
    return replyError(exchange, exchange.failure(error));
  }
}

function askedIn(exchange: Exchanged, content: Content, spoken: Speaker): Asked {
  const { protocol, place } = exchange.call;
  return new Asked(content, { protocol, place, mayPass: mayPass(exchange, content, spoken) });
}

/** What goes on from a kept answer may have to be edited wherever it goes: it is parsed in any case. */
function askedOn(exchange: Exchanged, content: Content, previous: string): Asked {
  const { protocol, place } = exchange.call;
  return new Asked(content, { protocol, place, mayPass: false, previous, scope: exchange.previousScope ?? "" });
}

class Asked extends Received<CountWire> {
  private request: ChatRequest | undefined;

  /** Throws `invalid-request`. */
  canonical(notes: Notes): ChatRequest {
    this.request ??= guardDepth(() => this.protocol.parseRequest(this.body, notes, this.place));
    return this.request;
  }
}

function isOwn({ call }: Exchanged, candidate: Candidate): boolean {
  return offeredBy(candidate, [call.protocol]).length > 0;
}

async function attempt(exchange: Exchanged, asked: Asked, candidate: Candidate): Promise<Counted> {
  const own = isOwn(exchange, candidate);
  const prepared = own
    ? told(exchange, () => clientsQuestion(exchange, asked, candidate))
    : translatedQuestion(exchange, asked, candidate);
  if (!prepared) return undefined;
  return underLimits(exchange, candidate, async (controller) => {
    try {
      const response = await post(exchange, { candidate, prepared, controller });
      const text = await readText(response, controller.signal);
      const tokens = prepared.protocol.parseAnswer(answerJson(text));
      return own ? { headers: response.headers, text } : { tokens };
    } catch (error) {
      const status = error instanceof GatewayError ? (error.detail.upstreamStatus ?? 0) : 0;
      if ((own ? noCounter : notTaken).has(status)) return undefined;
      throw error;
    }
  });
}

function clientsQuestion(exchange: Exchanged, asked: Asked, candidate: Candidate): Addressed<CountWire> {
  const { protocol } = exchange.call;
  // `pass` itself takes out what the makers of a kept conversation alone can read.
  const { scope = candidate.facts.scope } = asked.envelope;
  const mayStrip = asked.hasEnvelope && scope === candidate.facts.scope;
  const without = mayStrip ? protocol.strip(asked.body, isEnvelope, candidate.facts) : new Map();
  return passedOn(exchange, asked, { candidate, without, configured: configured(exchange, candidate, protocol) });
}

/** Undefined where the provider has no counter, or has no words for what is in the request. */
function translatedQuestion(exchange: Exchanged, asked: Asked, candidate: Candidate): Addressed<CountWire> | undefined {
  const { gateway, key, notes } = exchange;
  const [protocol] = offeredBy(candidate, gateway.countWires);
  if (!protocol) return undefined;
  const request = openSeals({ key: gateway.sealKey, owner: key?.name ?? "" }, asked.canonical(notes));
  try {
    const built = guardDepth(() => protocol.counted.buildRequest(request, candidate.facts, new Notes()));
    const question = protocol.buildQuestion(built, candidate.facts.model);
    const fields = configured(exchange, candidate, protocol);
    return writtenAnew(exchange, question, { candidate, protocol, configured: fields });
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

/** Of the configured fields those that a counter takes. */
function configured(exchange: Exchanged, candidate: Candidate, { takes }: CountWire): Record<string, Json>[] {
  return configuredFields(exchange, candidate).map((fields) => taken(fields, takes));
}

interface Replying {
  asked: Asked;
  counted: Counted;
  /** The one that would answer first. */
  candidate: Candidate | undefined;
}

function reply(exchange: Exchanged, { asked, counted, candidate }: Replying): Response {
  const passes = counted && "text" in counted;
  const body = passes ? counted.text : built(exchange, counted?.tokens ?? estimated(exchange, asked, candidate));
  const crossing = passes ? crossingHeaders(counted.headers) : {};
  const headers = { ...crossing, "content-type": "application/json", ...ownHeaders(exchange) };
  exchange.close(200);
  return new Response(body, { headers });
}

function estimated(exchange: Exchanged, asked: Asked, candidate: Candidate | undefined): number {
  const tokens = estimateInput(asked.canonical(exchange.notes));
  exchange.notes.add("estimated", "input_tokens");
  return exchange.gateway.calibration.corrected(`${candidate?.provider.id}/${candidate?.model}`, tokens);
}

function built(exchange: Exchanged, tokens: number): string {
  return JSON.stringify(exchange.call.protocol.buildAnswer(Math.max(1, tokens)));
}

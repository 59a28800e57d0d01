/** The pipeline of embeddings: the same steps as `handle`, around one answer that is never streamed. */
import { estimateUsage } from "../metering/estimate.ts";
import { guardDepth } from "../model/deep.ts";
import type { EmbeddingAnswer, EmbeddingRequest } from "../model/embedding.ts";
import type { Notes } from "../model/note.ts";
import type { EmbeddingWire } from "../protocols/embedding.ts";
import type { Candidate } from "../routing/resolve.ts";
import { answerJson, post, readText, told, underLimits } from "./attempt.ts";
import { type Exchange, openExchange } from "./exchange.ts";
import type { Call, Gateway } from "./gateway.ts";
import { admit, authenticate, mayPass, opened, read, route, tryInOrder } from "./handle.ts";
import { crossingHeaders, ownHeaders } from "./headers.ts";
import { Received } from "./inbound.ts";
import { type Addressed, offeredBy, passedOn, writtenAnew } from "./outgoing.ts";
import { renamed, replyError } from "./reply.ts";

export async function embed(gateway: Gateway, call: Call<EmbeddingWire>): Promise<Response> {
  const exchange = openExchange(gateway, call);
  const spoken = (candidate: Candidate) => wireFor(candidate, call.protocol, gateway.embeddingWires);
  try {
    authenticate(exchange);
    const text = await read(exchange);
    const { protocol, place } = call;
    const asked = new Asked(text, { protocol, place, mayPass: mayPass(exchange, text, spoken) });
    opened(exchange, asked.envelope);
    const candidates = route(exchange, asked.envelope.model, spoken);
    admit(exchange);
    const upstream = await tryInOrder(exchange, candidates, (candidate) =>
      attempt(exchange, asked, { candidate, protocol: spoken(candidate) ?? protocol }),
    );
    return reply(exchange, upstream);
  } catch (error) {
    return replyError(exchange, exchange.failure(error));
  }
}

class Asked extends Received<EmbeddingWire> {
  private request: EmbeddingRequest | undefined;

  /** Throws `invalid-request`. */
  canonical(notes: Notes): EmbeddingRequest {
    this.request ??= guardDepth(() => this.protocol.parseRequest(this.body, notes, this.place));
    return this.request;
  }
}

/** The client's own wire where the provider offers it for this model, else the first of its list that we speak. */
function wireFor(candidate: Candidate, client: EmbeddingWire, known: readonly EmbeddingWire[]) {
  const all = offeredBy(candidate, known);
  const alone = all.filter((wire) => !wire.standsBack);
  const offered = alone.length > 0 ? alone : all;
  return offered.find((wire) => wire === client) ?? offered[0];
}

type Exchanged = Exchange<EmbeddingWire>;

/** The answer's text with its headers, when it is passed through; else what was asked, and the answer to it. */
type Upstream = { headers: Headers; text: string } | { request: EmbeddingRequest; answer: EmbeddingAnswer };

interface Target {
  candidate: Candidate;
  protocol: EmbeddingWire;
}

function attempt(exchange: Exchanged, asked: Asked, target: Target): Promise<Upstream> {
  const { candidate, protocol } = target;
  return underLimits(exchange, candidate, async (controller) => {
    const { request, ...prepared } = told(exchange, () => prepare(exchange, asked, target));
    const response = await post(exchange, { candidate, prepared, controller });
    const text = await readText(response, controller.signal);
    const json = answerJson(text);
    const answer = request && protocol.parseResponse(json, request.inputs.length);
    exchange.usage = answer ? answer.usage : protocol.parseUsage(json);
    exchange.finish = "stop";
    return request && answer ? { request, answer } : { headers: response.headers, text };
  });
}

function prepare(
  exchange: Exchanged,
  asked: Asked,
  target: Target,
): Addressed<EmbeddingWire> & { request?: EmbeddingRequest } {
  const { candidate, protocol } = target;
  if (protocol === exchange.call.protocol) return passedOn(exchange, asked, { candidate });
  const request = asked.canonical(exchange.notes);
  const built = protocol.buildRequest(request, candidate.facts, exchange.notes);
  return { ...writtenAnew(exchange, built, target), request };
}

function reply(exchange: Exchanged, upstream: Upstream): Response {
  const body = "text" in upstream ? renamed(exchange, upstream.text) : rendered(exchange, upstream);
  const crossing = "text" in upstream ? crossingHeaders(upstream.headers) : {};
  const headers = { ...crossing, "content-type": "application/json", ...ownHeaders(exchange) };
  exchange.close(200);
  return new Response(body, { headers });
}

function rendered(exchange: Exchanged, { request, answer }: Exclude<Upstream, { text: string }>): string {
  const { requestCharacters } = exchange;
  // What the client is told is what the usage row will say.
  const usage = answer.usage ?? estimateUsage(undefined, { requestCharacters, frames: 0 });
  if (!answer.usage) exchange.notes.add("estimated", "usage");
  const named = { ...request, model: exchange.model ?? request.model };
  return JSON.stringify(exchange.call.protocol.buildResponse({ ...answer, usage }, named));
}

/** The pipeline of embeddings: the same steps as `handle`, around one answer that is never streamed. */
import { estimateUsage } from "../metering/estimate.ts";
import { guardDepth } from "../model/deep.ts";
import { type EmbeddingAnswer, type EmbeddingRequest, joinAnswers } from "../model/embedding.ts";
import type { Notes } from "../model/note.ts";
import type { EmbeddingWire } from "../protocols/embedding.ts";
import type { Candidate } from "../routing/resolve.ts";
import { answerJson, readText, told, underLimits } from "./attempt.ts";
import { type Exchange, openExchange } from "./exchange.ts";
import type { Call, Gateway } from "./gateway.ts";
import { admit, authenticate, mayPass, opened, read, tryInOrder } from "./handle.ts";
import { crossingHeaders, ownHeaders } from "./headers.ts";
import { Received } from "./inbound.ts";
import { offeredBy } from "./offered.ts";
import { type Addressed, passedOn, writtenAnew } from "./outgoing.ts";
import { post } from "./post.ts";
import { hasQuotas, underQuotas, weightOfLength } from "./quotas.ts";
import { renamed, replyError } from "./reply.ts";
import { route } from "./routing.ts";

export async function embed(gateway: Gateway, call: Call<EmbeddingWire>): Promise<Response> {
  const exchange = openExchange(gateway, call);
  const spoken = (candidate: Candidate) => wireFor(candidate, call.protocol, gateway.embeddingWires);
  try {
    authenticate(exchange);
    const content = await read(exchange);
    const { protocol, place } = call;
    const asked = new Asked(content, { protocol, place, mayPass: mayPass(exchange, content, spoken) });
    opened(exchange, asked.envelope);
    const candidates = route(exchange, asked.envelope.model, spoken);
    admit(exchange);
    const allowed = hasQuotas(exchange)
      ? await underQuotas(exchange, candidates, () => weightOfLength(content.length))
      : candidates;
    const upstream = await tryInOrder(exchange, allowed, (candidate) =>
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
  return underLimits(exchange, target.candidate, async (controller) => {
    const isOwn = target.protocol === exchange.call.protocol;
    const upstream = await (isOwn ? passThrough : translate)(exchange, asked, { ...target, controller });
    exchange.finish = "stop";
    return upstream;
  });
}

interface Running extends Target {
  controller: AbortController;
}

async function passThrough(exchange: Exchanged, asked: Asked, running: Running): Promise<Upstream> {
  const { candidate, protocol } = running;
  const prepared = told(exchange, () => passedOn(exchange, asked, { candidate }));
  const { headers, text } = await call(exchange, prepared, running);
  exchange.usage = protocol.parseUsage(answerJson(text));
  return { headers, text };
}

async function translate(exchange: Exchanged, asked: Asked, running: Running): Promise<Upstream> {
  const { candidate, protocol } = running;
  const { request, calls } = told(exchange, () => {
    const canonical = asked.canonical(exchange.notes);
    return { request: canonical, calls: protocol.buildRequests(canonical, candidate.facts, exchange.notes) };
  });
  const answers: EmbeddingAnswer[] = [];
  // One after the other: a provider that limits a request's size limits what runs at once, too.
  for (const built of calls) {
    const { text } = await call(exchange, writtenAnew(exchange, built, running), running);
    answers.push(protocol.parseResponse(answerJson(text), built.count));
  }
  const answer = joinAnswers(answers);
  exchange.usage = answer.usage;
  return { request, answer };
}

async function call(exchange: Exchanged, prepared: Addressed<EmbeddingWire>, { candidate, controller }: Running) {
  const response = await post(exchange, { candidate, prepared, controller });
  return { headers: response.headers, text: await readText(response, controller.signal) };
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

/** Asks a model that sees what an image shows: a request of its own, with its own usage row, on the same client key. */
import { Content } from "../kit/content.ts";
import { uuidv7 } from "../kit/id.ts";
import type { ChatRequest, MediaBlock } from "../model/chat.ts";
import { GatewayError, toGatewayError } from "../model/error.ts";
import type { Answer } from "../model/event.ts";
import type { Json } from "../model/json.ts";
import { Notes } from "../model/note.ts";
import { defaultCapabilities, type TargetFacts } from "../model/target.ts";
import type { Outgoing, Protocol } from "../protocols/protocol.ts";
import { fetchMedia } from "../providers/media.ts";
import { attempt, type WholeUpstream } from "./attempt.ts";
import { type Exchange, openExchange } from "./exchange.ts";
import type { Call } from "./gateway.ts";
import { parse, tryInOrder, wholeOnly } from "./handle.ts";
import { hasQuotas, underQuotas, weightOf } from "./quotas.ts";
import { route, speaker } from "./routing.ts";
import type { Picture } from "./vision.ts";

const mostTokens = 4096;

/** One question about an image at a time: whoever asks the same waits for the same answer. */
export class Describer {
  private readonly running = new Map<string, Promise<string>>();

  async describe(parent: Exchange, picture: Picture, signal: AbortSignal): Promise<string> {
    const running = this.running.get(picture.key);
    if (running) {
      try {
        return await running;
      } catch (error) {
        // Whoever asked first may have left; this one has not.
        if (signal.aborted || toGatewayError(error).code !== "cancelled") throw error;
        return this.describe(parent, picture, signal);
      }
    }
    const asked = ask(parent, picture, signal).finally(() => this.running.delete(picture.key));
    this.running.set(picture.key, asked);
    return asked;
  }
}

async function ask(parent: Exchange, picture: Picture, signal: AbortSignal): Promise<string> {
  const block = await withContent(parent, picture.block, signal);
  const exchange = openExchange(parent.gateway, callFor(parent, { ...picture, block }, signal));
  exchange.key = parent.key;
  exchange.label = parent.label;
  exchange.parent = parent.id;
  try {
    const inbound = await parse(exchange);
    const candidates = route(exchange, inbound.envelope.model, speaker(exchange));
    const allowed = hasQuotas(exchange) ? await underQuotas(exchange, candidates, () => weightOf(inbound)) : candidates;
    const upstream = await tryInOrder(exchange, allowed, (candidate, isLast) =>
      attempt(exchange, inbound, { candidate, isLast }),
    );
    const text = wordsOf(answersOf(wholeOnly(upstream), exchange.call.protocol));
    if (text === "") throw new GatewayError("upstream-failed", "The model said nothing of the image.");
    exchange.close(200);
    return text;
  } catch (thrown) {
    const error = exchange.failure(thrown);
    exchange.close(error.status, error);
    throw error;
  }
}

/** Whatever can be fetched goes as its content: not every provider fetches every address. */
async function withContent({ snapshot }: Exchange, block: MediaBlock, signal: AbortSignal): Promise<MediaBlock> {
  const { fetch, maxBytes, allowPrivate } = snapshot.settings.media;
  const { source, at = "items" } = block;
  if (!fetch || source.type !== "url" || !/^https?:/i.test(source.url)) return block;
  const media = await fetchMedia(source.url, { kind: "image", at, maxBytes, allowPrivate, signal });
  return { ...block, mime: media.mime, source: { type: "bytes", data: media.data } };
}

/** The question in the client's own protocol, as if it came in where the client's request did. */
function callFor({ call }: Exchange, picture: Picture, signal: AbortSignal): Call {
  const { protocol, address } = call;
  const { path, body } = questionIn(protocol, picture);
  const text = JSON.stringify(body);
  return {
    requestId: uuidv7(),
    protocol,
    place: { path: placeOf(protocol, path), query: new URLSearchParams() },
    headers: new Headers(),
    credentials: [],
    address,
    body: async () => Content.ofText(text),
    signal,
  };
}

function questionIn(protocol: Protocol, { block, prompt, descriptor }: Picture): Outgoing {
  const { at: _at, cache: _cache, ext: _ext, ...image } = block;
  const request: ChatRequest = {
    protocol: protocol.name,
    model: descriptor,
    instructions: [],
    items: [{ type: "message", role: "user", blocks: [{ type: "text", text: prompt }, image] }],
    tools: [],
    sampling: { maxTokens: mostTokens },
    stream: false,
    store: false,
  };
  const facts: TargetFacts = { provider: "", model: descriptor, scope: "", can: defaultCapabilities };
  return protocol.buildRequest(request, facts, new Notes());
}

/** Where the question would come in: some protocols name the model in the path. */
function placeOf({ routes }: Protocol, path: string): string {
  const served = routes.find(({ operation }) => operation === "generate")?.path ?? path;
  const models = served.indexOf("/models/");
  return models < 0 ? served : served.slice(0, models) + path;
}

function answersOf(upstream: WholeUpstream, protocol: Protocol): Answer[] {
  if (upstream.answers.length > 0 || upstream.text === undefined) return upstream.answers;
  return protocol.parseResponse(JSON.parse(upstream.text) as Json);
}

function wordsOf([answer]: readonly Answer[]): string {
  const blocks = (answer?.items ?? []).flatMap((item) => (item.type === "message" ? item.blocks : []));
  const texts = blocks.flatMap((block) => (block.type === "text" ? [block.text] : []));
  return texts.join("\n").trim();
}

/**
 * The built-in provider `demo`: an upstream inside the process, reached through the same call as any other. Models
 * whose name begins with `fail-`, or is `slow`, `cut` or `hang`, misbehave on purpose, so that failover can be tried.
 */
import { writeFrame } from "../../kit/sse.ts";
import { replay } from "../../model/collect.ts";
import { guardDepth } from "../../model/deep.ts";
import { type ErrorCode, GatewayError, toGatewayError } from "../../model/error.ts";
import type { Answer, ChatEvent } from "../../model/event.ts";
import type { JsonObject } from "../../model/json.ts";
import { Notes } from "../../model/note.ts";
import { emptyUsage } from "../../model/usage.ts";
import type { CompactingWire } from "../../protocols/compacting.ts";
import type { CountWire } from "../../protocols/counting.ts";
import type { EmbeddingWire } from "../../protocols/embedding.ts";
import type { Place, Protocol, ReplyContext, Wire } from "../../protocols/protocol.ts";
import type { Transport, TransportInit } from "../call.ts";
import { demoAnswer, pieces } from "./answer.ts";
import { demoEmbeddings } from "./embed.ts";

/** Base URLs of the demo provider are `demo:<protocol>`. */
export const demoScheme = "demo:";

export interface DemoPace {
  /** Milliseconds before the first token, and between two. */
  firstMs: number;
  tokenMs: number;
}

export const realisticPace: DemoPace = { firstMs: 120, tokenMs: 15 };

export interface DemoWires {
  protocols: readonly Protocol[];
  embeddingWires: readonly EmbeddingWire[];
  countWires: readonly CountWire[];
  compactingWires: readonly CompactingWire[];
}

export function createDemoTransport(wires: DemoWires, pace: DemoPace = realisticPace): Transport {
  return (url, init) => {
    const name = url.slice(demoScheme.length).split("/")[0];
    const place = placeOf(url);
    const embedding = wires.embeddingWires.find((one) => one.name === name && one.serves(place.path));
    if (embedding) return answered(embedding, () => embed(embedding, { place, pace, init }));
    const lacking = [...wires.countWires, ...wires.compactingWires].find(
      (one) => one.name === name && one.serves(place.path),
    );
    if (lacking) return answered(lacking, async () => Promise.reject(noEndpoint()));
    const protocol = wires.protocols.find((one) => one.name === name);
    if (!protocol) throw new TypeError(`The demo provider does not speak ${name}`);
    const now = Math.floor(Date.now() / 1000);
    return answered(protocol, () => {
      const request = guardDepth(() => protocol.parseRequest(bodyOf(init), new Notes(), place));
      return reply({ protocol, context: { request, requestId: "demo", now }, pace, signal: init.signal });
    });
  };
}

async function answered(wire: Wire, run: () => Promise<Response>): Promise<Response> {
  try {
    return await run();
  } catch (error) {
    return errorResponse(wire, toGatewayError(error));
  }
}

function bodyOf({ body }: TransportInit): JsonObject {
  return JSON.parse(String(body)) as JsonObject;
}

interface EmbeddingTurn {
  place: Place;
  pace: DemoPace;
  init: TransportInit;
}

async function embed(wire: EmbeddingWire, { place, pace, init }: EmbeddingTurn): Promise<Response> {
  const request = guardDepth(() => wire.parseRequest(bodyOf(init), new Notes(), place));
  await misbehave(request.model, init.signal);
  const { usage = emptyUsage(), ...answer } = demoEmbeddings(request);
  await wait(pace.firstMs, init.signal);
  return Response.json(wire.buildResponse({ ...answer, usage }, request));
}

function noEndpoint(): GatewayError {
  return new GatewayError("not-found", "The demo provider counts no tokens and makes no conversation shorter.");
}

/** What the names of some models promise. */
async function misbehave(model: string, signal: AbortSignal): Promise<void> {
  if (model.startsWith("fail-")) throw failure(Number(model.slice("fail-".length)));
  if (model === "hang") await wait(2 ** 31 - 1, signal);
  if (model === "slow") await wait(5000, signal);
}

function placeOf(url: string): Place {
  const { pathname, searchParams } = new URL(url.slice(demoScheme.length), "http://demo/");
  return { path: pathname, query: searchParams };
}

interface Turn {
  protocol: Protocol;
  context: ReplyContext;
  pace: DemoPace;
  signal: AbortSignal;
}

async function reply(turn: Turn): Promise<Response> {
  const { protocol, context, signal } = turn;
  const request = context.request;
  const model = request.model;
  await misbehave(model, signal);
  const answer = { ...guardDepth(() => demoAnswer(request, model)), created: context.now };
  if (request.stream) {
    const headers = { "content-type": "text/event-stream; charset=utf-8" };
    return new Response(streamBody(turn, answer), { headers });
  }
  await wait(turn.pace.firstMs, signal);
  if (model === "cut") throw new TypeError("The demo model `cut` ends its answers in the middle");
  return Response.json(protocol.buildResponse([answer], context));
}

function failure(status: number): GatewayError {
  const codes: Record<number, ErrorCode> = {
    400: "invalid-request",
    401: "unauthenticated",
    402: "billing",
    404: "not-found",
    429: "rate-limited",
    503: "overloaded",
    529: "overloaded",
  };
  const known = Number.isInteger(status) && status >= 400 && status <= 599;
  const retryAfterMs = status === 429 ? { retryAfterMs: 20_000 } : {};
  const detail = { status: known ? status : 500, ...retryAfterMs };
  return new GatewayError(
    codes[status] ?? "internal",
    `The demo model fails with status ${detail.status}, as its name says.`,
    detail,
  );
}

function errorResponse(wire: Wire, error: GatewayError): Response {
  const built = wire.buildError(error, "demo");
  return Response.json(built.body, { status: error.detail.status ?? built.status, headers: built.headers });
}

/** Yields the answer's frames one token at a time; the model `cut` stops half-way without its end. */
function streamBody(turn: Turn, answer: Answer): ReadableStream<Uint8Array> {
  const encoder = turn.protocol.encodeStream(turn.context);
  const events = tokens(replay([answer]));
  const half = turn.context.request.model === "cut" ? Math.max(3, Math.floor(events.length / 2)) : events.length;
  const text = new TextEncoder();
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await wait(at === 0 ? turn.pace.firstMs : turn.pace.tokenMs, turn.signal);
      let out = "";
      while (out === "" && at < half)
        out += encoder
          .push(events[at++] as ChatEvent)
          .map(writeFrame)
          .join("");
      if (at >= half && half < events.length) {
        controller.enqueue(text.encode(out));
        controller.error(new TypeError("The demo model `cut` ends its answers in the middle"));
        return;
      }
      if (at >= half) out += encoder.end().map(writeFrame).join("");
      controller.enqueue(text.encode(out));
      if (at >= half) controller.close();
    },
  });
}

/** Splits whole deltas into one for each token. */
function tokens(events: ChatEvent[]): ChatEvent[] {
  return events.flatMap((event): ChatEvent[] => {
    if (event.type === "text-delta" || event.type === "reasoning-delta" || event.type === "args-delta") {
      return pieces(event.text).map((piece) => ({ ...event, text: piece }));
    }
    return [event];
  });
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  if (milliseconds <= 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const left = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", left);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", left, { once: true });
  });
}

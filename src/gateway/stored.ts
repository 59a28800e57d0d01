/** Answers that were kept: read, listed, deleted, by the key that asked for them and by no other. */
import { writeFrame } from "../kit/sse.ts";
import { GatewayError } from "../model/error.ts";
import type { StoredResponse } from "../model/stored.ts";
import type { StoredOperation } from "../protocols/protocol.ts";
import type { StoredAnswers } from "../protocols/stored.ts";
import { type Running, streamOf } from "./background.ts";
import type { Call, Gateway } from "./gateway.ts";

export interface StoredQuestion {
  operation: StoredOperation;
  /** Id of the answer, as its client knows it. */
  id: string;
}

/** Throws in the same words when there is no such answer and when it is another key's. */
export async function answerStored(gateway: Gateway, call: Call, question: StoredQuestion): Promise<Response> {
  const { credentials, address, protocol } = call;
  const { key } = gateway.authenticate(gateway.config.current(), { credentials, address, now: Date.now() });
  const { operation, id } = question;
  const shape = protocol.stored;
  if (!shape) throw missing(id);
  const place = { owner: key.name, protocol: protocol.name, id };
  const running = gateway.backgrounds.find(place);
  if (running) {
    const told = await answerRunning(gateway, call, { running, operation });
    if (told) return told;
  }
  if (operation === "delete-stored") {
    if (!(await gateway.stored.remove(place))) throw missing(id);
    return reply(call, JSON.stringify(shape.buildDeleted(id)));
  }
  const stored = await gateway.stored.find(place);
  if (!stored) throw missing(id);
  if (operation === "stored") return read(call, shape, stored);
  if (operation === "cancel-stored") return reply(call, JSON.stringify(shape.cancel(stored)));
  const input = (await gateway.stored.findInput(stored.requestId)) ?? "[]";
  return reply(call, JSON.stringify(shape.buildInput(stored, input, call.place.query)));
}

/** Undefined where only the end is left to do: what is deleted is cancelled first. */
async function answerRunning(
  { config }: Gateway,
  call: Call,
  { running, operation }: { running: Running; operation: StoredOperation },
): Promise<Response | undefined> {
  const { shape, place } = running;
  if (operation === "cancel-stored") return reply(call, await running.cancel());
  if (operation === "delete-stored") {
    await running.cancel();
    return undefined;
  }
  const { heartbeatMs } = config.current().settings;
  const after = operation === "stored" ? shape.startOf(call.place.query) : undefined;
  if (after !== undefined) {
    const stream = streamOf(running, { after, heartbeatMs, heartbeat: call.protocol.heartbeat });
    return reply(call, stream, "text/event-stream; charset=utf-8");
  }
  const response = JSON.stringify(running.pending);
  if (operation === "stored") return reply(call, response);
  const unknown = { requestId: call.requestId, at: Date.now(), model: "", target: "", scope: "", lastEvent: null };
  return reply(
    call,
    JSON.stringify(shape.buildInput({ ...unknown, ...place, response }, running.input, call.place.query)),
  );
}

function read(call: Call, shape: StoredAnswers, stored: StoredResponse): Response {
  const found = shape.read(stored, call.place.query);
  if ("text" in found) return reply(call, found.text);
  return reply(call, found.frames.map(writeFrame).join(""), "text/event-stream; charset=utf-8");
}

function reply(
  { requestId, protocol: { idHeader } }: Call,
  body: string | ReadableStream,
  type = "application/json",
): Response {
  const headers: Record<string, string> = { "content-type": type, "x-request-id": requestId };
  if (idHeader !== undefined) headers[idHeader] = requestId;
  return new Response(body, { headers });
}

function missing(id: string): GatewayError {
  const words = "It may have expired or been deleted, or was made with store set to false.";
  return new GatewayError("not-found", `There is no response with the id ${JSON.stringify(id)}. ${words}`);
}

/** A request that goes on from a kept answer: its whole conversation is put in place of the answer's id. */
import { Content } from "../kit/content.ts";
import { GatewayError } from "../model/error.ts";
import type { StoredResponse } from "../model/stored.ts";
import type { Protocol, Wire } from "../protocols/protocol.ts";
import type { Exchange } from "./exchange.ts";

type Continuing = Wire & Pick<Protocol, "stored">;

/**
 * The content with the conversation up to the answer `id`, which only the key that asked for it can go on from. Throws
 * `invalid-request` in the same words when there is none and when it is another key's.
 */
export async function continued(exchange: Exchange<Continuing>, content: Content, id: string): Promise<Content> {
  const { call, key, gateway } = exchange;
  const { stored } = call.protocol;
  const answer = key && (await gateway.stored.find({ owner: key.name, protocol: call.protocol.name, id }));
  const input = answer ? await gateway.stored.findInput(answer.requestId) : undefined;
  if (!stored || !answer || input === undefined) throw missing(id, stored?.previousMember);
  const whole = Content.ofText(stored.continueFrom(content.text, { input, response: answer.response }));
  content.release();
  exchange.requestCharacters = whole.length;
  exchange.previous = id;
  exchange.previousScope = answer.scope;
  return whole;
}

/** May something in the request refer to an item of a kept answer? */
export function refers({ call }: Exchange<Continuing>, content: Content): boolean {
  return call.protocol.stored !== undefined && content.includes(call.protocol.stored.referenceMark);
}

/**
 * The content with items in place of what refers to them by their ids, as far as kept answers of this key hold them: a
 * provider of another account, or another protocol, knows none of them.
 */
export async function dereferenced(exchange: Exchange<Continuing>, content: Content): Promise<Content> {
  const { call, key, gateway } = exchange;
  const { stored } = call.protocol;
  if (!stored || !key) return content;
  const holders = new Map<string, StoredResponse>();
  for (const id of stored.references(content.text)) {
    const place = { owner: key.name, protocol: call.protocol.name, id };
    const holder =
      [...holders.values()].find(({ items }) => items?.includes(id)) ?? (await gateway.stored.findHolder(place));
    if (holder) holders.set(holder.requestId, holder);
  }
  if (holders.size === 0) return content;
  const answers = [...holders.values()];
  const whole = Content.ofText(
    stored.dereferenced(
      content.text,
      answers.map(({ response }) => response),
    ),
  );
  content.release();
  const scopes = new Set(answers.map(({ scope }) => scope).concat(exchange.previousScope ?? []));
  exchange.previousScope = scopes.size === 1 ? answers[0]?.scope : "";
  return whole;
}

function missing(id: string, param = ""): GatewayError {
  const words =
    "It may have expired or been deleted, or was made with store set to false. Send the whole conversation.";
  const message = `There is no response with the id ${JSON.stringify(id)} to go on from. ${words}`;
  return new GatewayError("invalid-request", message, { param, vendorCode: "previous_response_not_found" });
}

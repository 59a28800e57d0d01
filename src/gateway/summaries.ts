/** Summaries of conversations that stand in a request in our envelope: only this gateway can read them. */
import { Content } from "../kit/content.ts";
import type { Seal } from "../model/chat.ts";
import { GatewayError } from "../model/error.ts";
import type { Protocol, Wire } from "../protocols/protocol.ts";
import type { Exchange } from "./exchange.ts";
import { isEnvelope, unwrapSeal, wrapSeal } from "./seals.ts";

/** What such an envelope says of itself: it belongs to no provider. */
const origin = "summary";
const form: Seal["form"] = "encrypted";

export function sealSummary({ gateway, key }: Exchange, text: string): string {
  return wrapSeal({ key: gateway.sealKey, owner: key?.name ?? "" }, { origin, form, bytes: text });
}

/** The content with our summaries as texts that any provider can read. Throws `invalid-request` for another key's. */
export function withOpenSummaries(exchange: Exchange<Wire & Pick<Protocol, "summaries">>, content: Content): Content {
  const { summaries } = exchange.call.protocol;
  if (!summaries || !content.includes(summaries.mark)) return content;
  const ring = { key: exchange.gateway.sealKey, owner: exchange.key?.name ?? "" };
  const opened = summaries.opened(content.text, (sealed, param) => {
    if (!isEnvelope(sealed)) return undefined;
    const seal = unwrapSeal(ring, sealed);
    if (seal?.origin === origin) return seal.bytes;
    const words =
      "this summary was not made here for this key, or it was changed on the way. Send what it was made of.";
    throw new GatewayError("invalid-request", `${param}: ${words}`, { param });
  });
  if (opened === content.text) return content;
  const whole = Content.ofText(opened);
  content.release();
  exchange.requestCharacters = whole.length;
  return whole;
}

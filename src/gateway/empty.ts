/** Answers that end well and say nothing: another target may do better. */
import { GatewayError } from "../model/error.ts";
import type { Answer, ChatEvent } from "../model/event.ts";
import type { Json } from "../model/json.ts";
import { outputTokens } from "../model/usage.ts";
import type { Upstream } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";

/** Throws where the answer is empty, and leaves its upstream. It counts nothing against the target. */
export function refuseEmpty(exchange: Exchange, upstream: Upstream): void {
  const { usage, finish } = exchange;
  if (upstream.kind === "whole" && (finish !== "stop" || (usage && outputTokens(usage) > 0))) return;
  if (!isEmpty(upstream)) return;
  const error = new GatewayError("upstream-failed", "The provider gave an empty answer.", { isAside: true });
  if (upstream.kind === "stream") {
    for (const { events } of upstream.steps) exchange.observe(events);
    upstream.feed.cancel(error);
  }
  exchange.passOver(error);
  throw error;
}

function isEmpty(upstream: Upstream): boolean {
  if (upstream.kind === "stream") {
    const events = upstream.steps.flatMap((step) => step.events);
    return events.some(endsWell) && !events.some(saysAnything);
  }
  const { answers, text, protocol } = upstream;
  const all = answers.length > 0 || text === undefined ? answers : protocol.parseResponse(JSON.parse(text) as Json);
  return all.length > 0 && all.every((one) => one.finish === "stop" && !saysIn(one.items));
}

function endsWell(event: ChatEvent): boolean {
  return event.type === "finish" && event.reason === "stop";
}

function saysAnything(event: ChatEvent): boolean {
  switch (event.type) {
    case "text-delta":
    case "refusal-delta":
    case "reasoning-delta":
      return event.text !== "";
    case "item-end":
      return saysIn([event.item]);
    default:
      return false;
  }
}

function saysIn(items: Answer["items"]): boolean {
  return items.some((item) => {
    if (item.type === "message") {
      return item.blocks.some((block) => (block.type !== "text" && block.type !== "refusal") || block.text !== "");
    }
    if (item.type === "reasoning") return item.seals.length > 0 || item.text.some(({ text }) => text !== "");
    return true;
  });
}

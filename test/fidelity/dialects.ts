/** The protocols, with what the fidelity tests know of each. */

import { protocolOrder } from "../../src/protocols/fates/fate.ts";
import { protocols } from "../../src/protocols/index.ts";
import type { Protocol } from "../../src/protocols/protocol.ts";
import { chatDialect } from "./dialect-chat.ts";
import { geminiDialect } from "./dialect-gemini.ts";
import { messagesDialect } from "./dialect-messages.ts";
import { responsesDialect } from "./dialect-responses.ts";

export type Name = (typeof protocolOrder)[number];

export const dialects = {
  chat: chatDialect,
  responses: responsesDialect,
  messages: messagesDialect,
  gemini: geminiDialect,
} as const;

export function protocolOf(name: Name): Protocol {
  const found = protocols.find((protocol) => protocol.name === name);
  if (!found) throw new Error(`no protocol ${name}`);
  return found;
}

export function othersOf(name: Name): Name[] {
  return protocolOrder.filter((other) => other !== name);
}

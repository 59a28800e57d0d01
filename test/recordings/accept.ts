/** What a strict provider of each protocol takes. */
import type { JsonObject } from "../../src/model/json.ts";
import { checkChat } from "../support/upstream/chat-rules.ts";
import { checkGemini } from "../support/upstream/gemini-rules.ts";
import { checkMessages } from "../support/upstream/messages-rules.ts";
import { checkResponses } from "../support/upstream/responses-rules.ts";
import type { ProtocolName } from "./door.ts";

/** Throws where a provider would refuse what it was sent. Nothing was issued by it before. */
export function accept(provider: ProtocolName, body: JsonObject, headers: Record<string, string>): void {
  switch (provider) {
    case "chat":
      checkChat(body, false);
      break;
    case "messages":
      checkMessages({ body, headers: new Headers(headers), issued: new Map() });
      break;
    case "responses":
      checkResponses(body, { encrypted: new Map(), ids: new Set() });
      break;
    case "gemini":
      checkGemini(body, new Map());
  }
}

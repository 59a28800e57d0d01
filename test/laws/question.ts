/** The shortest request of each protocol, and whether a provider was asked for a stream. */
import type { JsonObject } from "../../src/model/json.ts";
import type { ProtocolName, Sent } from "../recordings/door.ts";

export function plainQuestion(client: ProtocolName, stream: boolean): JsonObject {
  switch (client) {
    case "gemini":
      return { contents: [{ role: "user", parts: [{ text: "q" }] }] };
    case "responses":
      return { model: "model", input: "q", stream };
    default:
      return { model: "model", max_tokens: 9, messages: [{ role: "user", content: "q" }], stream };
  }
}

export function asksStream({ url, body }: Sent): boolean {
  return url.includes(":streamGenerateContent") || (JSON.parse(body) as JsonObject).stream === true;
}

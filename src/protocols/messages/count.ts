/** `/messages/count_tokens`: a request without what only its answer needs. */
import type { JsonObject } from "../../model/json.ts";
import { type CountWire, countingOf, parseTokens, taken } from "../counting.ts";
import { messages } from "./index.ts";

const path = "/messages/count_tokens";
const takes = new Set([
  ...["model", "messages", "system", "tools", "tool_choice", "thinking", "cache_control", "output_config", "speed"],
  ...["context_management", "mcp_servers", "output_format"],
]);

/** The API has no `max_tokens` here, and requires it elsewhere. */
const whole = (body: JsonObject): JsonObject => ({ ...body, max_tokens: 1 });

export const messagesCount: CountWire = {
  ...countingOf(messages),
  routes: [{ method: "POST", path: `/v1${path}`, operation: "count" }],
  serves: (asked) => asked.endsWith(path),
  takes,
  open: (body, place) => ({ ...messages.open(whole(body), place), stream: false }),
  parseRequest: (body, notes, place) => ({ ...messages.parseRequest(whole(body), notes, place), sampling: {} }),
  buildAnswer: (tokens) => ({ input_tokens: tokens }),
  buildQuestion: (built) => ({ ...built, path, body: taken(built.body, takes) }),
  parseAnswer: (body) => parseTokens(body, "input_tokens"),
  mayEdit: messages.mayEdit,
  outline: ["stream"],
  pass: (envelope, body, target) => ({ ...messages.pass(envelope, body, target), path }),
};

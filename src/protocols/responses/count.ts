/** `/responses/input_tokens`: a request without what only its answer needs. */
import { type CountWire, countingOf, parseTokens, taken } from "../counting.ts";
import { responses } from "./index.ts";

const path = "/responses/input_tokens";
const object = "response.input_tokens";
const takes = new Set([
  ...["model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "text"],
  ...["truncation", "previous_response_id", "conversation"],
]);

export const responsesCount: CountWire = {
  ...countingOf(responses),
  routes: [{ method: "POST", path: `/v1${path}`, operation: "count" }],
  serves: (asked) => asked.endsWith(path),
  takes,
  open: (body, place) => ({ ...responses.open(body, place), stream: false }),
  parseRequest: responses.parseRequest,
  buildAnswer: (tokens) => ({ object, input_tokens: tokens }),
  buildQuestion: (built) => ({ ...built, path, body: taken(built.body, takes) }),
  parseAnswer: (body) => parseTokens(body, "input_tokens"),
  mayEdit: responses.mayEdit,
  pass: (envelope, body, target) => ({ ...responses.pass(envelope, body, target), path }),
};

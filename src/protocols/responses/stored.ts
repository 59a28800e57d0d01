/** Stored responses: what of an answer is kept, and how it is read again. */
import { memberText } from "../../kit/json.ts";
import type { JsonObject } from "../../model/json.ts";
import type { StoredResponse } from "../../model/stored.ts";
import { invalid } from "../chat/wire.ts";
import type { StoredAnswers, StoredReply } from "../stored.ts";
import { ended, identified, mint, pending } from "./background.ts";
import { keptAnswer, ResponseCollector } from "./collect-stored.ts";
import { continueFrom, dereferenced, previousMember, referenceMark, references } from "./continue.ts";
import { buildInputItems } from "./input-items.ts";
import { replayResponse } from "./replay-stored.ts";

export const stored: StoredAnswers = {
  background: { mint, pending, identified, ended },
  inputMember: "input",
  previousMember,
  continueFrom,
  referenceMark,
  references,
  dereferenced,
  collect: () => new ResponseCollector(),
  whole: keptAnswer,
  read,
  replay: (text) => replayResponse(text, null),
  startOf: (query) => (isStreamed(query.get("stream")) ? startOf(query.get("starting_after")) : undefined),
  buildInput: buildInputItems,
  buildDeleted: (id) => ({ id, object: "response", deleted: true }),
  cancel({ id, response }) {
    if (memberText(response, "background") === "true") return JSON.parse(response) as JsonObject;
    throw invalid(
      "response_id",
      `The response ${id} does not run in the background: only such a one can be cancelled.`,
    );
  },
};

/** What is included was decided when it was made: `include` changes nothing. */
function read({ response, lastEvent }: StoredResponse, query: URLSearchParams): StoredReply {
  const after = startOf(query.get("starting_after"));
  if (!isStreamed(query.get("stream"))) return { text: response };
  return { frames: replayResponse(response, lastEvent).slice(after) };
}

function isStreamed(text: string | null): boolean {
  if (text === null || text === "false") return false;
  if (text === "true") return true;
  throw invalid("stream", "stream must be true or false.");
}

/** How many events the client has. */
function startOf(text: string | null): number {
  if (text === null) return 0;
  if (/^\d{1,15}$/.test(text)) return Number(text) + 1;
  throw invalid("starting_after", "starting_after must be the number of an event.");
}

/** Real recordings, where PLEXUS_CORPUS names their folder. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { collect } from "../../../src/model/collect.ts";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { messages } from "../../../src/protocols/messages/index.ts";
import { build, checkGrammar, context, decode, decodeFrames, encode, parse, target } from "./support.ts";

const root = process.env.PLEXUS_CORPUS;
const folder = root ? join(root, "anthropic-messages") : undefined;
if (!folder) console.log("skipped: set PLEXUS_CORPUS to the folder of recordings to run the corpus tests of messages");

interface Meta {
  path: string;
  request: string | null;
  response: string;
}
const metas: Meta[] = folder
  ? readdirSync(folder)
      .filter((file) => file.endsWith(".meta.json"))
      .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Meta)
      .filter((meta) => /\/messages(\?|$)|Predict/.test(meta.path))
  : [];
const text = (file: string) => readFileSync(join(folder ?? "", file), "utf8");

describe.skipIf(!folder)("recordings", () => {
  test("every stream is read, and comes out of our encoder as it went in", () => {
    const streams = metas.filter(({ response }) => response.endsWith(".sse"));
    expect(streams.length).toBeGreaterThan(20);
    for (const { response } of streams) {
      const events = decode(text(response));
      expect(decode(text(response), 1)).toEqual(events);
      // One recording is spliced from two answers, which is an error.
      if (events.at(-1)?.type === "error") expect(response).toContain("spliced");
      else {
        const [answer] = collect(events);
        const frames = encode(events, answer?.model);
        checkGrammar(frames);
        expect(decodeFrames(frames)).toEqual(answer ? [answer] : []);
      }
    }
  });

  test("every whole answer is read, and comes out as it went in", () => {
    const whole = metas.filter(({ response }) => response.endsWith(".json"));
    expect(whole.length).toBeGreaterThan(20);
    for (const { response } of whole) {
      const body = JSON.parse(text(response)) as JsonObject;
      const answers = messages.parseResponse(body);
      const back = messages.buildResponse(answers, context(String(body.model)));
      expect(messages.parseResponse(back)).toEqual(answers);
    }
  });

  test("every request is read, and what we would send reads the same", () => {
    const requests = metas.flatMap(({ request }) => request ?? []);
    expect(requests.length).toBeGreaterThan(40);
    for (const file of requests) {
      const body = JSON.parse(text(file)) as JsonObject;
      const request = parse(body);
      const thinking = request.reasoning?.mode === "adaptive" ? "adaptive" : "budget";
      const facts = target({ midSystem: true, thinking });
      const { body: sent, notes } = build(request, facts);
      expect(notes).toEqual([]);
      const again = build(messages.parseRequest(JSON.parse(JSON.stringify(sent)) as JsonObject, new Notes()), facts);
      expect(again.body as Json).toEqual(sent as Json);
    }
  });
});

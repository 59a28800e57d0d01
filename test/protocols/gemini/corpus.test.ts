/** Real recordings, where PLEXUS_CORPUS names their folder. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { collect } from "../../../src/model/collect.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Answer } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { gemini } from "../../../src/protocols/gemini/index.ts";
import { build, checkGrammar, context, decode, decodeFrames, encode, place } from "./support.ts";

const root = process.env.PLEXUS_CORPUS;
if (!root) console.log("skipped: set PLEXUS_CORPUS to the folder of recordings to run the corpus tests of gemini");

interface Meta {
  path: string;
  protocol: string;
  status: number;
  request: string | null;
  response: string;
}

function metas(folder: string): Meta[] {
  if (!root) return [];
  return readdirSync(join(root, folder))
    .filter((file) => file.endsWith(".meta.json"))
    .map((file) => JSON.parse(readFileSync(join(root, folder, file), "utf8")) as Meta)
    .filter((meta) => meta.protocol === "gemini" && /enerateContent/.test(meta.path));
}
const text = (folder: string, file: string) => readFileSync(join(root ?? "", folder, file), "utf8");

/** The model is the client's, an id is made where there was none. */
function spoken(answer: Answer | undefined): unknown {
  return answer && { ...answer, id: "", model: "" };
}

describe.skipIf(!root)("recordings", () => {
  test("every stream is read, and comes out of our encoder as it went in", () => {
    const streams = metas("gemini").filter(({ response }) => response.endsWith(".sse"));
    expect(streams.length).toBeGreaterThan(15);
    let told = 0;
    for (const { response } of streams) {
      const events = decode(text("gemini", response));
      expect(decode(text("gemini", response), 1), response).toEqual(events);
      if (events.at(-1)?.type === "error") {
        told++;
        continue;
      }
      const [answer] = collect(events);
      const frames = encode(events);
      checkGrammar(frames);
      expect(spoken(decodeFrames(frames)[0]), response).toEqual(spoken(answer));
    }
    expect(told).toBeLessThan(3);
  });

  test("every whole answer is read, and comes out as it went in", () => {
    const whole = metas("gemini").filter(({ response }) => response.endsWith(".json"));
    expect(whole.length).toBeGreaterThan(20);
    for (const { response } of whole) {
      const body = JSON.parse(text("gemini", response));
      if (/MALFORMED|UNEXPECTED/.test(body.candidates?.[0]?.finishReason)) {
        expect(() => gemini.parseResponse(body)).toThrow(body.candidates[0].finishReason);
        continue;
      }
      const answers = gemini.parseResponse(body);
      const back = gemini.buildResponse(answers, context());
      expect(gemini.parseResponse(JSON.parse(JSON.stringify(back))).map(spoken), response).toEqual(answers.map(spoken));
    }
  });

  test("every request is read, and what we would send reads the same", () => {
    const requests = metas("gemini").flatMap(({ request }) => request ?? []);
    expect(requests.length).toBeGreaterThan(40);
    for (const file of requests) {
      const body = JSON.parse(text("gemini", file)) as JsonObject;
      const request = gemini.parseRequest(body, new Notes(), place());
      const { body: sent, notes } = build(request);
      expect(notes, file).toEqual([]);
      const again = build(gemini.parseRequest(sent, new Notes(), place()));
      expect(again.body, file).toEqual(sent);
    }
  });

  test("every error has a code that is not our own", () => {
    const errors = metas("errors");
    expect(errors.length).toBeGreaterThan(10);
    for (const { status, response } of errors) {
      const error = gemini.parseError(status, new Headers(), text("errors", response));
      expect(error).toBeInstanceOf(GatewayError);
      expect(["internal", "unauthenticated", "forbidden"], response).not.toContain(error.code);
      expect(error.message.length).toBeGreaterThan(3);
    }
  });
});

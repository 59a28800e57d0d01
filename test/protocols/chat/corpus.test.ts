import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FrameSplitter, readFrame } from "../../../src/kit/sse.ts";
import { collect, replay } from "../../../src/model/collect.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { ChatEvent } from "../../../src/model/event.ts";
import { chat } from "../../../src/protocols/chat/index.ts";
import { automaton } from "./automaton.ts";
import { build, context, decode, encode, parse } from "./support.ts";

const corpus = process.env.PLEXUS_CORPUS;

function files(folder: string, ending: string): [string, string][] {
  if (corpus === undefined) return [];
  const path = join(corpus, folder);
  return readdirSync(path)
    .filter((file) => file.endsWith(ending))
    .map((file) => [file, readFileSync(join(path, file), "utf8")]);
}

const ends = (events: ChatEvent[]) => events.filter((event) => event.type === "finish" || event.type === "error");
const counts = (events: ChatEvent[]) => events.filter((event) => event.type === "usage").at(-1);

if (corpus === undefined) {
  console.log("skipped: recorded traffic (set PLEXUS_CORPUS to its folder)");
} else {
  describe("recorded traffic", () => {
    for (const [file, body] of files("openai-chat", ".request.json")) {
      const json = JSON.parse(body);
      // Azure names the model in the path.
      if (json.model === undefined) continue;
      test(file, () => {
        const { body: out } = build(parse(json), { toolMedia: true });
        expect((out.messages as unknown[]).length).toBe(json.messages.length);
        expect(parse(out).items.length).toBeGreaterThan(0);
      });
    }

    for (const [file, body] of files("openai-chat", ".sse")) {
      test(file, () => {
        const splitter = new FrameSplitter();
        const frames = [...splitter.push(body), ...splitter.end()].flatMap((raw) => readFrame(raw) ?? []);
        const events = decode(frames);
        expect(new Set(ends(events).map((event) => (event.type === "finish" ? event.c : "error"))).size).toBe(
          ends(events).length,
        );
        const marked = frames.filter((frame, at) => at < 3 || frame.event === "error" || chat.markers.test(frame.data));
        const sparse = decode(marked);
        expect(counts(sparse)).toEqual(counts(events) as never);
        expect(ends(sparse).map((event) => event.type)).toEqual(ends(events).map((event) => event.type));
        if (events.some((event) => event.type === "error")) return;
        const answers = collect(events);
        const reply = context({ includeUsage: true, sampling: { n: answers.length } });
        const out = encode(replay(answers), reply);
        expect(automaton(out, true)).toEqual([]);
        expect(collect(decode(out)).map((one) => one.finish)).toEqual(answers.map((one) => one.finish));
      });
    }

    for (const [file, body] of files("openai-chat", ".response.json")) {
      test(file, () => {
        try {
          const answers = chat.parseResponse(JSON.parse(body));
          const again = chat.parseResponse(chat.buildResponse(answers, context()));
          expect(again.map((one) => one.items)).toEqual(answers.map((one) => one.items));
          expect(again[0]?.usage).toEqual(answers[0]?.usage as never);
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
          expect(error.message).not.toBe("");
        }
      });
    }

    for (const [file, body] of files("errors", ".response.json")) {
      test(file, () => {
        const meta = JSON.parse(
          readFileSync(join(corpus, "errors", file.replace(".response.json", ".meta.json")), "utf8"),
        );
        const error = chat.parseError(meta.status, new Headers(), body);
        expect(error.message).not.toBe("");
        if (meta.status === 429) expect(["rate-limited", "overloaded", "billing"]).toContain(error.code);
        if (meta.status === 401) expect(error.code).toBe("upstream-auth");
      });
    }
  });
}

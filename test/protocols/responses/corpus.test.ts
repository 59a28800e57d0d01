import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FrameSplitter, readFrame } from "../../../src/kit/sse.ts";
import { collect, replay } from "../../../src/model/collect.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Answer, ChatEvent } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { chat } from "../../../src/protocols/chat/index.ts";
import { gemini } from "../../../src/protocols/gemini/index.ts";
import { safeId } from "../../../src/protocols/ids.ts";
import { messages } from "../../../src/protocols/messages/index.ts";
import { responses } from "../../../src/protocols/responses/index.ts";
import { automaton } from "./automaton.ts";
import { build, context, decode, encode, last, parse } from "./support.ts";

const corpus = process.env.PLEXUS_CORPUS;

function files(folder: string, ending: string): [string, string][] {
  if (corpus === undefined) return [];
  const path = join(corpus, folder);
  return readdirSync(path)
    .filter((file) => file.endsWith(ending))
    .map((file) => [file, readFileSync(join(path, file), "utf8")]);
}

/** Its deltas were shortened by hand and say something else than its final texts. */
const contradictory = "ai_openai-shell-container-1_75b82d3e.response.sse";

const ends = (events: ChatEvent[]) => events.filter((event) => event.type === "finish" || event.type === "error");
const counts = (events: ChatEvent[]) => events.filter((event) => event.type === "usage").at(-1);

function texts(answers: Answer[]): string[] {
  return (answers[0]?.items ?? []).flatMap((item): string[] => {
    if (item.type === "message") return item.blocks.map((block) => ("text" in block ? block.text : block.type));
    if (item.type === "reasoning") return item.text.map((part) => part.text);
    if (item.type === "call") return [item.callId, item.name, item.args];
    // Opaque members of such items differ from event to event.
    return "json" in item ? [`${(item.json as JsonObject).type} ${(item.json as JsonObject).id}`] : [];
  });
}

/** What the recording's final output says, read by nothing of ours. */
function wireTexts(output: JsonObject[]): string[] {
  return output.flatMap((item): string[] => {
    const parts = (list: unknown) =>
      ((list ?? []) as { text?: string; refusal?: string }[]).map((one) => one.text ?? one.refusal ?? "");
    if (item.type === "message") return parts(item.content);
    if (item.type === "reasoning") return [...parts(item.summary), ...parts(item.content)];
    if (item.type === "function_call") return [item.call_id, item.name, item.arguments] as string[];
    return [];
  });
}

if (corpus === undefined) {
  console.log("skipped: recorded traffic (set PLEXUS_CORPUS to its folder)");
} else {
  describe("recorded traffic", () => {
    for (const [file, body] of files("openai-responses", ".request.json")) {
      const json = JSON.parse(body);
      if (json.model === undefined) continue;
      test(file, () => {
        const before = JSON.stringify(json);
        const { body: out } = build(parse(json));
        expect(JSON.stringify(json)).toBe(before);
        const again = build(parse(out)).body;
        expect(again).toEqual(out);
        for (const key of Object.keys(json)) {
          const isSaid = json[key] !== null && json[key] !== "" && JSON.stringify(json[key]) !== "[]";
          if (isSaid && key !== "stream" && key !== "background") expect(out, key).toHaveProperty(key);
        }
        if (Array.isArray(json.input)) expect((out.input as unknown[]).length).toBe(json.input.length);
      });
    }

    for (const [file, body] of files("openai-responses", ".sse")) {
      test(file, () => {
        const splitter = new FrameSplitter();
        const frames = [...splitter.push(body), ...splitter.end()].flatMap((raw) => readFrame(raw) ?? []);
        const events = decode(frames);
        expect(ends(events).length).toBe(1);
        const marked = frames.filter(
          (frame, at) => at < 3 || responses.markers.test(`event: ${frame.event}\n${frame.data}`),
        );
        const sparse = decode(marked);
        expect(counts(sparse)).toEqual(counts(events) as never);
        expect(ends(sparse)).toEqual(ends(events));
        if (events.some((event) => event.type === "error")) return;
        const answers = collect(events);
        const final = JSON.parse(frames.findLast((frame) => frame.data.includes('"response"'))?.data ?? "{}").response;
        if (final.output.length > 0 && file !== contradictory) {
          const known = texts(answers);
          for (const said of wireTexts(final.output)) if (said !== "") expect(known).toContain(said);
          expect(texts(responses.parseResponse(final))).toEqual(known);
        }
        const out = encode(events);
        expect(automaton(out)).toEqual([]);
        const again = collect(decode(out));
        expect(texts(again)).toEqual(texts(answers));
        expect(again[0]?.finish).toBe(answers[0]?.finish as never);
        expect(automaton(encode(replay(answers)))).toEqual([]);
      });
    }

    for (const [file, body] of files("openai-responses", ".response.json")) {
      test(file, () => {
        const json = JSON.parse(body);
        try {
          const answers = responses.parseResponse(json);
          const known = texts(answers);
          for (const said of wireTexts(json.output)) if (said !== "") expect(known).toContain(said);
          const again = responses.parseResponse(responses.buildResponse(answers, context()));
          expect(again.map((one) => one.items)).toEqual(answers.map((one) => one.items));
          const counted = (one: Answer | undefined) => one?.usage && { ...one.usage, raw: undefined };
          expect(counted(again[0])).toEqual(counted(answers[0]) as never);
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
          expect(error.message).not.toBe("");
          expect(["completed", "incomplete"]).not.toContain(json.status);
        }
      });
    }

    for (const protocol of [chat, messages, gemini]) {
      const folder = { chat: "openai-chat", messages: "anthropic-messages", gemini: "gemini" }[protocol.name] ?? "";
      for (const [file, body] of files(folder, ".sse")) {
        test(`${file}, for a client of this protocol`, () => {
          const splitter = new FrameSplitter();
          const decoder = protocol.decodeStream();
          const raws = [...splitter.push(body), ...splitter.end()];
          const read = raws.flatMap((raw) => {
            const frame = readFrame(raw);
            return frame ? decoder.push(frame) : [];
          });
          const events = [...read, ...decoder.end()];
          const out = encode(events);
          expect(automaton(out)).toEqual([]);
          const failed = events.some(({ type }) => type === "error");
          expect(last(out).status === "failed").toBe(failed);
          if (failed) return;
          const visible = (answers: Answer[]) =>
            (answers[0]?.items ?? []).flatMap((item) => {
              if (item.type === "call") return [safeId(item.callId), item.name, item.args || "{}"];
              if (item.type === "message") return item.blocks.flatMap((block) => ("text" in block ? [block.text] : []));
              return item.type === "reasoning" ? item.text.map((part) => part.text) : [];
            });
          const answers = collect(events);
          // Why a classifier refused is shown as a refusal.
          const given = [...visible(answers), answers[0]?.refusal ?? ""].filter((one) => one !== "");
          expect(visible(collect(decode(out)))).toEqual(given);
        });
      }
    }
  });
}

/** Stop sequences that the gateway cuts at: wherever deltas end, the result is that of the whole text. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { MessageItem, TextBlock } from "../../src/model/chat.ts";
import { collect } from "../../src/model/collect.ts";
import { GatewayError } from "../../src/model/error.ts";
import type { Answer, ChatEvent } from "../../src/model/event.ts";
import { cutAnswers, firstStop, heldLength, StopCutter } from "../../src/model/stops.ts";

const start: ChatEvent = { type: "start", id: "a", model: "m", created: 1 };

function message(blocks: string[]): MessageItem {
  return { type: "message", role: "assistant", blocks: blocks.map((text) => ({ type: "text", text })) };
}

function answer(...items: Answer["items"]): Answer {
  return { id: "a", model: "m", created: 1, items, finish: "stop" };
}

/** The stream of one message whose texts come in these pieces. */
function stream(blocks: string[][], index = 0): ChatEvent[] {
  const item = message(blocks.map((pieces) => pieces.join("")));
  const deltas = blocks.flatMap((pieces, block) =>
    pieces.map((text): ChatEvent => ({ type: "text-delta", index, block, text })),
  );
  return [{ type: "item-start", index, item: message([]) }, ...deltas, { type: "item-end", index, item }];
}

function cut(events: ChatEvent[], stops: string[]): ChatEvent[] {
  const cutter = new StopCutter(stops);
  return events.flatMap((event) => cutter.push(event));
}

function sent(events: ChatEvent[]): string {
  return events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
}

/** By looking at every beginning of the text: the first that ends with a sequence, the longest of these. */
function expected(text: string, stops: string[]): { text: string; stop: string | undefined } {
  for (let end = 1; end <= text.length; end++) {
    const ending = stops.filter((stop) => text.slice(0, end).endsWith(stop));
    const stop = ending.sort((a, b) => b.length - a.length)[0];
    if (stop !== undefined) return { text: text.slice(0, end - stop.length), stop };
  }
  return { text, stop: undefined };
}

function blocksOf(one: Answer | undefined): MessageItem["blocks"] {
  const item = one?.items[0];
  return item?.type === "message" ? item.blocks : [];
}

const letters = (most: number, least = 0) =>
  fc.array(fc.constantFrom("a", "b", "c"), { minLength: least, maxLength: most }).map((list) => list.join(""));
const pieces = fc.array(letters(4), { minLength: 1, maxLength: 8 });
const sequences = fc.array(letters(4, 1), { minLength: 1, maxLength: 4 });
const finish: ChatEvent = { type: "finish", reason: "stop" };

test("for texts cut anywhere the result equals cutting the whole text", () => {
  fc.assert(
    fc.property(pieces, sequences, (texts, stops) => {
      const want = expected(texts.join(""), stops);
      const events = cut([start, ...stream([texts]), finish], stops);
      const [got] = collect(events);
      expect(sent(events)).toBe(want.text);
      expect(
        blocksOf(got)
          .map((block) => (block as TextBlock).text)
          .join(""),
      ).toBe(want.text);
      expect(got?.finish).toBe(want.stop === undefined ? "stop" : "stop-sequence");
      expect(got?.stopSequence).toBe(want.stop as string);
      const [whole] = cutAnswers([answer(message([texts.join("")]))], stops);
      expect(whole?.finish).toBe(got?.finish as "stop");
      expect(whole?.stopSequence).toBe(got?.stopSequence as string);
    }),
    { numRuns: 3000 },
  );
});

test("an answer that is ended at the cut is what it is when its provider is waited for", () => {
  const blocks = fc.array(pieces, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(blocks, sequences, (texts, stops) => {
      const events = [start, ...stream(texts), finish];
      const [waited] = collect(cut(events, stops));
      const cutter = new StopCutter(stops);
      const early: ChatEvent[] = [];
      for (const event of events) {
        early.push(...cutter.push(event));
        const ending = cutter.ending();
        if (ending) {
          early.push(...ending);
          break;
        }
      }
      // Deltas of nothing open blocks here that the end of the item does not show.
      const texted = (one: Answer | undefined) =>
        blocksOf(one)
          .map((block) => (block as TextBlock).text)
          .join("|");
      const [got] = collect(early);
      expect(texted(got).replace(/\|+$/, "")).toBe(texted(waited).replace(/\|+$/, ""));
      expect([got?.finish, got?.stopSequence]).toEqual([waited?.finish, waited?.stopSequence]);
      expect(early.filter(({ type }) => type === "item-end")).toHaveLength(1);
    }),
    { numRuns: 3000 },
  );
});

test("what the deltas do not tell is waited for", () => {
  const call = { type: "call", kind: "function", callId: "c", name: "f", args: "" } as const;
  const said: ChatEvent[] = [
    { type: "item-start", index: 1, item: message([]) },
    { type: "text-delta", index: 1, block: 0, text: "one END" },
  ];
  const after = (...events: ChatEvent[]) => {
    const cutter = new StopCutter(["END"]);
    for (const event of [start, ...events]) cutter.push(event);
    return cutter.ending();
  };
  expect(after(...said)).toEqual([
    { type: "item-end", index: 1, item: message(["one "]) },
    { type: "finish", reason: "stop-sequence", stopSequence: "END" },
  ]);
  expect(after({ type: "item-start", index: 0, item: call }, ...said)).toBeUndefined();
  expect(after(...said, { type: "item-start", c: 1, index: 0, item: message([]) })).toBeUndefined();
  const image = { ...said[1], block: 1 } as ChatEvent;
  expect(after(...said.slice(0, 1), image)).toBeUndefined();
  expect(after(...said, finish)).toBeUndefined();
});

test("what is held back is never more than could begin a sequence", () => {
  fc.assert(
    fc.property(letters(10), sequences, (text, stops) => {
      const held = heldLength(text, stops);
      if (held > 0)
        expect(stops.some((stop) => stop !== text.slice(-held) && stop.startsWith(text.slice(-held)))).toBe(true);
      for (let more = held + 1; more <= text.length; more++) {
        const end = text.slice(-more);
        expect(stops.some((stop) => stop.length > more && stop.startsWith(end))).toBe(false);
      }
    }),
  );
});

test("text that cannot begin a sequence leaves at once", () => {
  const cutter = new StopCutter(["END"]);
  const push = (text: string) => sent(cutter.push({ type: "text-delta", index: 0, block: 0, text }));
  cutter.push({ type: "item-start", index: 0, item: message([]) });
  expect(["Hello E", "N", "x", "EN", "DING"].map(push)).toEqual(["Hello ", "", "ENx", "", ""]);
});

test("of two sequences the one that is complete first ends the text", () => {
  expect(firstStop("abcd", ["abcd", "bc"])).toEqual({ start: 1, stop: "bc" });
  expect(firstStop("abc", ["bc", "abc"])).toEqual({ start: 0, stop: "abc" });
  expect(firstStop("abc", ["x"])).toBeUndefined();
});

test("each block ends on its own, and nothing after the cut is told", () => {
  const call = { type: "call", kind: "function", callId: "c", name: "f", args: "{}" } as const;
  const events = cut(
    [
      start,
      ...stream([["one E"], ["ND two END three"], ["four"]]),
      { type: "item-start", index: 1, item: { ...call, args: "" } },
      { type: "args-delta", index: 1, text: "{}" },
      { type: "item-end", index: 1, item: call },
      finish,
      { type: "usage", usage: { outVisible: 9 } },
    ],
    ["END"],
  );
  const [got] = collect(events);
  expect(got?.items).toEqual([message(["one E", "ND two "])]);
  expect(got).toMatchObject({ finish: "stop-sequence", stopSequence: "END", usage: { outVisible: 9 } });
  expect(sent(events)).toBe("one END two ");
});

test("an answer that begins with a sequence is an empty message", () => {
  expect(cutAnswers([answer(message(["END rest"]))], ["END"])[0]).toMatchObject({
    items: [message([])],
    finish: "stop-sequence",
  });
});

test("log probabilities leave with their tokens, and those of the sequence never", () => {
  const logprobs = ["Hi", " E", "ND"].map((token) => ({ token, logprob: -1 }));
  const block: TextBlock = { type: "text", text: "Hi END", logprobs };
  const [got] = cutAnswers([answer({ ...message([]), blocks: [block] })], ["END"]);
  expect(blocksOf(got)).toEqual([{ type: "text", text: "Hi ", logprobs: logprobs.slice(0, 1) }]);
});

test("a stream that breaks lets go of what was held back, and stays broken", () => {
  const error: ChatEvent = { type: "error", error: new GatewayError("upstream-failed", "cut") };
  const events = cut([start, ...stream([["text E"]]).slice(0, -1), error], ["END"]);
  expect(sent(events)).toBe("text E");
  expect(events.at(-1)).toBe(error);
});

test("each candidate has its own end", () => {
  const second = stream([["b END c"]]).map((event) => ({ ...event, c: 1 }) as ChatEvent);
  const events = cut([start, ...stream([["a"]]), ...second, finish, { type: "finish", c: 1, reason: "stop" }], ["END"]);
  expect(collect(events).map((one) => one.finish)).toEqual(["stop", "stop-sequence"]);
});

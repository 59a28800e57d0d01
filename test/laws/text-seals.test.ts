/** Signatures of texts, for clients whose protocol has no place for them there. */
import { expect, test } from "bun:test";
import { CallSeals } from "../../src/gateway/call-seals.ts";
import type { Item, Seal } from "../../src/model/chat.ts";
import { replay } from "../../src/model/collect.ts";
import { emptyUsage } from "../../src/model/usage.ts";

const seal: Seal = { origin: "gemini", form: "thought", bytes: "U0lH" };
const said = (more: object = {}): Item => ({
  ...{ type: "message", role: "assistant" },
  blocks: [{ type: "text", text: "so", ...more }],
});
const call: Item = { type: "call", kind: "function", callId: "a", name: "f", args: "{}" };
const carrier = (one: Seal): Item => ({ type: "reasoning", text: [], seals: [one] });

test("a signature on a call stays where there is a place for it", () => {
  const items = [{ ...call, seals: [seal] }];
  const told = new CallSeals({ keepsCalls: true });
  const answer = { id: "a", model: "m", created: 1, items, finish: "stop" as const, usage: emptyUsage() };
  expect(told.items(items)).toEqual(items);
  const events = replay([answer]);
  expect(told.events(events)).toEqual(events);
});

test.each<[string, Item[], Item[]]>([
  ["the signature of the last text stands behind it", [said({ seal })], [said(), carrier(seal)]],
  ["the signature of a text before a call is no call's", [said({ seal }), call], [said(), call]],
  [
    "places behind a carried signature move",
    [{ ...call, seals: [seal] }, said({ seal })],
    [carrier(seal), call, said(), carrier(seal)],
  ],
  ["a text without a signature stays alone", [said()], [said()]],
])("%s, whole and streamed", (_name, items, expected) => {
  expect(new CallSeals().items(items)).toEqual(expected);
  const answer = { id: "a", model: "m", created: 1, items, finish: "stop" as const, usage: emptyUsage() };
  const told = new CallSeals().events(replay([answer]));
  expect(told.flatMap((event) => (event.type === "item-end" ? [event.item] : []))).toEqual(expected);
  expect(told.flatMap((event) => (event.type === "item-start" ? [event.index] : []))).toEqual(
    expected.map((_item, at) => at),
  );
});

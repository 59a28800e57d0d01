import { expect, test } from "bun:test";
import { Broadcast } from "../../src/kit/broadcast.ts";

function scene() {
  const clock = { now: 0 };
  const broadcast = new Broadcast<string>({ keep: 3, lingerMs: 100, now: () => clock.now });
  const tell = (...items: string[]) => {
    for (const item of items) broadcast.publish(() => item);
  };
  const after = (id: number) => broadcast.after(id)?.map(({ item }) => item);
  return { clock, broadcast, tell, after };
}

test("what nobody hears is not even made", () => {
  const { broadcast } = scene();
  let made = 0;
  broadcast.publish(() => String(++made));
  expect([made, broadcast.after(0), broadcast.after(1)]).toEqual([0, undefined, []]);
});

test("each listener hears everything until it stops", () => {
  const { broadcast, tell } = scene();
  const heard: string[] = [];
  const stop = broadcast.listen(({ id, item }) => heard.push(`${id} ${item}`));
  tell("a", "b");
  stop();
  stop();
  tell("c");
  expect([heard, broadcast.listening]).toEqual([["1 a", "2 b"], 0]);
});

test("one that comes back gets what it missed, or learns that it is gone", () => {
  const { clock, broadcast, tell, after } = scene();
  const stop = broadcast.listen(() => undefined);
  tell("a", "b", "c", "d", "e", "f", "g");
  expect([after(7), after(5), after(4), after(3)]).toEqual([[], ["f", "g"], ["e", "f", "g"], undefined]);
  expect([after(8), after(Number.NaN)]).toEqual([undefined, undefined]);
  clock.now = 1000;
  stop();
  clock.now = 1100;
  tell("h");
  expect(after(7)).toEqual(["h"]);
  clock.now = 1101;
  tell("i");
  expect([after(8), after(9)]).toEqual([undefined, []]);
});

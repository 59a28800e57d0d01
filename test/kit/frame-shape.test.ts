import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FrameShape } from "../../src/kit/frame-shape.ts";

const frame = (content: string, more: object = {}) =>
  `data: ${JSON.stringify({ id: "c", model: "theirs", choices: [{ index: 0, delta: { content }, finish_reason: null }], ...more })}\n\n`;

describe("the shape of two frames", () => {
  test("is all but the text in which they differ", () => {
    const shape = FrameShape.of(frame("The quick"), frame("The brown"));
    expect(shape?.head).toEndWith('"content":"');
    expect(shape?.tail).toBe('"},"finish_reason":null}]}\n\n');
  });

  test.each([
    ["differ in two texts", frame("a", { pad: "x" }), frame("b", { pad: "y" })],
    ["differ in a number", frame("a", { n: 1 }), frame("a", { n: 2 })],
    ["differ in a name", 'data: {"a":1}\n\n', 'data: {"b":1}\n\n'],
    ["have nothing in common", 'data: {"a":"1"}\n\n', 'event: x\ndata: {"b":2}\n\n'],
    ["are empty", "", ""],
  ])("is none when they %s", (_what, one, other) => {
    expect(FrameShape.of(one, other)).toBeUndefined();
  });

  test("is that of frames that differ from both in that text alone", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 20 });
    fc.assert(
      fc.property(text, text, text, (one, other, third) => {
        const shape = FrameShape.of(frame(one), frame(other));
        if (!shape) return;
        expect(shape.fits(frame(third))).toBe(true);
        expect(shape.fits(frame(third, { usage: {} }))).toBe(false);
        expect(shape.fits(frame(third) + frame(third))).toBe(false);
        expect(shape.fits(frame(third).replace(":null", ':"stop"'))).toBe(false);
      }),
    );
  });

  test("lets nothing in that is more than text, whatever stands there", () => {
    const shape = FrameShape.of(frame("a"), frame("b"));
    const inner = fc.array(fc.constantFrom('"', "\\", "a", '","x":"', "}", "\n\n", '\\"'), { maxLength: 6 });
    fc.assert(
      fc.property(inner, (pieces) => {
        const raw = `${shape?.head}${pieces.join("")}${shape?.tail}`;
        if (!shape?.fits(raw)) return;
        // One string and nothing else: it can be read as one, but for what JSON allows in none.
        const text = pieces.join("");
        expect(/^(?:[^"\\]|\\[\s\S])*$/.test(text)).toBe(true);
      }),
    );
  });
});

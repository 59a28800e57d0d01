import { describe, expect, test } from "bun:test";
import { estimateInput } from "../../src/metering/estimate-input.ts";
import type { Block, ChatRequest, Item, MediaBlock } from "../../src/model/chat.ts";

const empty: ChatRequest = {
  ...{ protocol: "any", model: "m", instructions: [], items: [], tools: [], sampling: {}, stream: false },
};
const said = (...blocks: Block[]): Item => ({ type: "message", role: "user", blocks });
const text = (words: string): Block => ({ type: "text", text: words });
const tokens = (more: Partial<ChatRequest>) => estimateInput({ ...empty, ...more });
const media = (more: Partial<MediaBlock> & Pick<MediaBlock, "kind" | "source">): Block => ({ type: "media", ...more });
const bytes = (content: string) => ({ type: "bytes" as const, data: Buffer.from(content).toString("base64") });

describe("an estimate of a request's tokens", () => {
  test("is never nothing", () => {
    expect(tokens({})).toBe(1);
  });

  test("grows with every part of a request", () => {
    const long = "word ".repeat(70);
    const schema = { type: "object", properties: { one: { type: "string", description: long } } };
    const parts: Partial<ChatRequest>[] = [
      { instructions: [text(long)] },
      { items: [said(text(long))] },
      { items: [{ type: "call", kind: "function", callId: "1", name: "f", args: long }] },
      { items: [{ type: "result", kind: "function", callId: "1", blocks: [text(long)], isError: false }] },
      { items: [{ type: "reasoning", text: [{ kind: "raw", text: long }], seals: [] }] },
      { items: [{ type: "opaque", origin: "any", json: { long } }] },
      { tools: [{ kind: "function", name: "f", description: long }] },
      { tools: [{ kind: "function", name: "f", schema }] },
      { format: { kind: "schema", schema } },
    ];
    for (const part of parts) {
      expect(tokens(part), JSON.stringify(part)).toBeGreaterThanOrEqual(100);
      expect(tokens(part), JSON.stringify(part)).toBeLessThan(150);
    }
  });

  test("takes a character of Chinese for nearly a token, and a word of English for little more than one", () => {
    expect(tokens({ items: [said(text("猫".repeat(100)))] })).toBe(4 + 86);
    expect(tokens({ items: [said(text("lorem ipsum dolor ".repeat(10)))] })).toBe(4 + 52);
  });

  test("takes an image for the most that is charged for one, whatever its size in bytes", () => {
    const image = (more: Partial<MediaBlock> = {}) => said(media({ kind: "image", source: bytes("x"), ...more }));
    expect(tokens({ items: [image()] })).toBe(1604);
    expect(tokens({ items: [image({ source: { type: "url", url: "https://example.com/a.png" } })] })).toBe(1604);
    expect(tokens({ items: [image({ detail: "low" })] })).toBe(89);
  });

  test("counts a document's pages, or guesses them from its length", () => {
    const pdf = (content: string) => said(media({ kind: "document", mime: "application/pdf", source: bytes(content) }));
    const three = "%PDF-1.7 /Type /Pages /Kids /Type /Page <<>> /Type/Page >> /Type /Page\n";
    expect(tokens({ items: [pdf(three)] })).toBe(7504);
    expect(tokens({ items: [pdf("%PDF-1.7")] })).toBe(2504);
    expect(tokens({ items: [pdf(`%PDF-1.7${"x".repeat(170_000)}`)] })).toBe(7504);
    const plain = media({ kind: "document", mime: "text/plain", source: bytes("a".repeat(350)) });
    expect(tokens({ items: [said(plain)] })).toBe(104);
    expect(
      tokens({ items: [said(media({ kind: "document", source: { type: "text", text: "a".repeat(350) } }))] }),
    ).toBe(104);
  });

  test("counts sound by its length", () => {
    const sound = media({ kind: "audio", mime: "audio/mp3", source: bytes("x".repeat(160_000)) });
    expect(tokens({ items: [said(sound)] })).toBe(324);
  });
});

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isEnvelope, type SealRing, unwrapSeal, wrapSeal } from "../../src/gateway/seals.ts";
import type { Seal } from "../../src/model/chat.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { openDoor, type ProtocolName, secret } from "../recordings/door.ts";

const ring: SealRing = { key: Buffer.alloc(32, 7), owner: "recordings" };
const seal: fc.Arbitrary<Seal> = fc.record({
  origin: fc.constantFrom("chat", "messages"),
  scope: fc.constantFrom("up", "other"),
  form: fc.constantFrom("signature" as const, "redacted" as const, "encrypted" as const, "details" as const),
  bytes: fc.oneof(fc.base64String(), fc.string({ unit: "binary" })),
});

describe("an envelope", () => {
  test("opens to the seal that was put in", () => {
    fc.assert(
      fc.property(seal, (one) => {
        const bytes = wrapSeal(ring, one);
        expect(isEnvelope(bytes)).toBe(true);
        expect(bytes).toMatch(/^[A-Za-z0-9+/]+=*$/);
        expect(unwrapSeal(ring, bytes)).toEqual(one);
      }),
    );
  });

  test("does not open when a byte differs, when it is cut, for another client key, or with another gateway's key", () => {
    fc.assert(
      fc.property(seal, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, where, flip) => {
        const bytes = Buffer.from(wrapSeal(ring, one), "base64");
        const at = where % bytes.length;
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        expect(unwrapSeal(ring, changed.toString("base64"))).toBeUndefined();
        expect(unwrapSeal(ring, bytes.subarray(0, at).toString("base64"))).toBeUndefined();
        expect(unwrapSeal({ ...ring, owner: "someone" }, bytes.toString("base64"))).toBeUndefined();
        expect(unwrapSeal({ ...ring, key: Buffer.alloc(32, 8) }, bytes.toString("base64"))).toBeUndefined();
      }),
    );
  });

  test("of no bytes at all is read without a failure", () => {
    fc.assert(fc.property(fc.string(), (text) => expect(unwrapSeal(ring, text)).toBeUndefined()));
    fc.assert(fc.property(fc.base64String(), (text) => expect(unwrapSeal(ring, `R1dTM${text}`)).toBeUndefined()));
  });

  test("is less than half as long again as a signature of real length", () => {
    for (const length of [600, 2000, 100_000]) {
      const bytes = Buffer.alloc(length, 3).toString("base64");
      const envelope = wrapSeal(ring, { origin: "messages", scope: "anthropic", form: "signature", bytes });
      expect(envelope.length / bytes.length).toBeLessThan(1.5);
    }
  });
});

describe("a seal that comes back in a conversation", () => {
  const reply = {
    chat: {
      id: "c",
      object: "chat.completion",
      choices: [{ index: 0, message: { role: "assistant", content: "a" }, finish_reason: "stop" }],
    },
    messages: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      content: [{ type: "text", text: "a" }],
      stop_reason: "end_turn",
      usage: {},
    },
  };
  /** A history whose answer was thought out, with this proof. */
  const history = (client: ProtocolName, bytes: string): JsonObject => ({
    model: "model",
    max_tokens: 9,
    messages: [
      { role: "user", content: "q" },
      client === "messages"
        ? {
            role: "assistant",
            content: [
              { type: "thinking", thinking: "hm", signature: bytes },
              { type: "text", text: "so" },
            ],
          }
        : {
            role: "assistant",
            content: "so",
            reasoning_details: [{ type: "reasoning.text", text: "hm", signature: bytes, format: "plexus", index: 0 }],
          },
      { role: "user", content: "and" },
    ],
  });

  async function sent(client: ProtocolName, provider: ProtocolName, bytes: string): Promise<string> {
    const door = openDoor({ provider, answer: () => Response.json(reply[provider]) });
    const path = client === "chat" ? "/v1/chat/completions" : "/v1/messages";
    const headers = { authorization: `Bearer ${secret}` };
    const response = await door.fetch(`http://localhost${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(history(client, bytes)),
    });
    door.close();
    expect(response.status).toBe(200);
    return door.sent[0]?.body ?? "";
  }

  const own = (origin: ProtocolName, scope = "up") => {
    const form = origin === "chat" ? ("details" as const) : ("signature" as const);
    const bytes = origin === "chat" ? '[{"type":"reasoning.text","text":"hm","signature":"PROOF"}]' : "PROOF";
    return wrapSeal(ring, { origin, scope, form, bytes });
  };
  const pairs = (["chat", "messages"] as const).flatMap((client) =>
    (["chat", "messages"] as const).map((provider) => ({ client, provider })),
  );

  test.each(pairs)(
    "is given to no provider when it was tampered with ($client client, $provider provider)",
    async ({ client, provider }) => {
      const good = own(provider);
      const bytes = `${good.slice(0, 40)}${good[40] === "A" ? "B" : "A"}${good.slice(41)}`;
      const body = await sent(client, provider, bytes);
      expect(body).not.toContain("PROOF");
      expect(body).not.toContain(bytes.slice(0, 20));
      expect(body).toContain("so");
    },
  );

  test.each(pairs)(
    "is given to no other provider ($client client, $provider provider)",
    async ({ client, provider }) => {
      const other = provider === "chat" ? "messages" : "chat";
      for (const bytes of [own(other), own(provider, "elsewhere")]) {
        const body = await sent(client, provider, bytes);
        expect(body).not.toContain("PROOF");
        expect(body).not.toContain(bytes.slice(0, 20));
      }
    },
  );

  test.each([
    { client: "chat", provider: "messages" },
    { client: "messages", provider: "chat" },
  ] as const)(
    "is given back to the provider that made it ($client client, $provider provider)",
    async ({ client, provider }) => {
      const body = await sent(client, provider, own(provider));
      expect(body).toContain("PROOF");
      expect(body).not.toContain("R1dTM");
    },
  );

  test.each(["chat", "messages"] as const)(
    "of the client's own protocol goes through untouched (%s)",
    async (protocol) => {
      expect(await sent(protocol, protocol, "EroBCkYIBxgCKkDraw")).toContain('"EroBCkYIBxgCKkDraw"');
    },
  );
});

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isEnvelope, type SealRing, unwrapSeal, wrapSeal } from "../../src/gateway/seals.ts";
import type { Seal } from "../../src/model/chat.ts";
import type { JsonObject } from "../../src/model/json.ts";
import {
  allPairs,
  crossed,
  openDoor,
  type ProtocolName,
  pathOf,
  plainAnswers,
  protocolNames,
  secret,
} from "../recordings/door.ts";

const ring: SealRing = { key: Buffer.alloc(32, 7), owner: "recordings" };
const forms = ["signature", "redacted", "encrypted", "details", "thought"] as const;
const seal: fc.Arbitrary<Seal> = fc.record({
  origin: fc.constantFrom(...protocolNames),
  scope: fc.constantFrom("up", "other"),
  form: fc.constantFrom(...forms),
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
  /** A history whose answer was thought out, with this proof. */
  const history: Record<ProtocolName, (bytes: string) => JsonObject> = {
    chat: (signature) => ({
      model: "model",
      messages: [
        { role: "user", content: "q" },
        {
          ...{ role: "assistant", content: "so" },
          reasoning_details: [{ type: "reasoning.text", text: "hm", signature, format: "plexus", index: 0 }],
        },
        { role: "user", content: "and" },
      ],
    }),
    messages: (signature) => ({
      ...{ model: "model", max_tokens: 9 },
      messages: [
        { role: "user", content: "q" },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "hm", signature },
            { type: "text", text: "so" },
          ],
        },
        { role: "user", content: "and" },
      ],
    }),
    responses: (encrypted_content) => ({
      model: "model",
      input: [
        { role: "user", content: "q" },
        { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "hm" }], encrypted_content },
        { role: "assistant", content: [{ type: "output_text", text: "so", annotations: [] }] },
        { role: "user", content: "and" },
      ],
    }),
    gemini: (thoughtSignature) => ({
      contents: [
        { role: "user", parts: [{ text: "q" }] },
        { role: "model", parts: [{ text: "hm", thought: true, thoughtSignature }, { text: "so" }] },
        { role: "user", parts: [{ text: "and" }] },
      ],
    }),
  };

  async function sent(client: ProtocolName, provider: ProtocolName, bytes: string): Promise<string> {
    const door = openDoor({ provider, answer: () => Response.json(plainAnswers[provider]) });
    const response = await door.fetch(`http://localhost${pathOf(client)}`, {
      ...{ method: "POST", headers: { authorization: `Bearer ${secret}` } },
      body: JSON.stringify(history[client](bytes)),
    });
    door.close();
    expect(response.status).toBe(200);
    return door.sent[0]?.body ?? "";
  }

  const formOf: Record<ProtocolName, Seal["form"]> = {
    ...{ chat: "details", messages: "signature", responses: "encrypted", gemini: "thought" },
  };
  const own = (origin: ProtocolName, scope = "up") => {
    const bytes = origin === "chat" ? '[{"type":"reasoning.text","text":"hm","signature":"PROOF"}]' : "PROOF";
    return wrapSeal(ring, { origin, scope, form: formOf[origin], bytes });
  };
  const others: Record<ProtocolName, ProtocolName> = {
    ...{ chat: "messages", messages: "responses", responses: "gemini", gemini: "chat" },
  };

  test.each(allPairs)(
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

  test.each(allPairs)(
    "is given to no other provider ($client client, $provider provider)",
    async ({ client, provider }) => {
      const other = others[provider];
      for (const bytes of [own(other), own(provider, "elsewhere")]) {
        const body = await sent(client, provider, bytes);
        expect(body).not.toContain("PROOF");
        expect(body).not.toContain(bytes.slice(0, 20));
      }
    },
  );

  test.each(crossed)(
    "is given back to the provider that made it ($client client, $provider provider)",
    async ({ client, provider }) => {
      const body = await sent(client, provider, own(provider));
      expect(body).toContain("PROOF");
      expect(body).not.toContain("R1dTM");
    },
  );

  test.each(protocolNames)("of the client's own protocol goes through untouched (%s)", async (protocol) => {
    expect(await sent(protocol, protocol, "EroBCkYIBxgCKkDraw")).toContain('"EroBCkYIBxgCKkDraw"');
  });
});

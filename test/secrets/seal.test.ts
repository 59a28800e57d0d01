import { describe, expect, test } from "bun:test";
import { createPlainSealer, createSealer, deriveKey, type Place, SealError } from "../../src/secrets/seal.ts";

const place: Place = { table: "entities", column: "body", row: "provider/a" };
const hex = "0123456789abcdef".repeat(4);
const sealer = createSealer(await deriveKey(hex, new Uint8Array()));

describe("a sealed value", () => {
  test("opens to what it was", () => {
    for (const text of ["", "x", "żółw 🐢", "enc:v1:x", "enc:v2:00000000:AAAA", "plain:x", "y".repeat(1_000_000)]) {
      const stored = sealer.seal(place, text);
      expect(stored).toMatch(/^enc:v2:[0-9a-f]{8}:[\w-]+$/);
      expect(sealer.open(place, stored)).toBe(text);
    }
  });

  test("differs each time and does not show the text", () => {
    const [one, two] = [sealer.seal(place, "secret-text"), sealer.seal(place, "secret-text")];
    expect(one).not.toBe(two);
    expect(Buffer.from(one.split(":")[3]!, "base64url").toString("latin1")).not.toContain("secret");
  });

  test("does not open in another place", () => {
    const stored = sealer.seal(place, "text");
    for (const other of [
      { ...place, row: "provider/b" },
      { ...place, column: "other" },
      { ...place, table: "meta" },
    ]) {
      expect(() => sealer.open(other, stored)).toThrow(SealError);
    }
  });

  test("does not open when any bit was changed or any byte is missing", () => {
    const stored = sealer.seal(place, "text");
    const head = stored.slice(0, stored.lastIndexOf(":") + 1);
    const bytes = Buffer.from(stored.slice(head.length), "base64url");
    for (let at = 0; at < bytes.length * 8; at++) {
      const changed = Buffer.from(bytes);
      changed[at >> 3] = changed[at >> 3]! ^ (1 << (at & 7));
      expect(() => sealer.open(place, head + changed.toString("base64url"))).toThrow(SealError);
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(() => sealer.open(place, head + bytes.subarray(0, length).toString("base64url"))).toThrow(SealError);
    }
    expect(() => sealer.open(place, stored.replace("enc:v2:", "enc:v9:"))).toThrow("form of encryption");
  });

  test("names both keys when it was sealed with another one", async () => {
    const other = createSealer(await deriveKey("f".repeat(64), new Uint8Array()));
    expect(() => other.open(place, sealer.seal(place, "text"))).toThrow(
      `encrypted with the key ${sealer.keyId}, but ENCRYPTION_KEY is the key ${other.keyId}`,
    );
  });

  test("from before encryption stays readable", () => {
    const plain = createPlainSealer();
    for (const text of ["", "{}", "enc:v1:aa", "plain:plain:x"]) {
      const stored = plain.seal(place, text);
      expect(plain.open(place, stored)).toBe(text);
      expect(sealer.open(place, stored)).toBe(text);
    }
    expect(() => plain.open(place, sealer.seal(place, "x"))).toThrow("ENCRYPTION_KEY is not set");
  });
});

describe("a key", () => {
  const salt = new Uint8Array(16).fill(7);

  test("is taken from hex, from base64, or made from a passphrase and its salt", async () => {
    expect(Buffer.from(await deriveKey(hex, salt)).toString("hex")).toBe(hex);
    expect((await deriveKey(`base64:${Buffer.alloc(32, 1).toString("base64")}`, salt)).length).toBe(32);
    const one = await deriveKey("correct horse battery", salt);
    expect(one.length).toBe(32);
    expect(await deriveKey("correct horse battery", salt)).toEqual(one);
    expect(await deriveKey("correct horse battery", new Uint8Array(16))).not.toEqual(one);
  }, 20_000);

  test("that is too short is refused with words", async () => {
    await expect(deriveKey("short", salt)).rejects.toThrow("16 or more characters");
    await expect(deriveKey("base64:AAAA", salt)).rejects.toThrow("32 bytes");
  });
});

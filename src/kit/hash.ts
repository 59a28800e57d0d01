/** Digests in the forms that ids and look-ups use. */
import { createHash } from "node:crypto";

export function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const alphabet = "abcdefghijklmnopqrstuvwxyz234567";

/** RFC 4648 base32 of a SHA-256, lower case, without padding: 52 characters. */
export function sha256Base32(text: string): string {
  const bytes = createHash("sha256").update(text).digest();
  let out = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      out += alphabet[(value >>> (bits - 5)) & 31];
      bits -= 5;
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? out + alphabet[(value << (5 - bits)) & 31] : out;
}

/** 128 bits over a sequence of texts, fast and not for secrets: two sequences by accident never meet. */
export class RollingDigest {
  private one: bigint;
  private other: bigint;

  constructor(from: RollingDigest | string) {
    this.one = typeof from === "string" ? Bun.hash.xxHash3(from, 1n) : from.one;
    this.other = typeof from === "string" ? Bun.hash.xxHash64(from, 2n) : from.other;
  }

  add(text: string): this {
    this.one = Bun.hash.xxHash3(text, this.one);
    this.other = Bun.hash.xxHash64(text, this.other);
    return this;
  }

  /** 32 hexadecimal digits. */
  toString(): string {
    return this.one.toString(16).padStart(16, "0") + this.other.toString(16).padStart(16, "0");
  }
}

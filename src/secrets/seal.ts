/**
 * Encryption at rest: AES-256-GCM, each value bound to its table, column and row, the key's id in the envelope:
 * `enc:v2:<key id>:<base64url(iv | ciphertext | tag)>`. Values that were stored before encryption was on stay readable.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, scrypt } from "node:crypto";

/** Where a value is stored; a row's id never changes. */
export interface Place {
  table: string;
  column: string;
  row: string;
}

export interface Sealer {
  /** Is encryption on? */
  readonly enabled: boolean;
  /** First eight hex digits that name the key; undefined when encryption is off. */
  readonly keyId: string | undefined;
  seal(place: Place, text: string): string;
  /** Throws SealError when the value was sealed with another key, for another place, or was changed. */
  open(place: Place, stored: string): string;
}

/** Messages are for the operator and hold no secret. */
export class SealError extends Error {
  override readonly name = "SealError";
}

const ivBytes = 12;
const tagBytes = 16;
const envelope = /^enc:v2:([0-9a-f]{8}):([A-Za-z0-9_-]+)$/;
/** A text that would be taken for something else when it is stored in clear. */
const looksStored = /^(enc|plain):/;

export function isSealed(stored: string): boolean {
  return stored.startsWith("enc:");
}

/** Encryption is off: texts are kept in clear, sealed ones are refused. */
export function createPlainSealer(): Sealer {
  return {
    enabled: false,
    keyId: undefined,
    seal: (_place, text) => (looksStored.test(text) ? `plain:${text}` : text),
    open(place, stored) {
      if (!isSealed(stored)) return openPlain(stored);
      throw new SealError(`${nameOf(place)} is encrypted, but ENCRYPTION_KEY is not set`);
    },
  };
}

/** `master` has 32 bytes, from `deriveKey`. */
export function createSealer(master: Uint8Array): Sealer {
  const keyId = keyIdOf(master);
  const key = new Uint8Array(hkdfSync("sha256", master, "", "db-v2", 32));
  return {
    enabled: true,
    keyId,
    seal(place, text) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: tagBytes }).setAAD(boundTo(place));
      const bytes = Buffer.concat([iv, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return `enc:v2:${keyId}:${bytes.toString("base64url")}`;
    },
    open(place, stored) {
      if (!isSealed(stored)) return openPlain(stored);
      const [, id, encoded = ""] = envelope.exec(stored) ?? [];
      if (id === undefined) throw new SealError(`${nameOf(place)} is not in a form of encryption that is known`);
      if (id !== keyId) {
        throw new SealError(`${nameOf(place)} is encrypted with the key ${id}, but ENCRYPTION_KEY is the key ${keyId}`);
      }
      return decrypt(key, place, Buffer.from(encoded, "base64url"));
    },
  };
}

function decrypt(key: Uint8Array, place: Place, bytes: Buffer): string {
  const iv = bytes.subarray(0, ivBytes);
  const tag = bytes.subarray(-tagBytes);
  const text = bytes.subarray(ivBytes, -tagBytes);
  if (bytes.length < ivBytes + tagBytes) throw new SealError(`${nameOf(place)} is cut short`);
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: tagBytes })
      .setAAD(boundTo(place))
      .setAuthTag(tag);
    return Buffer.concat([decipher.update(text), decipher.final()]).toString("utf8");
  } catch (cause) {
    throw new SealError(`${nameOf(place)} was changed, or was sealed for another place`, { cause });
  }
}

function openPlain(stored: string): string {
  return stored.startsWith("plain:") ? stored.slice("plain:".length) : stored;
}

function boundTo(place: Place): Buffer {
  return Buffer.from(`plexus|v2|${place.table}|${place.column}|${place.row}`, "utf8");
}

function nameOf(place: Place): string {
  return `${place.table}.${place.column} of "${place.row}"`;
}

function keyIdOf(master: Uint8Array): string {
  return createHash("sha256").update("plexus-kid").update(master).digest("hex").slice(0, 8);
}

/** Must a salt be given for this ENCRYPTION_KEY? Not for one that is a key already. */
export function needsSalt(text: string): boolean {
  return !/^[0-9a-fA-F]{64}$/.test(text) && !text.startsWith("base64:");
}

/** 32 bytes from ENCRYPTION_KEY: 64 hex digits, `base64:` and 32 bytes, or a passphrase with a salt. */
export async function deriveKey(text: string, salt: Uint8Array): Promise<Uint8Array> {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, "hex");
  if (text.startsWith("base64:")) {
    const bytes = Buffer.from(text.slice("base64:".length), "base64");
    if (bytes.length !== 32) throw new SealError("ENCRYPTION_KEY must hold 32 bytes after base64:");
    return bytes;
  }
  if ([...text].length < 16) {
    throw new SealError(
      "ENCRYPTION_KEY must be 64 hex characters (openssl rand -hex 32) or a passphrase of 16 or more characters",
    );
  }
  const cost = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(text, salt, 32, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** Secrets that Plexus makes. */
import { randomBytes } from "node:crypto";

/** 43 base64url characters after the prefix: 256 random bits. */
export function randomSecret(prefix: string): string {
  return `${prefix}${randomBytes(32).toString("base64url")}`;
}

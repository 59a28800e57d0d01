/** What the first start makes and says: an admin key, a client key, and a request to paste. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Snapshot } from "../config/snapshot.ts";
import { sha256Hex } from "../kit/hash.ts";
import { randomSecret } from "../kit/secret.ts";
import { createKey } from "../store/config.ts";
import { ensureMeta, findMeta } from "../store/meta.ts";
import type { Store } from "../wiring/openings.ts";
import { definesKeys } from "./configuration.ts";
import type { Options } from "./options.ts";

const adminHashKey = "admin_hash";

export interface FirstRun {
  adminKey?: string;
  clientKey?: string;
}

/** Makes what a new installation lacks. Of several that start at once, one makes it. */
export async function prepareFirstRun(store: Store, snapshot: Snapshot, options: Options): Promise<FirstRun> {
  const made: FirstRun = {};
  if (options.adminKey === undefined) {
    const adminKey = randomSecret("adm-");
    const { isNew } = await ensureMeta(store.database.sql, adminHashKey, () => sha256Hex(adminKey));
    if (isNew) made.adminKey = adminKey;
  }
  const { isNew } = await ensureMeta(store.database.sql, "created_at", () => new Date().toISOString());
  if (isNew && !definesKeys(snapshot) && !snapshot.keys.has("default")) {
    const clientKey = randomSecret("sk-");
    const last4 = clientKey.slice(-4);
    const author = { actor: "start", origin: "" } as const;
    await createKey(store.database, store.sealer, { name: "default", hash: sha256Hex(clientKey), last4, author });
    made.clientKey = clientKey;
  }
  return made;
}

/** SHA-256 (hex) of the admin key: of the variable as long as it is set, else the stored one. */
export async function adminHash(store: Store, options: Options): Promise<string> {
  if (options.adminKey !== undefined) return sha256Hex(options.adminKey);
  return (await findMeta(store.database.sql, adminHashKey)) ?? "";
}

/** The lines that a start prints. As a service the secrets go to a file that only its owner reads. */
export function announcement(made: FirstRun, url: string, options: Options): string {
  const console = `CONSOLE=${url}/console\n`;
  if (made.adminKey === undefined && made.clientKey === undefined) return console;
  const secrets: [string, string][] = [];
  if (made.adminKey !== undefined) secrets.push(["ADMIN_KEY", made.adminKey]);
  if (made.clientKey !== undefined) secrets.push(["PLEXUS_KEY", made.clientKey]);
  const key = made.clientKey ?? "$PLEXUS_KEY";
  const full = `${console}${secrets.map(([name, value]) => `${name}=${value}\n`).join("")}\n${curl(url, key)}`;
  if (!options.isService) return full;
  const path = join(options.dataDir, "first-run.txt");
  writeFileSync(path, full, { mode: 0o600 });
  return `${console}${secrets.map(([name]) => `${name}: see ${path}\n`).join("")}`;
}

function curl(url: string, key: string): string {
  const body = JSON.stringify({ model: "demo", messages: [{ role: "user", content: "Hello!" }] });
  return `curl ${url}/v1/chat/completions -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '${body}'\n`;
}

/**
 * Decides at start whether the encryption key fits the database, before anything is read or written with it. A wrong
 * or missing key is refused and nothing is changed.
 */
import { randomBytes } from "node:crypto";
import { secretColumns } from "../secrets/registry.ts";
import {
  createPlainSealer,
  createSealer,
  deriveKey,
  isSealed,
  needsSalt,
  SealError,
  type Sealer,
} from "../secrets/seal.ts";
import { type Database, fragment, raw, type Sql } from "./database.ts";
import { findMeta, setMeta } from "./meta.ts";

const canaryKey = "encryption_canary";
const saltKey = "encryption_salt";
const canaryPlace = { table: "meta", column: "value", row: canaryKey };
const canaryText = "plexus";

/** Throws SealError with words for the operator. `encryptionKey` is ENCRYPTION_KEY; undefined or empty: off. */
export async function openSecrets(database: Database, encryptionKey: string | undefined): Promise<Sealer> {
  if (encryptionKey === undefined || encryptionKey === "") return withoutKey(database.sql);
  const stored = await findMeta(database.sql, saltKey);
  const salt = stored ?? randomBytes(16).toString("base64url");
  const sealer = createSealer(await deriveKey(encryptionKey, Buffer.from(salt, "base64url")));
  const isOurs = await database.transaction(async (sql) => {
    await lockMeta(sql, database.dialect);
    const chosen = await findMeta(sql, saltKey);
    if (needsSalt(encryptionKey) && chosen !== undefined && chosen !== salt) return false;
    const canary = await findMeta(sql, canaryKey);
    if (canary === undefined) await writeCanary(sql, sealer, needsSalt(encryptionKey) ? salt : undefined);
    else checkCanary(sealer, canary);
    return true;
  });
  // Of several processes that start at once on a new database, the first one chooses the salt.
  return isOurs ? sealer : openSecrets(database, encryptionKey);
}

async function writeCanary(sql: Sql, sealer: Sealer, salt: string | undefined): Promise<void> {
  await checkRows(sql, sealer);
  if (salt !== undefined) await setMeta(sql, saltKey, salt);
  await setMeta(sql, canaryKey, sealer.seal(canaryPlace, canaryText));
}

async function lockMeta(sql: Sql, dialect: Database["dialect"]): Promise<void> {
  if (dialect === "postgres") await sql`SELECT pg_advisory_xact_lock(${0x706c6578})`;
}

async function withoutKey(sql: Sql): Promise<Sealer> {
  const canary = await findMeta(sql, canaryKey);
  if (canary !== undefined || (await firstSealed(sql)) !== undefined) {
    const id = /^enc:v2:([0-9a-f]{8}):/.exec(canary ?? "")?.[1];
    throw new SealError(
      `this database is encrypted${id ? ` with the key ${id}` : ""}, but ENCRYPTION_KEY is not set: set it to the key that was used before`,
    );
  }
  return createPlainSealer();
}

function checkCanary(sealer: Sealer, canary: string): void {
  try {
    if (sealer.open(canaryPlace, canary) === canaryText) return;
  } catch (cause) {
    const id = /^enc:v2:([0-9a-f]{8}):/.exec(canary)?.[1] ?? "unknown";
    throw new SealError(
      `ENCRYPTION_KEY does not fit this database: it was encrypted with the key ${id}, this one is ${sealer.keyId}. Nothing was changed; set the right key`,
      { cause },
    );
  }
  throw new SealError("the canary of the encryption holds something else: the database was tampered with");
}

const checkedColumns = secretColumns.filter(({ isBulky }) => !isBulky);

/** Rows sealed before the canary was lost must open. */
async function checkRows(sql: Sql, sealer: Sealer): Promise<void> {
  for (const { table, column, id } of checkedColumns) {
    const rows = await sealedRows(sql, { table, column, id });
    for (const row of rows)
      sealer.open({ table, column, row: id.map((name) => row[name] ?? "").join("/") }, row.sealed ?? "");
  }
}

async function firstSealed(sql: Sql): Promise<string | undefined> {
  for (const column of checkedColumns) {
    const rows = await sealedRows(sql, column);
    if (rows[0]?.sealed !== undefined && isSealed(rows[0].sealed)) return rows[0].sealed;
  }
  return undefined;
}

async function sealedRows(
  sql: Sql,
  { table, column, id }: { table: string; column: string; id: readonly string[] },
): Promise<Record<string, string>[]> {
  const from = fragment`${raw(`${id.join(", ")}, ${column} AS sealed FROM ${table} WHERE ${column}`)}`;
  return sql<Record<string, string>>`SELECT ${from} LIKE ${"enc:%"} LIMIT 1`;
}

/** What the process is told from outside: variables, `NAME_FILE` files for secrets, and flags. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Level } from "../kit/log.ts";
import { UsageError } from "./command.ts";

export interface Options {
  host: string;
  port: number;
  dataDir: string;
  databaseUrl: string;
  adminKey?: string;
  encryptionKey?: string;
  configPath?: string;
  /** Names that `${NAME}` may read in values that do not come from the file. */
  configNames: ReadonlySet<string>;
  logLevel: Level;
  logFormat: "json" | "text";
  /** Secrets must not go to standard output: it is a journal that others read. */
  isService: boolean;
}

type Environment = Record<string, string | undefined>;

export function readOptions(environment: Environment, flags: Record<string, string> = {}): Options {
  const dataDir = resolve(environment.DATA_DIR || "./data");
  const adminKey = secret(environment, "ADMIN_KEY");
  const encryptionKey = secret(environment, "ENCRYPTION_KEY");
  const configPath = flags.config ?? (environment.PLEXUS_CONFIG || undefined);
  if (adminKey !== undefined && adminKey.length < 16)
    throw new UsageError("ADMIN_KEY must have 16 or more characters.");
  if (flags.workers !== undefined && flags.workers !== "1") {
    throw new UsageError("--workers takes 1: this version runs as one process.");
  }
  return {
    host: environment.HOST || "127.0.0.1",
    port: port(flags.port ?? environment.PORT),
    dataDir,
    databaseUrl: secret(environment, "DATABASE_URL") ?? `sqlite://${join(dataDir, "plexus.db")}`,
    ...(adminKey === undefined ? {} : { adminKey }),
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
    ...(configPath === undefined ? {} : { configPath: resolve(configPath) }),
    configNames: new Set((environment.PLEXUS_CONFIG_ENV ?? "").split(/[\s,]+/).filter(Boolean)),
    logLevel: oneOf("LOG_LEVEL", environment.LOG_LEVEL, ["info", "debug", "warn", "error"]),
    logFormat: oneOf("LOG_FORMAT", environment.LOG_FORMAT, process.stderr.isTTY ? ["text", "json"] : ["json", "text"]),
    isService: Boolean(environment.JOURNAL_STREAM),
  };
}

/** The variable, or what the file named by NAME_FILE holds. */
function secret(environment: Environment, name: string): string | undefined {
  if (environment[name]) return environment[name];
  const path = environment[`${name}_FILE`];
  if (!path) return undefined;
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new UsageError(`${name}_FILE names ${path}, which cannot be read: ${(error as Error).message}`);
  }
}

function port(text: string | undefined): number {
  if (!text) return 4000;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && number <= 65535) return number;
  throw new UsageError(`PORT must be a number from 0 to 65535, not ${JSON.stringify(text)}.`);
}

function oneOf<Word extends string>(name: string, text: string | undefined, words: readonly [Word, ...Word[]]): Word {
  if (!text) return words[0];
  const word = words.find((one) => one === text.toLowerCase());
  if (word !== undefined) return word;
  throw new UsageError(`${name} must be one of ${[...words].sort().join(", ")}, not ${JSON.stringify(text)}.`);
}

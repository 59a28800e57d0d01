/** The configuration from its sources: the file, the database, or both. */
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { compile, type Names } from "../config/compile.ts";
import { ConfigFaults } from "../config/faults.ts";
import { formatOf, parseConfig } from "../config/parse.ts";
import { resolveReferences } from "../config/resolve.ts";
import type { Snapshot } from "../config/snapshot.ts";
import { embeddingWires, protocols } from "../protocols/index.ts";
import { quirks } from "../providers/quirks.ts";
import type { StoredConfig } from "../store/config.ts";

const wires = [...new Set([...protocols, ...embeddingWires].map(({ name }) => name))];

export const names: Names = {
  protocols: wires,
  quirks: Object.keys(quirks),
  demoProtocols: wires,
};

export interface ConfigSources {
  path?: string | undefined;
  environment: Record<string, string | undefined>;
  /** Names that values of the database may read. */
  only: ReadonlySet<string>;
  stored?: StoredConfig | undefined;
}

/** Throws ConfigFaults with everything that is wrong in any of the sources. */
export function loadSnapshot(sources: ConfigSources): Snapshot {
  const { environment } = sources;
  const file = sources.path === undefined ? undefined : readResolved(sources.path, environment);
  const stored = sources.stored;
  const folder = sources.path === undefined ? process.cwd() : dirname(sources.path);
  const database = stored && resolveReferences(stored.database, { environment, folder, only: sources.only });
  const faults = [...(file?.faults ?? []), ...(database?.faults ?? [])];
  const all = {
    file: file?.value,
    database: database?.value,
    ...(stored ? { version: stored.version, prices: stored.prices } : {}),
  };
  return compile(all, names, faults);
}

function readResolved(path: string, environment: ConfigSources["environment"]) {
  return resolveReferences(readFile(path), { environment, folder: dirname(path) });
}

/** As it is written, with its references. */
export function readFile(path: string): unknown {
  if (!existsSync(path)) throw new ConfigFaults([{ path: "", message: `file ${path} does not exist` }]);
  return parseConfig(readFileSync(path, "utf8"), formatOf(path));
}

/** Does the file define client keys? Then none is made on the first run. */
export function definesKeys(snapshot: Snapshot): boolean {
  return [...snapshot.keys.values()].some((key) => key.origin === "file");
}

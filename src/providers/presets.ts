/**
 * Families of providers: how one is configured, and what its hosts are known to refuse. The console offers them; the
 * look-up of capabilities finds them by the host of a configured base URL.
 */
import type { Auth } from "../config/snapshot.ts";
import { cloudPresets } from "./presets-cloud.ts";
import { openPresets } from "./presets-open.ts";

export interface Preset {
  /** Also the name that a provider made of it gets. */
  id: string;
  label: string;
  /**
   * Protocol to base URL, the preferred one first. `{name}` stands for what the user has to fill in.
   */
  protocols: Readonly<Record<string, string>>;
  /** Absent: as the protocol has it. */
  auth?: Auth;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  /** Kind of the login that gives the credential, in place of a key. */
  oauth?: string;
  /** Its list of models is told to everybody (so it proves no key), or there is none. */
  listing?: "public" | "none";
  /** The variable that usually holds a key; `ID_API_KEY` unless said. */
  keyVariable?: string;
  /** Where a key is made. Absent where there is none. */
  keyUrl?: string;
  /** Ends of host names, with a port where that is what makes it known. */
  hosts: readonly string[];
  /** The part of their paths where this family lives, where a host serves several. */
  path?: string;
  /**
   * Names of `quirks.ts`. They are in force for its hosts without being configured; a family without a host of its own
   * has them written into the configuration.
   */
  quirks: readonly string[];
  /** Further ones for models that the catalogue does not know: they are taken to be newer than it. */
  unlisted?: readonly string[];
  /** The provider of the catalogue that knows its models. */
  catalogue?: string;
}

export const presets: readonly Preset[] = [...cloudPresets, ...openPresets];

/** The family behind a base URL: the one whose host is the longest. */
export function presetOf(baseUrl: string): Preset | undefined {
  if (!URL.canParse(baseUrl)) return undefined;
  const { host, hostname, pathname } = new URL(baseUrl);
  let best: { preset: Preset; length: number } | undefined;
  for (const preset of presets) {
    if (preset.path !== undefined && !pathname.startsWith(preset.path)) continue;
    for (const end of preset.hosts) {
      const known = end.includes(":") ? host : hostname;
      const length = end.length + (preset.path?.length ?? 0);
      if ((known === end || known.endsWith(`.${end}`)) && length > (best?.length ?? 0)) best = { preset, length };
    }
  }
  return best?.preset;
}

/** What the console is told of providers beside the configuration, and what it may have done with them. */
import type { Key } from "../../config/snapshot.ts";
import type { Trial } from "../../model/trial.ts";

/** A family of providers as the console offers it. */
export interface OfferedPreset {
  id: string;
  label: string;
  /** Protocol to base URL; `{name}` stands for what has to be filled in. */
  protocols: Readonly<Record<string, string>>;
  /** What its configuration has beside the base URLs and the key. */
  value: Readonly<Record<string, unknown>>;
  /** Where a key is made; null where there is none, or nobody knows. */
  keyUrl: string | null;
  needsKey: boolean;
  /** Name of the variable of the environment that holds a key for it; null where there is none. */
  environment: string | null;
}

/** A request that the console makes with a client key. */
export interface Sent {
  requestId: string;
  status: number;
  /** What the client would have been told. */
  message: string;
}

export interface Supply {
  presets: readonly OfferedPreset[];
  /** Protocols that providers may speak, in the order in which they are offered. */
  protocols: readonly string[];
  /** Names of quirks, with what they mean. */
  quirks: readonly { value: string; words: string }[];
  /** Rejects with ConfigFaults where the value is not valid. */
  runTrial(ask: { name: string; value?: unknown; models?: readonly string[] }): Promise<Trial>;
  /** The value of a preset's variable. */
  environmentKey(preset: string): string | undefined;
  /** One short request to a model; resolves when its row is there. */
  send(ask: { key: Key; model: string; address: string }): Promise<Sent>;
}

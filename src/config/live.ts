/** The one reference to the configuration in force. Whoever began with a snapshot keeps it. */
import type { Fault, Snapshot } from "./snapshot.ts";

export interface LiveConfig {
  current(): Snapshot;
  /** What is wrong with a configuration that was to come after this one; nothing where there was none. */
  refused(): readonly Fault[];
  refuse(faults: readonly Fault[]): void;
  /** Puts the next snapshot in force, then tells the listeners. */
  swap(next: Snapshot): void;
  /** Returns the function that ends the listening. A listener must not throw. */
  listen(listener: (next: Snapshot, last: Snapshot) => void): () => void;
}

export function createLiveConfig(first: Snapshot): LiveConfig {
  let snapshot = first;
  let refused: readonly Fault[] = [];
  const listeners = new Set<(next: Snapshot, last: Snapshot) => void>();
  return {
    current: () => snapshot,
    refused: () => refused,
    refuse(faults) {
      refused = faults;
    },
    swap(next) {
      const last = snapshot;
      snapshot = next;
      refused = [];
      for (const listener of [...listeners]) listener(next, last);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The one reference to the configuration in force. Whoever began with a snapshot keeps it. */
import type { Snapshot } from "./snapshot.ts";

export interface LiveConfig {
  current(): Snapshot;
  /** Puts the next snapshot in force, then tells the listeners. */
  swap(next: Snapshot): void;
  /** Returns the function that ends the listening. A listener must not throw. */
  listen(listener: (next: Snapshot, last: Snapshot) => void): () => void;
}

export function createLiveConfig(first: Snapshot): LiveConfig {
  let snapshot = first;
  const listeners = new Set<(next: Snapshot, last: Snapshot) => void>();
  return {
    current: () => snapshot,
    swap(next) {
      const last = snapshot;
      snapshot = next;
      for (const listener of [...listeners]) listener(next, last);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Seals of answers, kept for clients that do not bring them back, and who keeps them. */
import type { ReasoningItem, Seal } from "./chat.ts";

/** What is put back into one turn of the model, in its order. */
export type KeptPart =
  | { type: "reasoning"; item: ReasoningItem }
  /** `callId` as clients know it. */
  | { type: "call"; callId: string; seals?: Seal[] }
  /** One entry for each block of the message. */
  | { type: "message"; seals?: (Seal | null)[] };

export interface KeptTurn {
  /** Digest of the client key's name, of the conversation before the turn, and of its first call (or its text). */
  key: string;
  /** Epoch milliseconds. */
  at: number;
  /** Name of the client key. */
  owner: string;
  /** The account that sealed it, and the protocol that it spoke. */
  scope: string;
  origin: string;
  parts: KeptPart[];
}

/** Writing never waits and never throws; what was given to it is found at once. */
export interface TurnStore {
  keep(turn: KeptTurn): void;
  /** False when it is known that nothing is kept for this client key: then nothing need be looked for. */
  mayHave(owner: string): boolean;
  /** What memory knows of a key: the turn, that there is none (`null`), or nothing (`undefined`). */
  recall(key: string): KeptTurn | null | undefined;
  /**
   * Asks the database for keys that memory does not know; afterwards memory knows them. Undefined when it need not be
   * asked, for nothing (of this account, with `scope`) is kept for this client key. Rejects when the database does.
   */
  load(asked: { owner: string; scope?: string; keys: readonly string[] }): Promise<void> | undefined;
}

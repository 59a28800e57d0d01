/**
 * The grammar of a client's stream, held against every stream on its way out: what a provider broke is mended where that
 * is possible and told. Frames are raw, with their blank line; of streams that are passed on they are byte strings.
 */
import type { Frame } from "../kit/sse.ts";
import type { Usage } from "../model/usage.ts";

export interface Contract {
  /**
   * Do these frames fit where they stand? Cheap: asked of each piece of a stream in which none of the protocol's `markers`
   * was found.
   */
  fits(raw: string): boolean;
  /** Of a frame that our own encoder made: may it go unread, because nothing of its kind can break the grammar here? */
  isSafe?(frame: Frame): boolean;
  /** What is sent in place of one frame: mostly itself, "" when it has no place there, others before it where some lack. */
  frame(raw: string): string;
  /** What is missing at a normal end. */
  end(): string;
  /** What was mended, by a machine word for what was wrong: `no_message_stop`. */
  readonly mended: ReadonlySet<string>;
}

export interface ContractOptions {
  /** How many frames came; not each of them is shown to the contract. */
  frames?: () => number;
  /** Several answers were asked for at once. */
  several?: true;
  /** Present when the client asked for the usage of its stream: what is known of it when the provider does not tell. */
  usage?: () => Usage;
}

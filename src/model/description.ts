/** Words that stand for images where a model cannot see, and who keeps them. */
export interface DescriptionStore {
  /** From memory, at once. */
  recall(key: string): string | undefined;
  /** From the database; undefined when there is none, or it is too old. Never rejects. */
  find(key: string): Promise<string | undefined>;
  /** Never throws and never waits; it is found at once. */
  keep(key: string, text: string): void;
}

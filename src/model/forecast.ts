/** What a request would probably cost, were it sent now. */
export interface Forecast {
  /** `provider/model` to which it would go. */
  target: string;
  /** Estimated tokens of the prompt. */
  input: number;
  /** Tokens of the target's usual answer, or of as much as the request allows. */
  output: number;
  /** False where the target has given no answer yet. */
  isMeasured: boolean;
  /** Nano-dollars; null where nobody knows the price. */
  costNano: number | null;
  /** With the longest answer that the request allows; null where it does not say. */
  most: { output: number; costNano: number | null } | null;
}

/** What is left of something that a provider gives for a time: a subscription's window, a day's requests. */
export interface Allowance {
  /** Share that is not used, from 0 to 1. */
  readonly left: number;
  /** Epoch milliseconds. */
  readonly resetAt: number;
  /** Length of the window in milliseconds, where it is told. */
  readonly windowMs?: number;
}

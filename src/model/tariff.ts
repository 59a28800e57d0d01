/** What the answers of one model of one provider cost. */
import type { Usage } from "./usage.ts";

export interface Tariff {
  /** Where the rates are from: `builtin-2026-11-22`, `update-3`, `config-3f9a12cd` (a digest of what is configured). */
  readonly version: string;
  /** The rates themselves, for people; as the configuration's schema has them. */
  readonly terms: Readonly<Record<string, unknown>>;
  /**
   * Nano-dollars of an answer that was asked for at a time (epoch milliseconds), rounded half up once. Null when
   * something of it has no price: that is not the same as nothing.
   */
  costOf(usage: Usage, at: number): number | null;
}

/** What trying out a provider's configuration shows: each step, and the models that the provider tells of. */

/** One step. The network's are probes of their own; the others go the way of the traffic. */
export interface TrialStage {
  name: "dns" | "connect" | "tls" | "key" | "models" | "answer";
  /** `host:port`, an address, or a model. */
  target: string;
  /** Of `models` and `answer`: the protocol that was spoken. */
  protocol: string | null;
  result: "ok" | "failed" | "warning" | "skipped";
  ms: number | null;
  /** What happened, in a sentence. */
  words: string;
  /** What to change; null when nothing is to be. */
  fix: string | null;
  /** Path of the field within the provider that is to be changed. */
  field: string | null;
  /** What the provider answered: its status, and the beginning of its body without our credentials. */
  status: number | null;
  body: string | null;
  /** Of `answer`: nano-dollars; null when unknown. */
  costNano: number | null;
}

/** How a model that the provider tells of differs from the configured one. */
export interface TrialChange {
  field: "context" | "max_output";
  before: number;
  after: number;
}

export interface TrialModel {
  id: string;
  /** `gone`: configured, and no longer told of. */
  state: "new" | "same" | "changed" | "gone";
  changes: readonly TrialChange[];
  /** Tokens; null when unknown. */
  context: number | null;
  maxOutput: number | null;
  /** Dollars for a million tokens; null when nobody knows a price. */
  price: { input: number | null; output: number | null } | null;
  /** Protocols of the provider that it can be asked in. */
  protocols: readonly string[];
  /** Of several, one that a new user probably wants. */
  isSuggested: boolean;
}

export interface Trial {
  /** Nothing failed that traffic needs. */
  isFine: boolean;
  stages: readonly TrialStage[];
  /** Null when there was no list. */
  models: readonly TrialModel[] | null;
}

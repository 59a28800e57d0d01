/** What requests take of quotas, between the ledger that decides, the record that is left, and the rows that last. */

/** What one request counts in one counter. */
export interface Charge {
  /** The counter's id: quota, key and window in one text. */
  counter: string;
  /** Epoch milliseconds at which the slot of the window begins that it counts in. */
  slot: number;
  /** Requests, tokens or nano-dollars. */
  amount: number;
}

/** What a request that was let in would count, should its process end before the request does. */
export interface Admission {
  key: string;
  model: string | null;
  parent: string | null;
  /** Our estimate of its input, where one was made. */
  inputTokens: number | null;
  /** What that input would cost, in nano-dollars. */
  inputNano: number | null;
  charges: Charge[];
}

/** What counts of one slot. */
export interface SlotSum {
  counter: string;
  slot: number;
  amount: number;
}

/** One reservation of one request. */
export interface Reserved {
  requestId: string;
  counter: string;
  /** Epoch milliseconds. */
  at: number;
  amount: number;
}

export interface Ended {
  requestId: string;
  /** Empty for a request that counts nothing. */
  held: readonly Charge[];
}

/** A counter as a question asks for it. */
export interface CounterQuery {
  id: string;
  /** Slots that began before do not count. */
  since: number;
  /** Reservations that were made before do not count. */
  reservedSince: number;
}

export interface CounterState {
  slots: Map<number, number>;
  /** Of requests that run, in every process. */
  reserved: number;
  /** Of those that ended and are not in the slots yet. */
  ended: number;
}

/** What is to be counted anew from the usage rows. */
export interface Recount {
  counter: string;
  unit: "requests" | "tokens" | "cost";
  keys: readonly string[];
  /** Epoch milliseconds; slots are as long as `slotMs`, or the window is one slot that begins here. */
  since: number;
  slotMs: number | null;
}

/** The counters in the database. */
export interface QuotaStore {
  /** Slots that began at a time or later. */
  load(since: number): Promise<SlotSum[]>;
  /**
   * Of several processes one at a time: reads counters, lets `decide` say what is reserved, and writes that. Resolves
   * when it is written, with what `decide` returned.
   */
  reserve<Decided>(
    counters: readonly CounterQuery[],
    decide: (state: ReadonlyMap<string, CounterState>) => { reserved: Reserved[]; decided: Decided },
  ): Promise<Decided>;
  /** Requests that ended, with what they came to in each counter: until that is counted, it is what they hold. */
  correct(ended: readonly Ended[]): Promise<void>;
  /** Says that these requests run; forgets reservations of processes that are gone, and what no window holds. */
  keep(requestIds: readonly string[]): Promise<void>;
  /** Sets counters to nothing, or to what the usage rows say. Resolves with what that changed. */
  adjust(recounts: readonly Recount[], to: "nothing" | "rows"): Promise<SlotSum[]>;
}

/** What the pipeline is given: made once in app.ts, passed to every exchange. */
import type { Authenticate } from "../config/keys.ts";
import type { LiveConfig } from "../config/live.ts";
import type { Content } from "../kit/content.ts";
import type { Log } from "../kit/log.ts";
import type { Scratch } from "../kit/scratch.ts";
import type { Sweep } from "../kit/sweep.ts";
import type { Calibration } from "../metering/calibration.ts";
import type { Ledger } from "../metering/quotas/ledger.ts";
import type { DescriptionStore } from "../model/description.ts";
import type { TurnStore } from "../model/kept-turn.ts";
import type { OpenedRecord, RequestRecord } from "../model/record.ts";
import type { ResponseStore } from "../model/stored.ts";
import type { CountWire } from "../protocols/counting.ts";
import type { EmbeddingWire } from "../protocols/embedding.ts";
import type { Place, Protocol, Wire } from "../protocols/protocol.ts";
import type { Transport } from "../providers/call.ts";
import type { Logins } from "../providers/logins.ts";
import type { Cooldowns } from "../routing/cooldowns/cooldowns.ts";
import type { FactsOf } from "../routing/resolve.ts";
import type { Backgrounds } from "./background.ts";
import type { Describer } from "./describe.ts";
import type { Refusals } from "./refusals.ts";
import type { RoutingMemory } from "./routing.ts";
import type { Running } from "./running.ts";
import type { Slots } from "./slots.ts";

/** An exchange that begins. */
export interface Begun {
  openedRecord(): OpenedRecord;
}

/** Told of every exchange; can never change its course. */
export interface Observer {
  opened?(exchange: Begun): void;
  /** Its key has quotas, and they let it in. */
  admitted?(record: OpenedRecord): void;
  closed?(record: RequestRecord): void;
}

export interface Gateway {
  readonly config: LiveConfig;
  readonly protocols: readonly Protocol[];
  readonly embeddingWires: readonly EmbeddingWire[];
  readonly countWires: readonly CountWire[];
  readonly authenticate: Authenticate;
  readonly targetFacts: FactsOf;
  /** The transport for a base URL: `fetch`, or an upstream inside the process. */
  readonly transport: (url: string) => Transport;
  readonly observers: readonly Observer[];
  readonly running: Running;
  readonly log: Log;
  readonly sweep: Sweep;
  readonly slots: Slots;
  readonly cooldowns: Cooldowns;
  readonly routing: RoutingMemory;
  /** For large bodies on their way out. */
  readonly scratch: Scratch;
  readonly stored: ResponseStore;
  readonly turns: TurnStore;
  readonly backgrounds: Backgrounds;
  readonly descriptions: DescriptionStore;
  readonly describer: Describer;
  readonly refusals: Refusals;
  readonly logins: Logins;
  readonly calibration: Calibration;
  readonly quotas: Ledger;
  /** Key of the envelopes in which seals travel. */
  readonly sealKey: Buffer;
  readonly random: () => number;
}

/** One request of a client as the ingress hands it over. */
export interface Call<W extends Wire = Protocol> {
  readonly requestId: string;
  readonly protocol: W;
  readonly place: Place;
  readonly headers: Headers;
  /** In their order of precedence. */
  readonly credentials: readonly string[];
  readonly address: string;
  /** Reads the body once. Throws `too-large`, or `invalid-request` for one that never came whole. */
  readonly body: (limit: number) => Promise<Content>;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
}

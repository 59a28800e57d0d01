/**
 * One client request from its arrival to its close: the snapshot that it began with, what became known on the way, and
 * the one record that is left of it.
 */
import type { Alias, Key, Snapshot } from "../config/snapshot.ts";
import { errorChain } from "../kit/log.ts";
import { estimateUsage } from "../metering/estimate.ts";
import { estimateInput } from "../metering/estimate-input.ts";
import type { Reservation } from "../metering/quotas/reservation.ts";
import type { ChatRequest, MediaBlock } from "../model/chat.ts";
import { GatewayError, toGatewayError } from "../model/error.ts";
import type { ChatEvent, FinishReason } from "../model/event.ts";
import { type Note, Notes } from "../model/note.ts";
import type { FailureRecord, OpenedRecord, Phases, RequestRecord } from "../model/record.ts";
import type { Tariff } from "../model/tariff.ts";
import { emptyUsage, inputTokens, type Usage } from "../model/usage.ts";
import { clientField, type Protocol, type Wire } from "../protocols/protocol.ts";
import { allowancesOf } from "../providers/allowance.ts";
import type { Permit } from "../routing/cooldowns/permit.ts";
import type { Ordered } from "../routing/order.ts";
import type { Candidate } from "../routing/resolve.ts";
import type { Asking } from "../routing/standings.ts";
import { discreet, withoutSecrets } from "./discreet.ts";
import type { FreshIds } from "./fresh-ids.ts";
import type { Call, Gateway, Observer } from "./gateway.ts";
import type { Inbound } from "./inbound.ts";
import type { Keeping } from "./keeping.ts";
import type { Media } from "./media.ts";
import { settled } from "./quotas.ts";
import { passedOver, recordOf } from "./record-of.ts";
import { Place } from "./running.ts";
import type { SealWatch } from "./seal-owners.ts";
import type { TurnKeeper } from "./turn-seals.ts";
import type { Turns } from "./turns.ts";

export class Exchange<W extends Wire = Protocol> {
  readonly gateway: Gateway;
  readonly call: Call<W>;
  readonly snapshot: Snapshot;
  readonly at = Date.now();
  readonly notes = new Notes();
  phases: Phases = {};
  /** By an attempt that failed. */
  private wasSent = false;
  readonly errors: FailureRecord[] = [];
  key: Key | null = null;
  /** Id of the exchange that asked for this one, which no client did. */
  parent: string | null = null;
  label: string | null = null;
  model: string | null = null;
  alias: Alias | null = null;
  stream = false;
  framing: "sse" | "json-array" = "sse";
  target: { provider: string; model: string } | null = null;
  attempts = 0;
  upstreamMs = 0;
  /** Of the target; undefined where it is unknown. */
  price: Tariff | undefined;
  usage: Usage | undefined;
  finish: FinishReason | null = null;
  /** The client's request, until an upstream has committed. */
  inbound: Inbound | undefined;
  /** The client's protocol, as far as providers are asked in it. */
  asksIn: W;
  /** Id of the kept answer that the request goes on from. */
  previous: string | undefined;
  /** The account that made it and all before it; empty when there were several. */
  previousScope: string | undefined;
  /** Present when the client may come back for the answer. */
  keeping: Keeping | undefined;
  /** What was fetched for providers that take no addresses. */
  media: Media | undefined;
  /** What its images show, for targets that cannot see. */
  descriptions: Map<MediaBlock, string> | undefined;
  /** Known once somebody has asked. */
  hasImages: boolean | undefined;
  /** The turns of its conversation, once somebody has asked. */
  turns: Turns | undefined;
  /** Makes ids of a translated answer's calls ones that the conversation does not have. */
  freshIds: FreshIds | undefined;
  /** Watches a translated answer for seals. */
  keeper: TurnKeeper | undefined;
  /** Watches one that is in the client's own protocol. */
  watch: SealWatch | undefined;
  /** Seals that the client brought back as their provider wrote them. */
  nativeSeals: readonly string[] | undefined;
  /** It asks how many tokens a request has, which counts in no quota. */
  isCounting = false;
  requestCharacters = 0;
  /** What the target says of tokens is not believed: they are estimated. */
  private isDoubted = false;
  private ownInput: number | undefined;
  /** Our own count of the input, where the provider's is to be held against it. */
  estimatedInput: number | undefined;
  /** How many frames of content the upstream has sent. */
  frames: (() => number) | undefined;
  /** Leave to ask the present target, and where what it does is noted; absent where cooldowns do not matter. */
  permit: Permit | undefined;
  /** The order of its targets, and why others were left out. */
  ordered: Ordered | undefined;
  /** What its conversation is remembered by; absent where that does not matter. */
  conversation: string | undefined;
  /** The present attempt, and when it began and committed, since the request arrived. */
  private asking: { of: Asking; name: string; startedAt: number; committedAt?: number } | undefined;
  /** Does it keep to cooldowns, and count for them? */
  minds = true;
  /** The attempt that runs, so that a client that leaves ends it. */
  active: AbortController | undefined;
  /** Set when the client left. */
  left: GatewayError | undefined;
  private readonly started = performance.now();
  private lean: ChatRequest | undefined;
  private readonly place = new Place(this);
  private readonly releases: (() => void)[] = [];
  private reservation: Reservation | undefined;
  /** Of answers that had to be paid for and were passed over. */
  private readonly spent: RequestRecord[] = [];
  private isClosed = false;
  private isDetached = false;

  constructor(gateway: Gateway, call: Call<W>) {
    this.gateway = gateway;
    this.call = call;
    this.asksIn = call.protocol;
    this.snapshot = gateway.config.current();
  }

  get id(): string {
    return this.call.requestId;
  }

  /** Milliseconds since the request arrived. */
  elapsed(): number {
    return performance.now() - this.started;
  }

  mark(phase: keyof Phases): void {
    this.phases[phase] ??= hundredths(this.elapsed());
  }

  /** It goes on when the client leaves. */
  detach(): void {
    this.isDetached = true;
  }

  /** The client left: nothing more is asked of any upstream. */
  leave({ even }: { even?: "detached" } = {}): void {
    if (this.isDetached && !even) return;
    this.left ??= new GatewayError("cancelled", "The client closed the connection before the answer was complete.");
    this.active?.abort(this.left);
    // Nobody may ever pull the answer that was being made ready.
    if (this.lean) this.close(200, this.left);
  }

  /** An attempt begins; the controller ends it. */
  trying({ name, provider, model, facts }: Candidate, controller: AbortController): void {
    this.asking = { of: this.gateway.routing.standings.ask(name), name, startedAt: this.elapsed() };
    this.target = { provider: provider.id, model };
    this.price = facts.price;
    this.isDoubted = provider.estimateTokens;
    if (this.attempts > 0) {
      // They are told of the attempt that answers.
      const { sent, headers: _headers, ...before } = this.phases;
      this.wasSent ||= sent !== undefined;
      this.phases = before;
    }
    this.attempts++;
    this.active = controller;
  }

  /** What it holds of its key's quotas until it closes; the journal knows, should the process end first. */
  reserved(reservation: Reservation): void {
    this.reservation = reservation;
    this.tell((observer) => observer.admitted?.(this.openedRecord()));
  }

  /** Headers of an upstream have come: they may say what is left, where somebody goes by that. */
  heard(headers: Headers): void {
    if (!this.asking || !this.alias?.groups.some(({ selector }) => selector === "allowance")) return;
    const allowances = allowancesOf(headers, this.gateway.cooldowns.now());
    if (allowances.length > 0) this.asking.of.told(allowances);
  }

  /** Gives something back when the exchange closes, whichever way it does. */
  onClose(release: () => void): void {
    if (this.isClosed) release();
    else this.releases.push(release);
  }

  /** The canonical request, made when it is first needed. Throws `invalid-request`. */
  canonical(): ChatRequest {
    if (!this.inbound) throw new GatewayError("internal", "The request is asked for after it was let go.");
    return this.inbound.canonical({ key: this.gateway.sealKey, owner: this.key?.name ?? "" }, this.notes);
  }

  /** The whole of a text in the canonical request. */
  readable(text: string): string {
    return this.inbound?.readable(text) ?? text;
  }

  /** The present target's answer is of no use to anybody, and has its price: it is kept as a request made for this one. */
  passOver(error: GatewayError): void {
    const record = passedOver(this, error);
    this.spent.push(record);
    this.tell((observer) => observer.opened?.({ openedRecord: () => record }));
    this.tell((observer) => observer.closed?.(record));
    this.usage = undefined;
    this.finish = null;
  }

  /** An upstream has committed: of the request only what writing the answer needs is kept. */
  answering(isVerbatim: boolean): void {
    if (this.isDoubted && this.inbound?.isWhole) this.ownInput = estimateInput(this.canonical());
    this.lean ??= isVerbatim ? this.bareRequest() : { ...this.replyRequest(), instructions: [], items: [] };
    this.inbound?.content.release();
    this.inbound = undefined;
    this.media = undefined;
    this.descriptions = undefined;
    this.turns = undefined;
    this.nativeSeals = undefined;
  }

  /** What is known of the request for writing an answer, also of one that is passed through without being understood. */
  replyRequest(): ChatRequest {
    if (this.lean || !this.inbound) return this.lean ?? this.bareRequest();
    try {
      return this.canonical();
    } catch {
      return this.bareRequest();
    }
  }

  private bareRequest(): ChatRequest {
    const { stream } = this;
    const model = this.model ?? "";
    return { protocol: this.call.protocol.name, model, instructions: [], items: [], tools: [], sampling: {}, stream };
  }

  /** The notes as the client knows its fields, for the header and the record. */
  clientNotes(): Note[] {
    if (this.notes.list.length === 0) return [];
    return this.notes.list.map((note) => ({ ...note, field: clientField(this.call.protocol, note.field) }));
  }

  /** The target failed, before its commit or after it: unless the client had left, or it is not the target's fault. */
  cools(error: GatewayError): void {
    if (!this.left && !error.detail.isAside) this.permit?.failed(error);
  }

  /** A target has begun its answer. */
  committed(): void {
    this.permit?.succeeded();
    this.mark("committed");
    if (!this.asking) return;
    this.asking.committedAt = this.elapsed();
    if (this.conversation !== undefined) {
      this.gateway.routing.conversations.bind(this.conversation, this.asking.name);
    }
  }

  /** The target is not asked, for too many ask its provider already: that is nothing it did. */
  crowded(name: string): GatewayError {
    this.permit?.release();
    this.permit = undefined;
    return new GatewayError("overloaded", `The provider of ${name} is at its limit of concurrent requests.`);
  }

  /** Takes the facts out of the provider's events. */
  observe(events: readonly ChatEvent[]): void {
    for (const event of events) {
      if (event.type === "usage") this.usage = { ...(this.usage ?? emptyUsage()), ...event.usage };
      else if (event.type === "finish" && event.c === undefined) this.finish = event.reason;
    }
  }

  /** What was thrown, as one of our errors; a client that left is never told of what its leaving broke. */
  failure(thrown: unknown): GatewayError {
    return this.left ?? toGatewayError(thrown);
  }

  /** Keeps a failure for the record, and that of a target for its cooldown; returns it as it may be told. */
  failed(thrown: unknown, target?: string): GatewayError {
    const { secrets } = this.snapshot;
    const error = discreet(toGatewayError(thrown), secrets);
    const chain = errorChain(error).map((text) => withoutSecrets(text, secrets));
    const failure: FailureRecord = { code: error.code, message: error.message, chain };
    if (target !== undefined) {
      failure.target = target;
      const { asking } = this;
      if (asking) {
        failure.fromMs = hundredths(asking.startedAt);
        failure.tookMs = hundredths(this.elapsed() - asking.startedAt);
      }
      this.cools(error);
    }
    if (error.detail.upstreamStatus !== undefined) failure.upstreamStatus = error.detail.upstreamStatus;
    this.errors.push(failure);
    return error;
  }

  /** Ends the exchange once; later calls change nothing. The record is kept before the last byte leaves. */
  close(status: number | null, error?: GatewayError): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.mark("closed");
    for (const release of this.releases) release();
    if (error && this.errors.at(-1)?.message !== error.message) this.failed(error);
    this.calibrate();
    const record = recordOf(this, status, error);
    if (this.reservation) record.charges = settled(this.reservation, [record, ...this.spent], this.wasCalled);
    this.measure(record);
    this.gateway.running.ended(this.place);
    this.tell((observer) => observer.closed?.(record));
  }

  open(): void {
    this.gateway.running.began(this.place);
    this.tell((observer) => observer.opened?.(this));
  }

  /** What is left of it should the process end now. */
  openedRecord(): OpenedRecord {
    const { id, at, call, reservation } = this;
    const record = { id, at, protocol: call.protocol.name, address: call.address };
    return reservation ? { ...record, admission: reservation.admission() } : record;
  }

  /** An upstream was asked for an answer. */
  get wasCalled(): boolean {
    return this.wasSent || this.phases.sent !== undefined;
  }

  private tell(what: (observer: Observer) => void): void {
    for (const observer of this.gateway.observers) {
      try {
        what(observer);
      } catch (error) {
        this.gateway.log.error("an observer failed", { request: this.id, error });
      }
    }
  }

  /** The attempt has failed; or the client left, and that says nothing of the target. */
  private unasked(): void {
    if (this.left) this.asking?.of.answered();
    else this.asking?.of.failed();
    this.asking = undefined;
  }

  /** What selectors go by. Counting is no answer, and a cut one says little of how fast it would have been. */
  private measure({ code, tokens }: RequestRecord): void {
    const { asking, stream: isStream } = this;
    if (!asking) return;
    const { of, startedAt, committedAt } = asking;
    if (code !== null) this.unasked();
    else if (committedAt === undefined || !this.minds) of.answered();
    else {
      const times = { firstMs: committedAt - startedAt, totalMs: (this.phases.closed ?? committedAt) - startedAt };
      of.answered({ isStream, ...times, tokens: tokens?.output ?? 0 });
    }
  }

  private calibrate(): void {
    const { target, usage, estimatedInput: estimated } = this;
    if (!target || !usage || this.isDoubted || usage.estimated || estimated === undefined) return;
    const observed = { estimated, reported: inputTokens(usage) };
    this.gateway.calibration.observe(`${target.provider}/${target.model}`, observed);
  }

  /** What an answer took whose provider was not let speak to its end. */
  estimate(reported: Usage | undefined, frames: number): Usage {
    const inputTokens = this.ownInput === undefined ? {} : { inputTokens: this.ownInput };
    return estimateUsage(reported, { requestCharacters: this.requestCharacters, frames, ...inputTokens });
  }

  /** What the provider reported, completed by our estimate where it said nothing or was cut. */
  measured(): Usage | undefined {
    if (this.isDoubted && (this.usage || this.frames || this.finish !== null)) {
      return this.estimate(undefined, this.frames?.() ?? 0);
    }
    if (this.requestCharacters === 0 || (this.usage && this.finish !== null)) return this.usage;
    if (!this.usage && this.frames === undefined && this.finish === null) return undefined;
    return this.estimate(this.usage, this.frames?.() ?? 0);
  }
}

/** As times are kept. */
function hundredths(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

export function openExchange<W extends Wire>(gateway: Gateway, call: Call<W>): Exchange<W> {
  const exchange = new Exchange(gateway, call);
  call.signal.addEventListener("abort", () => exchange.leave());
  exchange.open();
  return exchange;
}

/**
 * The body of a streamed answer. Pulled by the client: reads the upstream only as fast as the client takes it, fills
 * silence with heartbeats, closes the record before the last byte leaves, and ends a broken upstream with an error in
 * the client's grammar, never with a normal end.
 */
import { type Frame, writeFrame } from "../kit/sse.ts";
import { Watch } from "../kit/sweep.ts";
import { replay } from "../model/collect.ts";
import { type GatewayError, toGatewayError } from "../model/error.ts";
import { type ChatEvent, isPiece } from "../model/event.ts";
import type { Contract } from "../protocols/contract.ts";
import type { Encoder } from "../protocols/protocol.ts";
import type { StreamUpstream, Upstream } from "./attempt.ts";
import { discreet } from "./discreet.ts";
import type { Exchange } from "./exchange.ts";
import { enough, type Part } from "./feed.ts";
import type { Outward } from "./outward.ts";
import type { Reading, Step } from "./reading.ts";
import { outwardFor, replyContext } from "./rendering.ts";

/** The runtime's direct stream: what is written goes to the socket; a promise means that the client is slow. */
interface Controller {
  write(bytes: Uint8Array | string): number | Promise<number>;
  flush(): number | Promise<number>;
  close(): void;
}
type Sent = Promise<unknown> | undefined;

/** How long an upstream may keep its connection open after the end of its answer. */
const lingerMs = 2000;

export class StreamReply {
  private readonly exchange: Exchange;
  private upstream: Upstream | undefined;
  private pending: Promise<Upstream> | undefined;
  private queue: Step[] = [];
  private upstreamEnded = false;
  private sawFinish = false;
  private isOver = false;
  private encoder: Encoder | undefined;
  /** What the client is promised of its stream; nothing after an error. */
  private contract: Contract | undefined;
  /** What the contract adds at the end. */
  private tail: string | undefined;
  /** Of a stream that is passed on: how it began, and its last whole frames. */
  private start: (ChatEvent & { type: "start" }) | undefined;
  private passed: Step["bytes"];
  private outward: Outward | undefined;
  private controller: Controller | undefined;
  /** Elements of a JSON array that were written so far. */
  private elements = 0;
  /** What a stream that is opened early begins with. */
  private opening = "";
  private readonly heartbeat = new Watch(() => this.beat());

  constructor(exchange: Exchange, upstream: Upstream | undefined) {
    this.exchange = exchange;
    if (upstream) this.attach(upstream);
    exchange.onClose(() => exchange.gateway.sweep.remove(this.heartbeat));
  }

  body(): ReadableStream<Uint8Array> {
    const source = {
      type: "direct",
      pull: (controller: Controller) => this.run(controller),
      cancel: () => this.cancel(),
    };
    return new ReadableStream(source as unknown as ConstructorParameters<typeof ReadableStream<Uint8Array>>[0]);
  }

  /** Starts before the upstream is known. What it sends will be translated, for its own first events are out already. */
  openEarly(pending: Promise<Upstream>): void {
    this.pending = pending;
    // It is awaited when the client pulls, which a client that leaves never does.
    pending.catch(() => undefined);
    this.opening = this.encode(this.codec().open());
  }

  private attach(upstream: Upstream): void {
    this.upstream = upstream;
    if (upstream.kind === "whole") {
      this.queue.push({ events: replay(upstream.answers) });
      this.upstreamEnded = true;
      return;
    }
    if (this.pending) upstream.reading.verbatim = false;
    for (const step of upstream.steps) this.queue.push(this.pending ? { events: step.events } : step);
    this.upstreamEnded = upstream.ended;
    this.exchange.frames = () => upstream.reading.frames;
    if (upstream.reading.verbatim) this.contract = upstream.reading.contract;
  }

  /** Reads and sends until the answer is over; waits for the client whenever it is slow. */
  private async run(controller: Controller): Promise<void> {
    this.controller = controller;
    try {
      await this.send(this.opening);
      while (!this.isOver) {
        const step = this.queue.shift();
        if (step) await this.emit(step, this.queue.length === 0 && this.upstreamEnded && !this.pending);
        else if (this.upstreamEnded) this.finish();
        else if (this.upstream?.kind === "stream") await this.relay(this.upstream);
        else await this.arrival();
      }
    } catch (error) {
      this.broke(toGatewayError(error));
    }
  }

  /** The long middle of a stream: nothing in this loop is done that is not needed for each piece. */
  private async relay(upstream: StreamUpstream): Promise<void> {
    const { feed, reading } = upstream;
    this.rest();
    while (!this.isOver && !this.upstreamEnded) {
      let part: Part;
      try {
        part = await feed.begin();
      } catch (error) {
        this.cut(upstream, feed.broken(error));
        return;
      }
      if (this.isOver) return;
      const bytes = feed.received(part);
      this.upstreamEnded = bytes === undefined;
      const sent = bytes ? this.forward(reading, bytes) : this.emit(reading.end(), true);
      if (sent) await sent;
    }
  }

  private forward(reading: Reading, bytes: Uint8Array): Sent {
    const passed = reading.pass(bytes);
    if (passed === undefined) return this.emit(reading.push(bytes), false);
    // What stood in the one before is as good, and a long stream need not hold each of its pieces for a while.
    if (!reading.isShaped) this.passed = passed;
    return this.send(passed);
  }

  /** The connection broke or went silent: where the answer's reason had come before, that was its end. */
  private cut(upstream: StreamUpstream, error: GatewayError): void {
    const last = this.isOver || this.sawFinish ? undefined : upstream.reading.end();
    const isWhole = last?.events.some((event) => event.type === "finish");
    if (!last || !isWhole || this.exchange.left) {
      this.broke(error);
      return;
    }
    this.upstreamEnded = true;
    this.emit(last, true);
  }

  /** Waits for an upstream that has not committed when the stream was opened. */
  private async arrival(): Promise<void> {
    this.rest();
    const upstream = await this.pending;
    if (upstream) this.attach(upstream);
    this.pending = undefined;
  }

  private broke(error: GatewayError): void {
    // Silence after the end of the answer is its end.
    if (this.sawFinish) this.finish();
    else this.fail(error);
  }

  /** Hands one step to the client. */
  private emit(given: Step, isLast: boolean): Sent {
    const reading = this.upstream?.kind === "stream" ? this.upstream.reading : undefined;
    const step = reading?.isCutShort ? this.reckoned(given, reading) : given;
    if (step.bytes && step.bytes.length > 0) this.passed = step.bytes;
    if (step.marked) this.exchange.keeping?.passed(step.marked);
    if (!isLast && step.events.every(isPiece)) return this.send(step.bytes ?? this.encode(this.translate(step)));
    this.exchange.observe(step.events);
    this.start ??= step.events.find((event) => event.type === "start");
    const broken = this.sawFinish ? undefined : step.events.find((event) => event.type === "error");
    if (broken) {
      this.fail(broken.error, step);
      return undefined;
    }
    const finished = step.events.some((event) => event.type === "finish");
    if (isLast && step.bytes) this.tail ??= this.contract?.end() ?? "";
    if (finished || isLast) this.ending();
    const sent = this.send(step.bytes ?? this.encode(this.translate(step)));
    if ((finished && step.bytes === undefined) || isLast) this.finish();
    return sent;
  }

  /** The last step of an answer that we end ourselves: with what its provider did not come to report. */
  private reckoned({ events }: Step, { frames }: Reading): Step {
    this.exchange.observe(events);
    const usage = this.exchange.estimate(this.exchange.usage, frames);
    const at = events.findIndex((event) => event.type === "finish");
    return { events: at < 0 ? events : events.toSpliced(at, 0, { type: "usage", usage }) };
  }

  private send(bytes: Uint8Array | string): Sent {
    if (bytes.length === 0 || !this.controller) return undefined;
    const written = this.controller.write(bytes);
    const flushed = this.controller.flush();
    if (typeof written !== "number") return written;
    return typeof flushed === "number" ? undefined : flushed;
  }

  private translate(step: Step): Frame[] {
    if (step.events.length === 0) return [];
    const encoder = this.codec();
    if (!this.outward && this.upstream) {
      this.outward = outwardFor(this.exchange, this.upstream, this.exchange.replyRequest());
    }
    const events = this.exchange.freshIds?.events(step.events) ?? step.events;
    this.exchange.keeper?.events(events);
    for (const event of events) if (event.type === "item-end") this.exchange.watch?.items([event.item]);
    const frames: Frame[] = [];
    for (const event of this.outward?.events(events) ?? []) {
      if (event.type === "error") break;
      frames.push(...encoder.push(event));
    }
    return frames;
  }

  /** The answer is complete: its record is kept before the bytes that say so leave. */
  private ending(): void {
    if (this.sawFinish) return;
    this.sawFinish = true;
    const mended = this.contract ? [...this.contract.mended] : [];
    if (mended.length > 0) this.exchange.notes.add("emulated", "stream", mended.join(" "));
    this.exchange.close(200);
    if (this.upstream?.kind !== "stream") return;
    const { feed, reading } = this.upstream;
    if (reading.isCutShort) feed.cancel(enough());
    else feed.linger(lingerMs);
  }

  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.exchange.close(200);
    if (this.encoder) this.send(this.encode(this.encoder.end()));
    this.send(this.tail ?? this.contract?.end() ?? "");
    this.endArray();
    this.controller?.close();
    if (this.upstream?.kind === "stream") this.upstream.feed.drain();
  }

  /** `step`: what came in one read with the error; the client gets what stood before it. */
  private fail(failure: GatewayError, step?: Step): void {
    if (this.isOver) return;
    this.isOver = true;
    const error = discreet(failure, this.exchange.snapshot.secrets);
    if (!this.pending) this.exchange.cools(error);
    this.exchange.close(200, error);
    if (step) this.send(step.bytes ?? this.encode(this.translate(step)));
    const isPassed = this.encoder === undefined && this.passed !== undefined;
    const encoder = this.codec();
    if (isPassed && this.start) encoder.resume?.(this.start, Buffer.from(this.passed ?? "").toString());
    this.contract = undefined;
    this.send(this.encode(encoder.fail(error)));
    this.endArray();
    this.controller?.close();
    if (this.upstream?.kind === "stream") this.upstream.feed.cancel(error);
  }

  private endArray(): void {
    if (this.exchange.framing === "json-array") this.send(this.elements === 0 ? "[]" : "]");
  }

  /** The client left: the upstream is cancelled at once, what it sent so far is kept. */
  private cancel(): void {
    this.isOver = true;
    this.exchange.leave();
    this.exchange.close(200, this.exchange.left);
    if (this.upstream?.kind === "stream" && this.exchange.left) this.upstream.feed.cancel(this.exchange.left);
  }

  /** Looked at when the client may have waited too long for bytes that we do not have. */
  private beat(): void {
    if (this.isOver) return;
    const { heartbeatMs } = this.exchange.snapshot.settings;
    const silence = this.upstream?.kind === "stream" ? (this.upstream.feed.silence ?? 0) : heartbeatMs;
    // White space between the elements of an array is all that its grammar allows.
    const sign = this.exchange.framing === "sse" ? this.exchange.call.protocol.heartbeat : "\n";
    if (silence >= heartbeatMs) this.send(sign);
    this.rest(silence >= heartbeatMs ? heartbeatMs : heartbeatMs - silence);
  }

  private rest(milliseconds = this.exchange.snapshot.settings.heartbeatMs): void {
    this.exchange.gateway.sweep.set(this.heartbeat, milliseconds);
  }

  private codec(): Encoder {
    if (this.encoder) return this.encoder;
    const { protocol } = this.exchange.call;
    this.encoder = protocol.encodeStream(replyContext(this.exchange, this.exchange.replyRequest()));
    if (this.exchange.framing === "sse") this.contract = protocol.contract?.({});
    return this.encoder;
  }

  private contracted(frame: Frame): string {
    const raw = writeFrame(frame);
    const { contract } = this;
    if (!contract || contract.isSafe?.(frame)) return raw;
    const isPlain = !this.exchange.call.protocol.markers.test(raw);
    return isPlain && contract.fits(raw) ? raw : contract.frame(raw);
  }

  private encode(frames: Frame[]): string {
    let text = "";
    this.exchange.keeping?.told(frames);
    if (this.exchange.framing === "sse") for (const frame of frames) text += this.contracted(frame);
    else for (const frame of frames) text += `${this.elements++ === 0 ? "[" : ",\n"}${frame.data}`;
    return text;
  }
}

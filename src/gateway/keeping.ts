/**
 * Keeps one exchange's answer for its client to come back to. What the model was given goes to the store at the commit,
 * for an open stream holds no prompt; the answer goes there before its last byte leaves. Nothing here is waited for.
 */
import { type Frame, readFrame, utf8 } from "../kit/sse.ts";
import type { AnswerCollector, KeptAnswer, StoredAnswers } from "../protocols/stored.ts";
import type { Exchange } from "./exchange.ts";
import type { Inbound } from "./inbound.ts";

/** Characters of what the model was given, and of the answer, each. */
const mostCharacters = 16 * 1024 * 1024;

export class Keeping {
  private readonly exchange: Exchange;
  private readonly stored: StoredAnswers;
  private readonly owner: string;
  private collector: AnswerCollector | undefined;
  private scope = "";
  private state: "open" | "asked" | "over" = "open";

  constructor(exchange: Exchange, { stored, owner }: { stored: StoredAnswers; owner: string }) {
    this.exchange = exchange;
    this.stored = stored;
    this.owner = owner;
    exchange.onClose(() => this.closed());
  }

  /** An upstream has committed. `scope`: the account that answers. */
  asked(inbound: Inbound, scope: string): void {
    if (this.state !== "open") return;
    const input = inbound.textOf(this.stored.inputMember) ?? "[]";
    const before = this.exchange.previousScope ?? scope;
    this.scope = before === scope ? scope : "";
    const isKept = this.fits(input, "input") && this.store.keepInput({ requestId: this.exchange.id, input });
    this.state = isKept ? "asked" : "over";
  }

  /** A whole answer, as the client gets it. */
  whole(text: string): void {
    if (this.state === "asked") this.keep(this.stored.whole(text));
  }

  /** Frames of a stream, as the client gets them. */
  told(frames: readonly Frame[]): void {
    if (this.state === "over") return;
    this.collector ??= this.stored.collect();
    for (const frame of frames) {
      const answer = this.collector.push(frame);
      // A stream that was opened early may fail before any upstream has committed.
      if (answer && this.exchange.inbound) this.asked(this.exchange.inbound, "");
      this.keep(answer);
    }
  }

  /** The same of a stream that is passed through, its raw frames. */
  passed(raws: readonly string[]): void {
    for (const raw of raws) {
      const frame = readFrame(utf8(raw));
      if (frame) this.told([frame]);
    }
  }

  private keep(answer: KeptAnswer | undefined): void {
    if (!answer || this.state !== "asked") return;
    this.state = "over";
    const { id: requestId, at, target, model, call } = this.exchange;
    const isKept =
      this.fits(answer.text, "answer") &&
      this.store.keepResponse({
        ...{ requestId, at, owner: this.owner, protocol: call.protocol.name, id: answer.id },
        ...{ model: model ?? "", target: `${target?.provider}/${target?.model}`, scope: this.scope },
        ...{
          lastEvent: answer.lastEvent ?? null,
          response: answer.text,
          ...(answer.items ? { items: answer.items } : {}),
        },
      });
    if (!isKept) this.store.forgetInput(requestId);
  }

  /** Of a client that left before the end there will be no answer. */
  private closed(): void {
    if (!this.exchange.left || this.state === "over") return;
    if (this.state === "asked") this.store.forgetInput(this.exchange.id);
    this.state = "over";
  }

  private fits(text: string, what: "input" | "answer"): boolean {
    if (text.length <= mostCharacters) return true;
    const { gateway, id: request } = this.exchange;
    gateway.log.warn(`an answer is not kept: the ${what} is too large`, { request, characters: text.length });
    return false;
  }

  private get store() {
    return this.exchange.gateway.stored;
  }
}

/** Undefined when nothing of the exchange is to be kept. */
export function keepingFor(exchange: Exchange, { envelope }: Inbound): Keeping | undefined {
  const { stored } = exchange.call.protocol;
  const isWanted = envelope.keeps === true && exchange.snapshot.settings.responses.retentionMs > 0;
  if (!stored || !isWanted || !exchange.key) return undefined;
  return new Keeping(exchange, { stored, owner: exchange.key.name });
}

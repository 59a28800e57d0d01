/** One agent and its conversation, which goes to another account with every turn. */
import type { Answer, Refusal } from "../support/upstream/script.ts";
import { fieldsOf } from "../support/upstream/shape.ts";
import { ChatClient } from "./clients/chat.ts";
import type { Character, Client, Habit, ProtocolName, Reply } from "./clients/client.ts";
import { GeminiClient } from "./clients/gemini.ts";
import { MessagesClient } from "./clients/messages.ts";
import { ResponsesClient } from "./clients/responses.ts";
import { Dice } from "./dice.ts";
import { Ledger, proofsIn } from "./ledger.ts";
import { answerFor, outcomeFor, refusals, saidFor } from "./script.ts";
import type { Account, World } from "./world.ts";

const clients: Record<ProtocolName, (character: Character) => Client> = {
  chat: (character) => new ChatClient(character),
  messages: (character) => new MessagesClient(character),
  gemini: (character) => new GeminiClient(character),
  responses: (character) => new ResponsesClient(character),
};

export interface Tally {
  requests: number;
  /** Answers of upstreams that were scripted refusals, and streams that broke off. */
  refusals: number;
  cuts: number;
  /** Proofs that came back to the account that issued them. */
  proofs: number;
}

/** Says what was not as it must be. */
export class Fault extends Error {}

export class Transcript {
  readonly seed: number;
  readonly tally: Tally = { requests: 0, refusals: 0, cuts: 0, proofs: 0 };
  readonly turns: number;
  /** After so many turns the gateway is started again; undefined when it stays. */
  readonly restartAfter: number | undefined;
  readonly description: string;
  private readonly world: World;
  private readonly dice: Dice;
  private readonly client: Client;
  private readonly protocol: ProtocolName;
  private readonly thinks: boolean;
  private readonly ledger: Ledger;
  private readonly accounts: readonly [Account, ...Account[]];
  private readonly models = new Map<Account, string>();
  private readonly path: string[] = [];
  private done = 0;
  private last: Reply | undefined;
  private readonly moments: { back(): void }[] = [];

  constructor(seed: number, world: World, mostTurns: number) {
    const dice = new Dice(seed);
    this.seed = seed;
    this.world = world;
    this.dice = dice;
    this.protocol = dice.pick(["chat", "messages", "gemini", "responses"]);
    const habit: Habit = dice.pick(["all", "official", "bare", this.protocol === "responses" ? "linked" : "official"]);
    // Anthropic's and Google's own protocols ask for what a bare client throws away.
    const isOwn = (account: Account) => account.protocol === this.protocol;
    this.thinks = dice.chance(0.75) && !(this.protocol === "messages" && habit === "bare");
    const [first, ...others] = world.accounts.filter(
      (account) => !(this.protocol === "gemini" && habit === "bare" && isOwn(account)),
    );
    if (!first) throw new Error("no account");
    this.accounts = [first, ...others];
    this.client = clients[this.protocol]({ habit, thinks: this.thinks });
    this.ledger = new Ledger({ protocol: this.protocol, habit });
    this.turns = dice.whole(4, mostTurns);
    this.restartAfter = dice.chance(0.5) ? dice.whole(1, this.turns - 1) : undefined;
    this.description = `seed ${seed}: a ${this.protocol} client, ${habit}, ${this.thinks ? "thinking" : "not thinking"}`;
  }

  /** Goes on until so many turns are done. Throws Fault. */
  async run(until: number): Promise<void> {
    while (this.done < until) {
      this.wander();
      this.speak();
      await this.turn();
      this.done++;
    }
  }

  /** Users take back what they said; agents put a summary in the place of what has become too long. */
  private wander(): void {
    const { client, ledger, last } = this;
    const summary = `[s${this.done}] so far.`;
    if (this.moments.length > 2 && this.dice.chance(0.05)) {
      this.moments.splice(this.dice.whole(1, this.moments.length - 1))[0]?.back();
      this.path.push("back");
    } else if (last && last.entries.length > 0 && this.dice.chance(0.04)) {
      this.client.history.shorten(this.client.summary(summary));
      this.ledger.shorten(`[s${this.done}]`);
      this.moments.length = 0;
      this.path.push("shortened");
    }
    const moment = this.client.history.now();
    const lengths = { said: ledger.said.length, told: ledger.told.length };
    const before = this.last;
    this.moments.push({
      back: () => {
        client.history.back(moment);
        ledger.back(lengths);
        this.last = before;
      },
    });
  }

  private speak(): void {
    // Later turns are as those of other conversations.
    const mark = `[u${this.done === 0 ? `${this.seed}.` : ""}${this.done}]`;
    const calls = this.last?.calls ?? [];
    const says = calls.length === 0 || this.dice.chance(0.15);
    const said = says ? saidFor(this.dice, mark) : undefined;
    if (said) this.ledger.said.push(mark);
    if (calls.length === 0) {
      if (said) this.client.say(said);
      return;
    }
    const outcomes = calls.map((call, at) => {
      const result = `[r${this.done}.${at}]`;
      this.ledger.results.set(String(call.args.at), result);
      return outcomeFor(this.dice, call, result);
    });
    // Tools that ran at once end in any order; Google's protocol wants the order of the calls.
    if (this.protocol !== "gemini" && this.dice.chance(0.2)) outcomes.reverse();
    this.client.report(outcomes, said);
  }

  /** Until an answer is whole, each time at another account. */
  private async turn(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const account = this.dice.pick(this.accounts);
      const stream = this.dice.chance(0.5);
      this.path.push(`${account.name}${stream ? " streamed" : ""}`);
      if (attempt < 3 && this.dice.chance(0.06)) {
        await this.refused(account, stream);
        continue;
      }
      const mark = `m${this.done}.${attempt}`;
      const answer = answerFor(this.dice, { protocol: account.protocol, mark, thinks: this.thinks && account.shows });
      // One that says nothing may end before it is cut.
      const mayBreak = attempt < 3 && stream && (answer.text ?? answer.calls) !== undefined;
      if (mayBreak && this.dice.chance(0.08)) {
        await this.cut(account, { ...answer, breaks: this.dice.pick(["cut", "error"]) });
        continue;
      }
      await this.answered(account, answer, stream);
      return;
    }
  }

  private async answered(account: Account, answer: Answer, stream: boolean): Promise<void> {
    const { status, text, model } = await this.ask(account, answer, stream);
    if (status !== 200) throw this.fault(`${status} ${text}`);
    const reply = this.read(text, stream);
    const calls = (answer.calls ?? []).map(({ name, args }) => ({ name, args }));
    const came = reply.calls.map(({ name, args }) => ({ name, args }));
    if (!Bun.deepEquals(came, calls)) throw this.fault(`the client got the calls ${JSON.stringify(came)}`);
    if (reply.text !== (answer.text ?? "")) throw this.fault(`the client got the text ${JSON.stringify(reply.text)}`);
    this.client.keep(reply);
    this.last = reply;
    const proofs = proofsIn(account.upstream.sent(model).at(-1) ?? "", account.protocol);
    const told = calls.map(({ name, args }) => ({ name, mark: String(args.at) }));
    this.ledger.told.push({ account, calls: told, proofs });
  }

  private async refused(account: Account, stream: boolean): Promise<void> {
    const refusal = this.dice.pick(refusals);
    const { status, text } = await this.ask(account, refusal, stream);
    const expected = refusal.status === 429 ? 429 : 502;
    if (status !== expected) throw this.fault(`${status} instead of ${expected}: ${text}`);
    if (typeof this.client.errorOf(fieldsOf(JSON.parse(text))) !== "string")
      throw this.fault(`not in its shape: ${text}`);
    this.tally.refusals++;
  }

  /** The client throws away what it got, or most of it. */
  private async cut(account: Account, answer: Answer): Promise<void> {
    const { status, text } = await this.ask(account, answer, true);
    if (status === 200) {
      let isWhole = true;
      try {
        this.client.read(text, true);
      } catch {
        isWhole = false;
      }
      if (isWhole) throw this.fault(`a stream that broke off looks whole: ${text}`);
    }
    this.tally.cuts++;
    if (answer.text !== undefined && this.dice.chance(0.4)) this.interrupted(answer.text.slice(0, 4));
  }

  /** Some keep what they saw and say more. */
  private interrupted(text: string): void {
    const mark = `[u${this.done}.${this.path.length}]`;
    this.client.history.push(this.client.partial(text));
    this.client.say(saidFor(this.dice, mark));
    this.ledger.said.push(mark);
    this.last = undefined;
  }

  /** Asks and holds against the ledger what the upstream saw. */
  private async ask(account: Account, step: Answer | Refusal, stream: boolean) {
    const { upstream } = account;
    const model = this.models.get(account) ?? upstream.script(`t${this.seed}`, []);
    this.models.set(account, model);
    upstream.add(model, step);
    const before = upstream.seen(model).length;
    this.tally.requests++;
    const response = await this.world.post(this.client.request({ model: `${account.name}/${model}`, stream }));
    const text = await response.text();
    const [violation] = upstream.violations(model);
    if (violation !== undefined) throw this.fault(`${account.name} refuses: ${violation}`);
    const seen = upstream.seen(model).at(-1);
    if (!seen || upstream.seen(model).length !== before + 1)
      throw this.fault(`not asked once: ${response.status} ${text}`);
    const fault = this.ledger.faultOf(seen, account);
    if (fault !== undefined) throw this.fault(`at ${account.name}: ${fault}`);
    this.tally.proofs += seen.proofs.length;
    return { status: response.status, text, model };
  }

  private read(text: string, stream: boolean): Reply {
    try {
      return this.client.read(text, stream);
    } catch (error) {
      throw this.fault(`${error instanceof Error ? error.message : error} in ${text}`);
    }
  }

  private fault(words: string): Fault {
    return new Fault(`${this.description}, turn ${this.done + 1} (${this.path.join(", ")}): ${words}`);
  }
}

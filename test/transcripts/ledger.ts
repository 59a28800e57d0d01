/** What was really said and issued in one conversation, and what of it each request has to hold. */
import type { Seen } from "../support/upstream/script.ts";
import type { Habit, ProtocolName } from "./clients/client.ts";
import type { Account } from "./world.ts";

export interface Told {
  account: Account;
  calls: { name: string; mark: string }[];
  proofs: string[];
}

export class Ledger {
  private readonly character: { protocol: ProtocolName; habit: Habit };
  said: string[] = [];
  told: Told[] = [];
  /** What a client threw away was known by what stood before it, which is no more. */
  private isShortened = false;
  /** From here on answers are linked to each other. */
  private linkedFrom = 0;
  /** Marks of results, by the mark of their call. */
  readonly results = new Map<string, string>();

  constructor(character: { protocol: ProtocolName; habit: Habit }) {
    this.character = character;
  }

  /** What is wrong with the request as this account saw it; undefined when nothing is. */
  faultOf(seen: Seen, account: Account): string | undefined {
    return this.faultOfTexts(seen) ?? this.faultOfCalls(seen) ?? this.faultOfProofs(seen, account);
  }

  /** Of the conversation as it was up to these lengths. */
  back({ said, told }: { said: number; told: number }): void {
    this.said.length = said;
    this.told.length = told;
  }

  /** The last answer alone is left, behind a summary. */
  shorten(summary: string): void {
    this.said = [summary];
    this.told = this.told.slice(-1);
    this.isShortened = true;
    this.linkedFrom = this.told.length;
  }

  /** Proofs of this account that have to come back. */
  proofsOf(account: Account): string[] {
    const { protocol, habit } = this.character;
    const isLost = account.protocol === protocol && (habit === "bare" || (protocol === "chat" && habit !== "all"));
    // What several accounts made goes on from a kept answer without what each of them alone can read.
    const isMixed =
      habit === "linked" &&
      account.protocol === protocol &&
      this.told.slice(this.linkedFrom).some((one) => one.account !== account);
    return isLost || isMixed ? [] : this.told.flatMap((one) => (one.account === account ? one.proofs : []));
  }

  private faultOfTexts({ said }: Seen): string | undefined {
    const all = said.join("\n");
    let from = 0;
    for (const mark of this.said) {
      const at = all.indexOf(mark, from);
      if (at < 0) return `what the user said is not there, or not in its place: ${mark} in ${JSON.stringify(said)}`;
      from = at + mark.length;
    }
    return undefined;
  }

  private faultOfCalls({ calls, results }: Seen): string | undefined {
    const wanted = this.told.flatMap((one) => one.calls);
    const came = calls.map(({ name, args }) => ({ name, mark: String(args.at) }));
    if (!Bun.deepEquals(came, wanted)) return `calls ${JSON.stringify(came)} instead of ${JSON.stringify(wanted)}`;
    if (results.length !== wanted.length) return `${results.length} results of ${wanted.length} calls`;
    let from = 0;
    for (const { calls: own } of this.told) {
      const ids = calls.slice(from, from + own.length).map(({ id }) => id);
      const isNamed = !ids.includes("undefined");
      if (isNamed && new Set(ids).size < ids.length) return `calls of one turn have one id: ${ids.join(", ")}`;
      for (const [at, { id, text }] of results.slice(from, from + own.length).entries()) {
        // Without ids, which Google's protocol allows, the place decides.
        const mark = this.results.get(own[isNamed ? ids.indexOf(id) : at]?.mark ?? "");
        if (mark === undefined || !text.includes(mark))
          return `the result ${id} ${JSON.stringify(text)} is not ${mark}`;
      }
      from += own.length;
    }
    return undefined;
  }

  private faultOfProofs(seen: Seen, account: Account): string | undefined {
    const came = seen.proofs.map((proof) =>
      account.protocol === "chat" ? (proofsIn(proof, "chat")[0] ?? proof) : proof,
    );
    const wanted = this.proofsOf(account);
    if (Bun.deepEquals(came, wanted)) return undefined;
    const isPart = Bun.deepEquals(
      came,
      wanted.filter((proof) => came.includes(proof)),
    );
    if (this.isShortened && isPart) return undefined;
    const short = (list: string[]) =>
      list.map((one) =>
        Buffer.from(one.replace(/^\w+\+\/A?/, ""), "base64")
          .toString()
          .slice(0, 80),
      );
    return `proofs ${JSON.stringify(short(came))} instead of ${JSON.stringify(short(wanted))}`;
  }
}

const forms: Record<ProtocolName, RegExp> = {
  chat: /"signature":"(ErUB[^"]+)"/g,
  messages: /"signature":"([^"]+)"/g,
  gemini: /"thoughtSignature":"([^"]+)"/g,
  responses: /"encrypted_content":"(?!gAAAAABnotyet)([^"]+)"/g,
};

/** The proofs that an answer holds, each once. */
export function proofsIn(text: string, protocol: ProtocolName): string[] {
  return [...new Set([...text.matchAll(forms[protocol])].map(([, proof = ""]) => proof))];
}

/** Several answers from a provider whose protocol gives one to a request: it is asked as often. */
import type { ChatRequest } from "../model/chat.ts";
import { GatewayError } from "../model/error.ts";
import type { Answer } from "../model/event.ts";
import type { Notes } from "../model/note.ts";
import { addUsage, type Usage } from "../model/usage.ts";
import type { Protocol } from "../protocols/protocol.ts";

/** Each is a request that is paid for. */
const mostCopies = 8;

export interface OneByOne {
  request: ChatRequest;
  /** How often to ask, when more than once. */
  copies?: number;
}

/** The request for one of its answers, which is then asked for whole. */
export function oneByOne(request: ChatRequest, { givesOne }: Protocol, notes: Notes): OneByOne {
  const { n, ...sampling } = request.sampling;
  if (!givesOne || n === undefined || n <= 1) return { request };
  if (n > mostCopies) {
    const words = `this provider gives one answer to a request, and is asked at most ${mostCopies} times. Ask for fewer.`;
    throw new GatewayError("unsupported", `sampling.n: ${words}`, { param: "sampling.n" });
  }
  notes.add("emulated", "sampling.n", "n_fanout");
  return { request: { ...request, sampling, stream: false }, copies: n };
}

/** The first answers of all, as the candidates of one; their usage is the sum. */
export function merged(each: readonly (readonly Answer[])[]): Answer[] {
  const answers = each.flatMap(([first]) => first ?? []);
  const usages = answers.flatMap(({ usage }) => usage ?? []);
  const [one, ...others] = usages;
  const sum: Usage | undefined = one && others.reduce(addUsage, one);
  return answers.map(({ usage: _usage, ...answer }, at) => (at === 0 && sum ? { ...answer, usage: sum } : answer));
}

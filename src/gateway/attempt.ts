/** One attempt at one target: sends the request and reads until it is committed, or throws what went wrong. */
import { parseJson } from "../kit/json.ts";
import { Watch } from "../kit/sweep.ts";
import { estimateInput, estimateOutput } from "../metering/estimate-input.ts";
import { collect } from "../model/collect.ts";
import { guardDepth } from "../model/deep.ts";
import { GatewayError, toGatewayError } from "../model/error.ts";
import type { Answer } from "../model/event.ts";
import type { Json } from "../model/json.ts";
import { cutAnswers } from "../model/stops.ts";
import { addCostOfHeaders } from "../protocols/charges.ts";
import { clientField, type Protocol, type Wire } from "../protocols/protocol.ts";
import { transportError } from "../providers/call.ts";
import type { Candidate } from "../routing/resolve.ts";
import { merged } from "./copies.ts";
import { refuseEmpty } from "./empty.ts";
import type { Exchange } from "./exchange.ts";
import type { Feed } from "./feed.ts";
import { FreshIds } from "./fresh-ids.ts";
import type { Inbound } from "./inbound.ts";
import { gatherMedia } from "./media.ts";
import { spokenWith } from "./offered.ts";
import { openStream } from "./open-stream.ts";
import { type Prepared, prepare } from "./outgoing.ts";
import { type Posting, post } from "./post.ts";
import { readToCut } from "./read-to-cut.ts";
import { Reading, type Step } from "./reading.ts";
import { despiteRefusal, refusedBy, sparing } from "./refusals.ts";
import { repaired } from "./repair.ts";
import { gatherOwners, watchFor } from "./seal-owners.ts";
import { guardFirstByte } from "./stall.ts";
import { gatherTurns, TurnKeeper } from "./turn-seals.ts";
import { partsOf } from "./turns.ts";
import { asSeen, gatherDescriptions } from "./vision.ts";

/** Nothing of the request's body is kept here: an answer may be open for minutes. */
interface Committed {
  candidate: Candidate;
  protocol: Protocol;
  /** The answer is in the client's protocol, as the provider wrote it. */
  isVerbatim: boolean;
  /** Response headers of the upstream. */
  headers: Headers;
}

export interface WholeUpstream extends Committed {
  kind: "whole";
  /** Left empty where only the text is wanted. */
  answers: Answer[];
  /** The answer's text, when it may be passed through. */
  text?: string;
  /** It took two calls, and the usage is of both. */
  wasRepaired?: true;
}

export interface StreamUpstream extends Committed {
  kind: "stream";
  reading: Reading;
  feed: Feed;
  /** What was read until the commit, the committing step last. */
  steps: Step[];
  /** The upstream had already ended at the commit. */
  ended: boolean;
}

export type Upstream = WholeUpstream | StreamUpstream;

/** `isLast`: no other target would be asked. */
export interface Attempting {
  candidate: Candidate;
  isLast: boolean;
}

export function attempt(exchange: Exchange, inbound: Inbound, { candidate, isLast }: Attempting): Promise<Upstream> {
  const protocol = spokenWith(exchange, candidate, exchange.asksIn) ?? exchange.call.protocol;
  return underLimits(exchange, candidate, async (controller) => {
    const gathering = told(exchange, () => gather(exchange, inbound, { candidate, signal: controller.signal }));
    if (gathering) await gathering;
    const asking = (without: readonly string[]) => {
      const prepared = told(exchange, () => prepare(exchange, inbound, candidate));
      const sending = { candidate, prepared: sparing(prepared, without), controller, stream: exchange.stream };
      return prepared.copies ? askEach(exchange, sending, prepared.copies) : ask(exchange, sending);
    };
    const known = refusedBy(exchange, candidate, protocol);
    let upstream: Upstream;
    try {
      upstream = await asking(known);
    } catch (thrown) {
      upstream = await despiteRefusal(exchange, candidate, { protocol, known, thrown, ask: asking });
    }
    if (!isLast) refuseEmpty(exchange, upstream);
    exchange.keeping?.asked(inbound, candidate.facts.scope);
    if (upstream.protocol !== exchange.call.protocol) foreignAnswer(exchange, upstream);
    exchange.answering(upstream.isVerbatim);
    return upstream;
  });
}

async function ask(exchange: Exchange, sending: Sending): Promise<Upstream> {
  if (sending.stream) return askForStream(exchange, sending);
  const response = await post(exchange, sending);
  return wholeReader(sending)(exchange, sending, { response, isStream: looksLikeStream(response, false) });
}

async function askForStream(exchange: Exchange, sending: Sending): Promise<Upstream> {
  const arrived = guardFirstByte(exchange, sending.candidate, sending.controller);
  try {
    const response = await post(exchange, sending);
    const isStream = looksLikeStream(response, true);
    if (isStream) return await openStream(exchange, sending, { response, arrived });
    return await wholeReader(sending)(exchange, sending, { response, isStream });
  } finally {
    arrived();
  }
}

function wholeReader({ prepared }: Sending): typeof readWhole {
  return prepared.repair ? readToFit : readWhole;
}

/** A whole answer, asked for once more where it does not fit what was asked. */
async function readToFit(exchange: Exchange, sending: Sending, answered: Answered): Promise<WholeUpstream> {
  const { candidate, prepared } = sending;
  const first = await readWhole(exchange, sending, answered);
  const { repair } = prepared;
  if (!repair) return first;
  const name = `${candidate.provider.id}/${candidate.model}`;
  const ask = async (again: Prepared) => {
    const resending = { ...sending, prepared: again };
    const response = await post(exchange, resending);
    return readWhole(exchange, resending, { response, isStream: looksLikeStream(response, sending.stream) });
  };
  return repaired(exchange, first, { repair, name, ask });
}

/** Whole answers, whatever the client asked for: those that come first wait for the last. */
async function askEach(exchange: Exchange, sending: Sending, copies: number): Promise<WholeUpstream> {
  const each = await Promise.all(
    Array.from({ length: copies }, async () => {
      const response = await post(exchange, sending);
      return wholeReader(sending)(exchange, sending, { response, isStream: looksLikeStream(response, false) });
    }),
  );
  const [first] = each;
  if (!first) throw new GatewayError("internal", "Nobody was asked.");
  const answers = merged(each.map((one) => one.answers));
  exchange.usage = answers[0]?.usage;
  exchange.finish = answers[0]?.finish ?? null;
  return { ...first, answers };
}

interface Gathering {
  candidate: Candidate;
  signal: AbortSignal;
}

/** What is not here yet: images in words, media by address, seals that memory does not hold, or whose they are. */
function gather(exchange: Exchange, inbound: Inbound, gathering: Gathering): Promise<unknown> | undefined {
  const pictures = gatherDescriptions(exchange, gathering.candidate, gathering.signal);
  if (!pictures) return gatherRest(exchange, inbound, gathering);
  return pictures.then(() => gatherRest(exchange, inbound, gathering));
}

function gatherRest(
  exchange: Exchange,
  inbound: Inbound,
  { candidate, signal }: Gathering,
): Promise<unknown> | undefined {
  const { call, asksIn } = exchange;
  const protocol = spokenWith(exchange, candidate, asksIn);
  if (protocol === call.protocol) return gatherOwners(exchange, inbound, candidate);
  const request = asSeen(exchange, candidate);
  const media = gatherMedia(exchange, { protocol, request, signal });
  const kept = gatherTurns(exchange, candidate);
  return media && kept ? Promise.all([media, kept]) : (media ?? kept);
}

/** What of the conversation is needed while its answer is translated. */
function foreignAnswer(exchange: Exchange, upstream: Upstream): void {
  const { candidate, protocol } = upstream;
  const isOne = upstream.kind === "stream" || (upstream.answers.length === 1 && !upstream.wasRepaired);
  exchange.freshIds = new FreshIds(exchange.canonical().items);
  // Of a whole answer it is known whether there is anything to keep; the conversation is gone through only then.
  const mayBeSealed = upstream.kind === "stream" || partsOf(upstream.answers[0]?.items ?? []) !== undefined;
  if (exchange.key && mayBeSealed) {
    exchange.keeper = new TurnKeeper(exchange, { candidate, origin: protocol.name });
  }
  const name = `${candidate.provider.id}/${candidate.model}`;
  if (isOne && exchange.inbound?.isWhole && exchange.gateway.calibration.wants(name)) {
    exchange.estimatedInput = estimateInput(exchange.canonical());
  }
}

/** What every attempt is held to: the provider's slots, the deadline, the client that may leave; and its record. */
export async function underLimits<T>(
  exchange: Exchange<Wire>,
  candidate: Candidate,
  run: (controller: AbortController) => Promise<T>,
): Promise<T> {
  const { gateway } = exchange;
  const name = `${candidate.provider.id}/${candidate.model}`;
  const started = performance.now();
  const controller = new AbortController();
  const release = gateway.slots.take(`provider ${candidate.provider.id}`, candidate.provider.maxConcurrency);
  const deadline = attemptDeadline(exchange, candidate, controller);
  exchange.trying(candidate, controller);
  try {
    if (!release) throw exchange.crowded(name);
    if (exchange.left) throw exchange.left;
    const upstream = await run(controller);
    exchange.onClose(release);
    exchange.committed();
    return upstream;
  } catch (thrown) {
    release?.();
    if (!controller.signal.aborted) controller.abort();
    const error = exchange.failed(thrown, name);
    // Whether or not it said anything of the target, the trial is over.
    exchange.permit?.release();
    throw error;
  } finally {
    gateway.sweep.remove(deadline);
    exchange.upstreamMs += performance.now() - started;
  }
}

/** What cannot be carried is told by the client's own names of its fields. */
export function told<T>(exchange: Exchange<Wire>, prepare: () => T): T {
  try {
    return guardDepth(prepare);
  } catch (thrown) {
    const error = toGatewayError(thrown);
    const { param = "" } = error.detail;
    const field = clientField(exchange.call.protocol, param);
    if (field === param) throw error;
    const words = error.message.replace(`${param}:`, `${field}:`);
    throw new GatewayError(error.code, words, { ...error.detail, param: field });
  }
}

/** Ends the attempt when it, or the whole request, was not committed in time. */
function attemptDeadline(exchange: Exchange<Wire>, candidate: Candidate, controller: AbortController): Watch {
  const { sweep } = exchange.gateway;
  const whole = exchange.snapshot.settings.timeouts.requestMs - exchange.elapsed();
  const milliseconds = Math.max(0, Math.min(candidate.provider.timeoutMs, whole));
  const seconds = Math.round(milliseconds / 1000);
  const watch = new Watch(() =>
    controller.abort(
      new GatewayError("upstream-timeout", `The provider did not begin its answer within ${seconds} s.`),
    ),
  );
  sweep.set(watch, milliseconds);
  return watch;
}

export interface Sending extends Posting {
  prepared: Prepared;
  stream: boolean;
}

interface Answered {
  response: Response;
  isStream: boolean;
}

/** Some providers stream without saying so in the content type, others answer a stream request whole. */
function looksLikeStream(response: Response, wanted: boolean): boolean {
  const type = response.headers.get("content-type") ?? "";
  if (type.includes("text/event-stream")) return true;
  return wanted && !type.includes("json");
}

async function readWhole(
  exchange: Exchange,
  { candidate, prepared, controller }: Sending,
  { response, isStream }: Answered,
): Promise<WholeUpstream> {
  const { protocol, stops } = prepared;
  if (isStream && stops) {
    const answers = await readToCut(exchange, response, { prepared, controller });
    exchange.usage = answers[0]?.usage;
    exchange.finish = answers[0]?.finish ?? null;
    return { kind: "whole", candidate, protocol, isVerbatim: false, headers: response.headers, answers };
  }
  const text = await readText(response, controller.signal);
  const isVerbatim = !isStream && !exchange.stream && prepared.passage !== undefined;
  const json = isStream ? undefined : answerJson(text, protocol.exactKeys);
  const outcome = isVerbatim && json !== undefined ? protocol.readOutcome?.(json) : undefined;
  const parsed = outcome ? [] : json === undefined ? collectText(prepared, text) : protocol.parseResponse(json);
  const answers = stops ? cutAnswers(parsed, stops.sequences) : parsed;
  const { usage, finish } = outcome ?? answers[0] ?? {};
  if (usage && !isStream) addCostOfHeaders(usage, response.headers);
  exchange.usage = usage;
  exchange.finish = finish ?? null;
  if (!usage || candidate.provider.estimateTokens) countOurselves(exchange, { parsed: answers, json, protocol });
  if (json !== undefined && protocol.sealMembers.some((name) => text.includes(name))) {
    watchFor(exchange, protocol, candidate)?.json(json);
  }
  const { headers } = response;
  return { kind: "whole", candidate, protocol, isVerbatim, headers, answers, ...(isVerbatim ? { text } : {}) };
}

/** Of an answer whose provider counts nothing, or not well. */
function countOurselves(exchange: Exchange, { parsed, json, protocol }: Uncounted): void {
  const answers = parsed.length > 0 || json === undefined ? parsed : protocol.parseResponse(json);
  const tokens = answers.reduce((sum, { items }) => sum + estimateOutput(items), 0);
  exchange.frames = () => tokens;
}

interface Uncounted {
  parsed: readonly Answer[];
  json: Json | undefined;
  protocol: Protocol;
}

/** The whole text of an answer. */
export async function readText(response: Response, signal: AbortSignal): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw transportError(error, signal);
  }
}

/** The JSON of an answer; values under members named in `exactKeys` keep their numbers as written. */
export function answerJson(text: string, exactKeys: readonly string[] = []): Json {
  try {
    return parseJson(text, exactKeys) as Json;
  } catch (cause) {
    throw new GatewayError("upstream-failed", "The provider's answer is not JSON.", { cause });
  }
}

/** A stream that came where a whole answer was asked for. */
function collectText({ protocol }: Prepared, text: string): Answer[] {
  const reading: Reading = new Reading({ protocol, model: "" });
  const bytes = new TextEncoder().encode(text);
  return collect([...reading.push(bytes).events, ...reading.end().events]);
}

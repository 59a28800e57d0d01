/** The playground: a request of one's own making on any key, with what became of it. */

import { type PlaygroundProps, playgroundPage } from "../../views/pages/playground.tsx";
import { clockOf } from "../../views/parts/format.ts";
import { playedNews, type playedPart } from "../../views/parts/played.tsx";
import { GatewayError, toGatewayError } from "../model/error.ts";
import type { Forecast } from "../model/forecast.ts";
import type { RequestRecord } from "../model/record.ts";
import type { ConsoleDeps } from "./deps.ts";
import { firstModel } from "./home.ts";
import { page, part } from "./page.ts";
import type { PlayCall, Played, PlayFields } from "./playing.ts";
import { createPlays, type Plays } from "./plays.ts";
import { recordedChoice } from "./requests.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

const path = "/console/playground";
/** Of a longer list nobody chooses; the field takes any. */
const mostNames = 500;
/** Rows are written a moment after their request. */
const rowMs = 2000;
const gone = "What that form had is not kept any more. The page of its request still says what became of it.";

/** What was sent is this page's own. */
interface PlaygroundDeps extends ConsoleDeps {
  plays: Plays;
}

export function playgroundRoutes(options: ConsoleDeps): ConsoleRoute[] {
  const deps = { ...options, plays: createPlays() };
  return [
    { method: "GET", path, access: "session", run: (visit) => open(deps, visit) },
    { method: "POST", path, access: "session", run: (visit) => act(deps, visit) },
    { method: "GET", path: `${path}/:id`, access: "session", run: (visit) => become(deps, visit) },
  ];
}

function filledOf({ config, protocols }: ConsoleDeps, typed: URLSearchParams): PlayFields {
  const text = (name: string) => typed.get(name)?.trim() ?? "";
  const keys = keysOf(config.current());
  const maxTokens = Number(text("max_tokens"));
  return {
    protocol: protocols.includes(text("protocol")) ? text("protocol") : (protocols.at(-1) ?? ""),
    key: text("key") || (keys[0] ?? ""),
    model: text("model") || firstModel(config.current()),
    system: text("system"),
    prompt: typed.has("prompt") ? text("prompt") : "Hello!",
    maxTokens: Number.isInteger(maxTokens) && maxTokens > 0 ? maxTokens : null,
    // A form leaves out what is not ticked.
    isStream: typed.has("prompt") ? typed.has("stream") : true,
    raw: text("raw"),
  };
}

function keysOf({ keys }: ReturnType<ConsoleDeps["config"]["current"]>): string[] {
  return [...keys.values()].filter(({ enabled }) => enabled).map(({ name }) => name);
}

function open(deps: PlaygroundDeps, visit: Visit): Response {
  const again = visit.query.get("again");
  const filled = filledOf(deps, visit.query);
  if (again === null) return show(deps, visit, { filled });
  const former = deps.plays.find(visit.session, again);
  return show(deps, visit, former ? { filled: former } : { filled, problem: { text: gone, status: 404 } });
}

interface Shown {
  filled: PlayFields;
  problem?: { text: string; status: number };
  estimate?: Forecast;
  call?: PlayCall;
  text?: string;
  record?: RequestRecord | null;
}

function show(deps: PlaygroundDeps, visit: Visit, shown: Shown): Response {
  const { filled, problem, estimate, call, text, record } = shown;
  const config = deps.config.current();
  const { key, protocol, model, system, prompt, maxTokens, isStream, raw } = filled;
  const providers = [...config.providers.values()];
  const direct = providers.flatMap(({ id, models }) => [...models.keys()].map((name) => `${id}/${name}`));
  const props: PlaygroundProps = {
    shell: shellOf(deps, visit, path),
    csrf: visit.session?.csrf ?? "",
    form: { key, protocol, model, system, prompt, maxTokens, isStream, raw },
    protocols: deps.protocols.toReversed(),
    keys: keysOf(config).slice(0, mostNames),
    models: [...config.aliases.keys(), ...direct].slice(0, mostNames),
    problem: problem?.text ?? null,
    estimate: estimate ?? null,
    call: call ? { ...call, url: `${config.settings.publicUrl ?? visit.origin}${call.path}` } : null,
    text: text ?? null,
    played: record ? playedOf(deps, record) : null,
    before: before(deps, visit),
  };
  return page(visit, playgroundPage(props), {
    status: problem?.status ?? 200,
    headers: { "cache-control": "no-store" },
  });
}

function before({ plays, config }: PlaygroundDeps, { session }: Visit): PlaygroundProps["before"] {
  return { lines: plays.list(session), zone: config.current().settings.timezone };
}

function playedOf(deps: ConsoleDeps, record: RequestRecord): Parameters<typeof playedPart>[0] {
  const { timezone } = deps.config.current().settings;
  return { request: record, choice: recordedChoice(record, clockOf(timezone)) };
}

async function act(deps: PlaygroundDeps, visit: Visit): Promise<Response> {
  const typed = await readForm(visit.request);
  const filled = filledOf(deps, typed);
  try {
    const call = callOf(deps, filled);
    if (typed.get("action") === "draft") return show(deps, visit, { filled: { ...filled, raw: call.body }, call });
    const { protocol, key } = filled;
    const { request, address, session } = visit;
    const ask = { call, protocol, key, address };
    if (typed.get("action") === "estimate") {
      return show(deps, visit, { filled, estimate: await deps.playground.estimate(ask) });
    }
    const play = deps.plays.begin(session, filled);
    const played = await deps.playground.send({ ...ask, signal: request.signal, closed: play.closed });
    play.id = played.id;
    if (request.headers.get("accept") === "text/plain") return streamed(visit, played);
    const text = await whole(played.text);
    return show(deps, visit, { filled, call, text, record: played.record() });
  } catch (thrown) {
    const error = toGatewayError(thrown);
    if (error.code === "internal") throw error;
    return show(deps, visit, { filled, problem: { text: error.message, status: 422 } });
  }
}

/** Throws `invalid-request` for what is no request. */
function callOf({ playground }: ConsoleDeps, { raw, ...form }: PlayFields): PlayCall {
  if (raw === "" && form.prompt === "") throw new GatewayError("invalid-request", "Write a message to send.");
  const call = playground.draft(form);
  if (raw === "") return call;
  try {
    JSON.parse(raw);
  } catch (cause) {
    const message = `The request is not valid JSON: ${(cause as Error).message}`;
    throw new GatewayError("invalid-request", message, { cause });
  }
  return { ...call, body: raw };
}

async function whole(text: ReadableStream<string>): Promise<string> {
  const reader = text.getReader();
  let all = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return all;
    all += value;
  }
}

/** The words alone, as they come; what became of the request is asked for by its id. */
function streamed({ requestId }: Visit, { id, text }: Played): Response {
  const headers = {
    ...{ "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", "x-accel-buffering": "no" },
    ...{ "x-content-type-options": "nosniff", "x-request-id": requestId, "x-played": id },
  };
  return new Response(text.pipeThrough(new TextEncoderStream()), { headers });
}

async function become(deps: PlaygroundDeps, visit: Visit): Promise<Response> {
  const until = Date.now() + rowMs;
  for (;;) {
    const record = await deps.findRequest(visit.parameters.id ?? "");
    if (record) return part(visit, playedNews({ ...playedOf(deps, record), before: before(deps, visit) }));
    if (Date.now() > until) throw new GatewayError("not-found", "No request of this id is kept.");
    await Bun.sleep(50);
  }
}

/** The playground: a request of one's own making on any key, with what became of it. */

import { type PlaygroundProps, playgroundPage } from "../../views/pages/playground.tsx";
import { clockOf } from "../../views/parts/format.ts";
import { playedPart } from "../../views/parts/played.tsx";
import { GatewayError, toGatewayError } from "../model/error.ts";
import type { RequestRecord } from "../model/record.ts";
import type { ConsoleDeps } from "./deps.ts";
import { firstModel } from "./home.ts";
import { page, part } from "./page.ts";
import type { PlayCall, Played, PlayForm } from "./playing.ts";
import { recordedChoice } from "./requests.ts";
import type { ConsoleRoute, Visit } from "./route.ts";
import { shellOf } from "./shell.ts";
import { readForm } from "./sign-in.ts";

const path = "/console/playground";
/** Of a longer list nobody chooses; the field takes any. */
const mostNames = 500;
/** Rows are written a moment after their request. */
const rowMs = 2000;

export function playgroundRoutes(deps: ConsoleDeps): ConsoleRoute[] {
  return [
    { method: "GET", path, access: "session", run: (visit) => open(deps, visit) },
    { method: "POST", path, access: "session", run: (visit) => act(deps, visit) },
    { method: "GET", path: `${path}/:id`, access: "session", run: (visit) => become(deps, visit) },
  ];
}

/** What the form has: the fields, and in their place a request in JSON. */
interface Filled extends PlayForm {
  key: string;
  raw: string;
}

function filledOf({ config, protocols }: ConsoleDeps, typed: URLSearchParams): Filled {
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

function open(deps: ConsoleDeps, visit: Visit): Response {
  return show(deps, visit, { filled: filledOf(deps, visit.query) });
}

interface Shown {
  filled: Filled;
  problem?: string;
  call?: PlayCall;
  text?: string;
  record?: RequestRecord | null;
}

function show(deps: ConsoleDeps, visit: Visit, { filled, problem, call, text, record }: Shown): Response {
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
    problem: problem ?? null,
    call: call ? { ...call, url: `${config.settings.publicUrl ?? visit.origin}${call.path}` } : null,
    text: text ?? null,
    played: record ? playedOf(deps, record) : null,
  };
  const isRefused = problem !== undefined;
  return page(visit, playgroundPage(props), {
    status: isRefused ? 422 : 200,
    headers: { "cache-control": "no-store" },
  });
}

function playedOf(deps: ConsoleDeps, record: RequestRecord): Parameters<typeof playedPart>[0] {
  const { timezone } = deps.config.current().settings;
  return { request: record, choice: recordedChoice(record, clockOf(timezone)) };
}

async function act(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const typed = await readForm(visit.request);
  const filled = filledOf(deps, typed);
  try {
    const call = callOf(deps, filled);
    if (typed.get("action") === "draft") return show(deps, visit, { filled: { ...filled, raw: call.body }, call });
    const { protocol, key } = filled;
    const { request, address } = visit;
    const played = await deps.playground.send({ call, protocol, key, address, signal: request.signal });
    if (request.headers.get("accept") === "text/plain") return streamed(visit, played);
    const text = await whole(played.text);
    return show(deps, visit, { filled, call, text, record: played.record() });
  } catch (thrown) {
    const error = toGatewayError(thrown);
    if (error.code === "internal") throw error;
    return show(deps, visit, { filled, problem: error.message });
  }
}

/** Throws `invalid-request` for what is no request. */
function callOf({ playground }: ConsoleDeps, { raw, ...form }: Filled): PlayCall {
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

async function become(deps: ConsoleDeps, visit: Visit): Promise<Response> {
  const until = Date.now() + rowMs;
  for (;;) {
    const record = await deps.findRequest(visit.parameters.id ?? "");
    if (record) return part(visit, playedPart(playedOf(deps, record)));
    if (Date.now() > until) throw new GatewayError("not-found", "No request of this id is kept.");
    await Bun.sleep(50);
  }
}

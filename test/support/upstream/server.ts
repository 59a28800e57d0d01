/** A provider that answers by a script: one model for each scenario, every request held against the vendor's rules. */
import type { Answer, Refusal, Seen, Step } from "./script.ts";
import { type Fields, isFields, Violation } from "./shape.ts";

/** What a request says of itself outside its body, or inside where the vendor has it there. */
export interface Address {
  model: string;
  stream: boolean;
}

export interface Vendor<S = Seen> {
  /** Path behind the version; for vendors that put the model there, the other function reads it. */
  path: string;
  address?(path: string, query: URLSearchParams): Address | undefined;
  /** How a wrong credential is answered where it is not a plain 401. */
  unknownKey?: Refusal;
  /** The credential that a request brings. */
  credential(headers: Headers): string | null;
  /** Throws Violation. */
  check(body: Fields, headers: Headers, address: Address | undefined): void;
  see(body: Fields): S;
  errorBody(refusal: Refusal): unknown;
  whole(answer: Answer, body: Fields): unknown;
  /** Frames, as text. */
  stream(answer: Answer, body: Fields): string[];
  /** The frame that ends a stream which failed. */
  errorFrame(refusal: Refusal): string;
}

export interface Upstream<S = Seen> {
  /** Base URL, version included. */
  url: string;
  key: string;
  /** Makes a model that gives these answers, one for each request, and returns its name. */
  script(name: string, steps: Step[]): string;
  /** One more answer for a model. */
  add(model: string, step: Step): void;
  /** What its list of models says, where that is not what is scripted. */
  lists(models: readonly string[] | undefined): void;
  /** Credentials of all requests so far, each once. */
  credentials(): string[];
  /** What requests to the model said, those that broke a rule not counted. */
  seen(model: string): S[];
  /** Rules that requests to the model broke. */
  violations(model: string): string[];
  /** The answers of a model as they went out, a stream up to where it broke off. */
  sent(model: string): string[];
  stop(): Promise<void>;
}

interface Scenario<S> {
  steps: Step[];
  seen: S[];
  violations: string[];
  sent: string[];
}

export function startUpstream<S = Seen>(vendor: Vendor<S>): Upstream<S> {
  const scenarios = new Map<string, Scenario<S>>();
  const key = `up-${crypto.randomUUID()}`;
  const desk: Desk<S> = { vendor, key, scenarios, listed: undefined, credentials: new Set() };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => answer(request, desk),
  });
  const of = (model: string) => scenarios.get(model) ?? nowhere(model);
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    key,
    script(name, steps) {
      const model = `${name.replace(/\W+/g, "-")}-${scenarios.size}`;
      scenarios.set(model, { steps: [...steps], seen: [], violations: [], sent: [] });
      return model;
    },
    lists(models) {
      desk.listed = models;
    },
    credentials: () => [...desk.credentials],
    add: (model, step) => void of(model).steps.push(step),
    seen: (model) => of(model).seen,
    violations: (model) => of(model).violations,
    sent: (model) => of(model).sent,
    stop: () => server.stop(true),
  };
}

function nowhere<S>(model: string): Scenario<S> {
  return { steps: [], seen: [], violations: [`no model ${model}`], sent: [] };
}

interface Desk<S> {
  vendor: Vendor<S>;
  key: string;
  scenarios: Map<string, Scenario<S>>;
  listed: readonly string[] | undefined;
  credentials: Set<string>;
}

/** As vendors have it: a website beside the API, and a list of models. */
function beside<S>(
  { method, url, headers }: Request,
  { vendor, key, scenarios, listed }: Desk<S>,
): Response | undefined {
  const { pathname } = new URL(url);
  if (method !== "GET") return undefined;
  if (!pathname.startsWith("/v1/")) {
    return new Response("<!doctype html><title>Our website</title>", { headers: { "content-type": "text/html" } });
  }
  if (pathname !== "/v1/models" || vendor.credential(headers) !== key) return undefined;
  const data = [...(listed ?? scenarios.keys())].map((id, at) => ({
    id,
    object: "model",
    created: 1_700_000_000 + at,
  }));
  return Response.json({ object: "list", data });
}

async function answer<S>(request: Request, desk: Desk<S>): Promise<Response> {
  const { vendor, key, scenarios } = desk;
  const credential = vendor.credential(request.headers);
  if (credential !== null) desk.credentials.add(credential);
  const other = beside(request, desk);
  if (other) return other;
  const refuse = (refusal: Refusal) =>
    Response.json(vendor.errorBody(refusal), { status: refusal.status, headers: refusal.headers ?? {} });
  const { pathname, searchParams } = new URL(request.url);
  const address = vendor.address?.(decodeURIComponent(pathname), searchParams);
  const known = vendor.address ? address !== undefined : pathname === `/v1${vendor.path}`;
  const isList = pathname === "/v1/models" && request.method === "GET";
  if (!isList && (!known || request.method !== "POST")) {
    return refuse({ status: 404, type: "not_found_error", message: `no ${request.url}` });
  }
  if (credential !== key) return refuse(vendor.unknownKey ?? unknownKey);
  const sent: unknown = await request.json();
  const body = isFields(sent) ? { ...sent, ...address } : undefined;
  const scenario = body ? scenarios.get(String(body.model)) : undefined;
  if (!body || !scenario) return refuse({ status: 404, type: "not_found_error", message: "no such model" });
  try {
    if (!request.headers.get("content-type")?.includes("application/json")) {
      throw new Violation("content-type", "must be application/json");
    }
    vendor.check(sent as Fields, request.headers, address);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    scenario.violations.push(error.message);
    return refuse({ status: 400, type: "invalid_request_error", message: error.message });
  }
  scenario.seen.push(vendor.see(body));
  const step = scenario.steps.shift();
  if (!step) {
    scenario.violations.push("one request too many");
    return refuse({ status: 500, type: "api_error", message: "the script has ended" });
  }
  if ("status" in step) return refuse(step);
  if (body.stream !== true) {
    const whole = JSON.stringify(vendor.whole(step, body));
    scenario.sent.push(whole);
    return new Response(whole, { headers: { "content-type": "application/json" } });
  }
  const frames = vendor.stream(step, body);
  if (step.breaks) frames.splice(Math.ceil(frames.length / 2));
  scenario.sent.push(frames.join(""));
  const tail = step.breaks === "error" ? vendor.errorFrame(brokenOff) : "";
  return new Response(slices(frames.join(""), step.breaks ? { tail, afterMs: 60 } : undefined), {
    headers: { "content-type": "text/event-stream; charset=utf-8" },
  });
}

const unknownKey: Refusal = {
  ...{ status: 401, type: "authentication_error", code: "invalid_api_key" },
  message: "invalid api key",
};
const brokenOff: Refusal = { status: 503, type: "overloaded_error", message: "Overloaded in the middle" };

/** The bytes in pieces that end anywhere, in the middle of a character too; the tail comes a moment later. */
function slices(text: string, end?: { tail: string; afterMs: number }): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await Bun.sleep(0);
      const size = 1 + ((at * 31 + 97) % 389);
      if (at >= bytes.length) {
        await Bun.sleep(end?.afterMs ?? 0);
        if (end?.tail) controller.enqueue(new TextEncoder().encode(end.tail));
        controller.close();
      } else controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

/** The place where a case happens: one SDK, one provider, one way to answer, over the compiled binary. */
import { expect } from "bun:test";
import type { Gateway } from "../support/gateway.ts";
import { startGateway } from "../support/gateway.ts";
import { startChat } from "../support/upstream/chat.ts";
import { startGemini } from "../support/upstream/gemini.ts";
import { startMessages } from "../support/upstream/messages.ts";
import { startResponses } from "../support/upstream/responses.ts";
import type { Answer, Counts, Seen, Step } from "../support/upstream/script.ts";
import type { Upstream } from "../support/upstream/server.ts";
import type { Client, Failure, Mode, Outcome, Protocol, Question, Totals } from "./client.ts";
import { isLimited } from "./limits.ts";

export const providers = ["chat", "messages", "responses", "gemini"] as const satisfies Protocol[];
export type Provider = (typeof providers)[number];

export interface World {
  gateway: Gateway;
  upstreams: Record<Provider | "router", Upstream>;
  stop(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const upstreams = {
    chat: startChat({ router: false }),
    router: startChat({ router: true }),
    messages: startMessages(),
    responses: startResponses(),
    gemini: startGemini(),
  };
  const provider = (protocol: Provider, upstream: Upstream, key = upstream.key) => ({
    protocols: { [protocol]: upstream.url },
    api_key: key,
    cooldown: false,
  });
  const gateway = await startGateway({
    config: {
      providers: {
        router: provider("chat", upstreams.router),
        ...Object.fromEntries(
          providers.flatMap((name) => [
            [name, provider(name, upstreams[name])],
            [`${name}-locked`, provider(name, upstreams[name], "sk-of-somebody-else")],
          ]),
        ),
      },
      aliases: { favourite: { targets: ["chat/some-model"] } },
    },
  });
  return {
    gateway,
    upstreams,
    async stop() {
      expect(await gateway.stop()).toBe(0);
      await Promise.all(Object.values(upstreams).map((upstream) => upstream.stop()));
    },
  };
}

export interface Seat {
  world: World;
  client: Client;
  /** A client of the same SDK whose key nobody knows. */
  stranger: Client;
  provider: Provider;
  mode: Mode;
}

/** What a request of a case is, beside what the scene adds. */
export type Ask = Omit<Question, "model" | "mode">;

/** One scenario: a model of its own at one of the upstreams. */
export class Scene {
  readonly seat: Seat;
  /** The name that the client calls. */
  readonly model: string;
  readonly target: string;
  private readonly upstream: Upstream;
  private readonly upstreamModel: string;

  constructor(seat: Seat, name: string, { steps, at, locked = false }: SceneOptions) {
    const place = at ?? seat.provider;
    // A scene may be at another provider than its seat.
    this.seat = { ...seat, provider: place === "router" ? "chat" : place };
    this.upstream = seat.world.upstreams[place];
    this.upstreamModel = this.upstream.script(name, steps);
    this.target = `${place}${locked ? "-locked" : ""}/${this.upstreamModel}`;
    this.model = this.target;
  }

  /** The upstream gives this answer after those that it knows. */
  add(step: Step): void {
    this.upstream.add(this.upstreamModel, step);
  }

  /** Asks, and checks what holds for every answer: the model's name, the headers and the usage row. */
  async ask(ask: Ask, answer: Answer): Promise<Outcome> {
    const { client, mode, world } = this.seat;
    const outcome = await client.ask({ ...ask, model: this.model, mode });
    const counted = totalsOf(answer.counts);
    const totals = isLimited("counted cache writes", this.seat, "provider") ? { ...counted, written: 0 } : counted;
    expect(this.upstream.violations(this.upstreamModel)).toEqual([]);
    expect(outcome.model).toBe(this.model);
    expect(outcome.text).toBe(answer.text ?? "");
    const isHidden = client.hidesReasoning || isLimited("shown reasoning", this.seat);
    expect(outcome.reasoning).toBe(isHidden ? "" : (answer.reasoning ?? ""));
    expect(outcome.finish).toBe(answer.calls ? "calls" : "stop");
    const isUntold = isLimited("counted cache writes", this.seat, "client");
    const told = isUntold ? { ...totals, written: 0 } : totals;
    expect(outcome.totals).toMatchObject(client.showsCounts?.(told, mode) ?? told);
    const id = this.checkHeaders(outcome.headers);
    expect(outcome.requestId).toBe(id);
    const row = await world.gateway.request(id);
    expect(row).toMatchObject({
      ...{ id, key: "test", protocol: client.protocol, model: this.model, target: this.target, attempts: 1 },
      ...{ stream: mode !== "whole", status: 200, code: null, interrupted: false, errors: [] },
      tokens: {
        ...{ input: totals.input, output: totals.output, reasoning: totals.reasoning },
        ...{ cache_read: totals.cached, cache_write: totals.written, estimated: false },
      },
    });
    return outcome;
  }

  /** Asks for a failure, and checks its row. */
  async fail(ask: Ask, code: string): Promise<Failure> {
    const { client, mode, world } = this.seat;
    const failure = await client.fail({ ...ask, model: this.model, mode });
    expect(this.upstream.violations(this.upstreamModel)).toEqual([]);
    const id = this.checkHeaders(failure.headers);
    expect(failure.requestId).toBe(id);
    expect(await world.gateway.request(id)).toMatchObject({
      ...{ key: "test", protocol: client.protocol, model: this.model, target: this.target, attempts: 1 },
      ...{ stream: mode !== "whole", status: failure.status, code, interrupted: false },
      errors: [{ code, target: this.target }],
    });
    return failure;
  }

  private checkHeaders(headers: Headers): string {
    const id = headers.get("x-request-id") ?? "";
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    if (this.seat.client.protocol === "messages") expect(headers.get("request-id")).toBe(id);
    expect(headers.get("x-plexus-target")).toBe(this.target);
    expect(headers.get("x-plexus-attempts")).toBe("1");
    expect(headers.get("server-timing")).toMatch(/^gateway;dur=[\d.]+, upstream;dur=[\d.]+$/);
    return id;
  }

  /** The requests that reached the upstream; the last one is what the last `ask` sent. */
  seen(): Seen[] {
    return this.upstream.seen(this.upstreamModel);
  }

  last(): Seen {
    const seen = this.seen().at(-1);
    if (!seen) throw new Error("no request reached the upstream");
    return seen;
  }
}

export interface SceneOptions {
  steps: Step[];
  at?: keyof World["upstreams"];
  /** The gateway's credential for the provider is wrong. */
  locked?: boolean;
}

function totalsOf({ input, cached, written, visible, reasoning }: Counts): Totals {
  return { input: input + cached + written, cached, written, output: visible + reasoning, reasoning };
}

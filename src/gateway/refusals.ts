/**
 * Parameters that a target refuses though a request without them is still what was asked. The request is sent once more
 * without the one that was named; when that helps, it is left out from then on, until somebody revokes it or it is old.
 */
import { withoutMembers } from "../kit/json.ts";
import { type GatewayError, toGatewayError } from "../model/error.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { Candidate } from "../routing/resolve.ts";
import type { Exchange } from "./exchange.ts";
import type { Prepared } from "./outgoing.ts";

export interface KnownRefusal {
  provider: string;
  model: string;
  protocol: string;
  /** As the provider's protocol names it, with dots. */
  parameter: string;
  /** What the provider said. */
  message: string;
  /** Epoch milliseconds. */
  at: number;
}

/** Providers change their minds, too. */
const keptMs = 24 * 3_600_000;
const mostTargets = 1000;
const none: readonly string[] = [];

export class Refusals {
  private readonly targets = new Map<string, KnownRefusal[]>();

  get isEmpty(): boolean {
    return this.targets.size === 0;
  }

  /** The parameters to leave out. */
  of(place: { provider: string; model: string; protocol: string }, now = Date.now()): readonly string[] {
    const known = this.targets.get(keyOf(place));
    if (!known) return none;
    return known.filter(({ at }) => at > now - keptMs).map(({ parameter }) => parameter);
  }

  remember(refusal: KnownRefusal): void {
    const key = keyOf(refusal);
    const others = (this.targets.get(key) ?? []).filter(({ parameter }) => parameter !== refusal.parameter);
    this.targets.delete(key);
    this.targets.set(key, [...others, refusal]);
    const [oldest] = this.targets.keys();
    if (this.targets.size > mostTargets && oldest !== undefined) this.targets.delete(oldest);
  }

  list(now = Date.now()): KnownRefusal[] {
    return [...this.targets.values()].flat().filter(({ at }) => at > now - keptMs);
  }

  /** Forgets what fits all that is given; how many that were. */
  forget(which: Partial<Pick<KnownRefusal, "provider" | "model" | "parameter">>): number {
    let count = 0;
    for (const [key, known] of this.targets) {
      const kept = known.filter((one) => Object.entries(which).some(([name, value]) => one[name as "model"] !== value));
      count += known.length - kept.length;
      if (kept.length > 0) this.targets.set(key, kept);
      else this.targets.delete(key);
    }
    return count;
  }
}

function keyOf({ provider, model, protocol }: { provider: string; model: string; protocol: string }): string {
  return JSON.stringify([provider, model, protocol]);
}

/** The parameters that are left out for the target, told to the client. */
export function refusedBy(exchange: Exchange, candidate: Candidate, protocol: Protocol): readonly string[] {
  const { refusals } = exchange.gateway;
  if (refusals.isEmpty) return none;
  const known = refusals.of(placeOf(candidate, protocol));
  tell(exchange, known);
  return known;
}

interface Refused<T> {
  protocol: Protocol;
  /** What was left out already. */
  known: readonly string[];
  thrown: unknown;
  /** Asks without the parameters. */
  ask(without: readonly string[]): Promise<T>;
}

/** A refusal that names a parameter which can be spared is answered by asking once more without it; others are thrown. */
export async function despiteRefusal<T>(
  exchange: Exchange,
  candidate: Candidate,
  { protocol, known, thrown, ask }: Refused<T>,
): Promise<T> {
  const error = toGatewayError(thrown);
  const parameter = exchange.left ? undefined : spared(protocol, error);
  if (parameter === undefined || known.includes(parameter)) throw thrown;
  const answer = await ask([...known, parameter]);
  const place = placeOf(candidate, protocol);
  exchange.gateway.refusals.remember({ ...place, parameter, message: error.message, at: Date.now() });
  tell(exchange, [parameter]);
  return answer;
}

function placeOf({ provider, model }: Candidate, protocol: Protocol) {
  return { provider: provider.id, model, protocol: protocol.name };
}

function tell({ notes }: Exchange, parameters: readonly string[]): void {
  for (const parameter of parameters) notes.add("dropped", parameter, "refused_by_target");
}

/** The request without the parameters, otherwise as it was. */
export function sparing(prepared: Prepared, parameters: readonly string[]): Prepared {
  if (parameters.length === 0) return prepared;
  const { body } = prepared;
  return { ...prepared, body: withoutMembers(typeof body === "string" ? body : body.toString(), parameters) };
}

/** The wish that the provider's refusal names. */
function spared({ wishes }: Protocol, { code, message, detail }: GatewayError): string | undefined {
  const { upstreamStatus: status, param } = detail;
  if (code !== "unsupported" || (status !== 400 && status !== 422)) return undefined;
  const named = param === undefined ? undefined : wishes.find((wish) => isNamed(wish, param));
  if (named !== undefined) return named;
  // In words only: one name and no other.
  const said = wishes.filter((wish) => spellings(wish).some((name) => mentions(message, name)));
  return said.length === 1 ? said[0] : undefined;
}

function isNamed(wish: string, param: string): boolean {
  const last = param.split(".").at(-1) ?? param;
  return spellings(wish).some((name) => name === param || name === last);
}

/** The last part of a path as it stands, and with underscores. */
function spellings(wish: string): string[] {
  const last = wish.split(".").at(-1) ?? wish;
  return [wish, last, last.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

function mentions(message: string, name: string): boolean {
  return new RegExp(`(?<![\\w.])${name.replaceAll(".", "\\.")}(?![\\w])`).test(message);
}

/** Which protocols of a provider can be spoken for a model. */
import type { Protocol, Wire } from "../protocols/protocol.ts";
import type { Candidate } from "../routing/resolve.ts";
import type { Exchange } from "./exchange.ts";

/** The client's own protocol where the provider offers it for this model, else the first of its list that we speak. */
function protocolFor(candidate: Candidate, client: Protocol, known: readonly Protocol[]): Protocol | undefined {
  let first: Protocol | undefined;
  for (const { name } of candidate.provider.protocols) {
    if (!isOffered(candidate, name)) continue;
    if (name === client.name) return client;
    first ??= known.find((one) => one.name === name);
  }
  return first;
}

/** The same for an exchange, worked out once for each target of a configuration. */
export function spokenWith(
  { gateway }: Pick<Exchange, "gateway">,
  candidate: Candidate,
  client: Protocol,
): Protocol | undefined {
  const { spoken } = gateway.routing;
  let known = spoken.get(client);
  if (!known) {
    known = new WeakMap();
    spoken.set(client, known);
  }
  let found = known.get(candidate);
  if (found === undefined) {
    found = protocolFor(candidate, client, gateway.protocols) ?? "nothing";
    known.set(candidate, found);
  }
  return found === "nothing" ? undefined : found;
}

/** The wires that the provider offers for this model, in the order written. */
export function offeredBy<W extends Wire>(candidate: Candidate, known: readonly W[]): W[] {
  return candidate.provider.protocols.flatMap(({ name }) => {
    const protocol = known.find((one) => one.name === name);
    return protocol && isOffered(candidate, name) ? [protocol] : [];
  });
}

type Name = Candidate["provider"]["protocols"][number]["name"];

function isOffered({ listed, facts: { only }, provider }: Candidate, protocol: Name): boolean {
  if (listed?.protocols != null) return listed.protocols.includes(protocol);
  // What is known in general does not matter to a provider that is not configured so.
  return only === undefined || only === protocol || !provider.protocols.some(({ name }) => name === only);
}

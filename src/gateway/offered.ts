/** Which protocols of a provider can be spoken for a model. */
import type { Protocol, Wire } from "../protocols/protocol.ts";
import type { Candidate } from "../routing/resolve.ts";

/** The client's own protocol where the provider offers it for this model, else the first of its list that we speak. */
export function protocolFor(candidate: Candidate, client: Protocol, known: readonly Protocol[]): Protocol | undefined {
  let first: Protocol | undefined;
  for (const { name } of candidate.provider.protocols) {
    if (!isOffered(candidate, name)) continue;
    if (name === client.name) return client;
    first ??= known.find((one) => one.name === name);
  }
  return first;
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

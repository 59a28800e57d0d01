/** What every framework is told, whatever it makes of it. */
import type { Client, Protocol } from "../../sdk/client.ts";

const statuses: Record<Protocol, Record<keyof Client["failures"], number>> = {
  chat: { bad: 400, unknown: 401, locked: 502, limited: 429, overloaded: 503 },
  responses: { bad: 400, unknown: 401, locked: 502, limited: 429, overloaded: 503 },
  messages: { bad: 400, unknown: 401, locked: 502, limited: 429, overloaded: 529 },
  gemini: { bad: 400, unknown: 401, locked: 502, limited: 429, overloaded: 503 },
};

/** `kindOf`: the class of the framework's error. */
export function failuresOf(protocol: Protocol, kindOf: (status: number) => string): Client["failures"] {
  const shown = (name: keyof Client["failures"]) => {
    const status = statuses[protocol][name];
    return { kind: kindOf(status), status, type: undefined };
  };
  return {
    ...{ bad: shown("bad"), unknown: shown("unknown"), locked: shown("locked") },
    ...{ limited: shown("limited"), overloaded: shown("overloaded") },
  };
}

/** Frameworks do not show it: it is read where it stands. */
export function requestIdOf(headers: Headers): string | null {
  return headers.get("x-request-id");
}

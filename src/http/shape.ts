/** In which client's shape a request is answered when no route has decided it. */
import type { Protocol } from "../protocols/protocol.ts";

/** By the path's prefix, else by what only one protocol's clients send, else the last of the list. */
export function shapeFor(request: Request, path: string, protocols: readonly Protocol[]): Protocol {
  const shape =
    protocols.find(({ pathPrefix }) => pathPrefix !== undefined && path.startsWith(pathPrefix)) ??
    protocols.find((protocol) => isSpoken(protocol, request)) ??
    protocols.at(-1);
  if (!shape) throw new Error("There is no protocol");
  return shape;
}

function isSpoken({ clientHeaders, keyInQuery }: Protocol, request: Request): boolean {
  if (clientHeaders?.some((name) => request.headers.has(name))) return true;
  return keyInQuery === true && /[?&]key=/.test(request.url);
}

/** In which client's shape a request is answered when no route has decided it. */
import type { Protocol } from "../protocols/protocol.ts";

/** By the path's prefix, else by a header that only one protocol's clients send, else the last of the list. */
export function shapeFor(request: Request, path: string, protocols: readonly Protocol[]): Protocol {
  const byPath = protocols.find((protocol) =>
    protocol.routes.some((route) => route.operation === "generate" && path.startsWith(route.path)),
  );
  const byHeader = protocols.find(
    ({ clientHeader }) => clientHeader !== undefined && request.headers.has(clientHeader),
  );
  const shape = byPath ?? byHeader ?? protocols.at(-1);
  if (!shape) throw new Error("There is no protocol");
  return shape;
}

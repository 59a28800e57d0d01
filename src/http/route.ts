/** One entry of the route list, and what its handler is given. */

import type { Session } from "../console/session.ts";

/** What a handler is given of one request. */
export interface Incoming {
  request: Request;
  requestId: string;
  path: string;
  parameters: Record<string, string>;
  address: string;
  /** The other end of the connection: the client, or a proxy. */
  peer: string;
  /** Set on routes of access `session`, and only there. */
  session?: Session;
}

export interface HttpRoute {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  /**
   * `public`: anyone. `admin`: the admin key as bearer. `session`: somebody signed in to the console. `client`: the
   * route's own pipeline authenticates first.
   */
  access: "public" | "admin" | "session" | "client";
  run(incoming: Incoming): Response | Promise<Response>;
}

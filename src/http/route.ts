/** One entry of the route list, and what its handler is given. */

import type { SignedIn } from "../console/route.ts";
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
  /** Set on routes for those who are signed in, and only there. */
  session?: Session;
}

export interface HttpRoute {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  /**
   * `public`: anyone. `admin`: the admin key as bearer. `session`, `holder`, `signed-in`: somebody signed in to the
   * console (console/route.ts). `client`: the route's own pipeline authenticates first.
   */
  access: "public" | "admin" | SignedIn | "client";
  run(incoming: Incoming): Response | Promise<Response>;
}

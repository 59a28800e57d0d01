/** One entry of the route list, and what its handler is given. */

/** What a handler is given of one request. */
export interface Incoming {
  request: Request;
  requestId: string;
  path: string;
  parameters: Record<string, string>;
  address: string;
}

export interface HttpRoute {
  method: "GET" | "POST";
  path: string;
  /** `public`: anyone. `admin`: the admin key as bearer. `client`: the route's own pipeline authenticates first. */
  access: "public" | "admin" | "client";
  run(incoming: Incoming): Response | Promise<Response>;
}

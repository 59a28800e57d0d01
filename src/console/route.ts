/** One entry of the console's part of the route list, and what its handler is given. */
import type { Session } from "./session.ts";

/** One visit of one page. */
export interface Visit {
  request: Request;
  requestId: string;
  path: string;
  parameters: Record<string, string>;
  query: URLSearchParams;
  /** The client's address, behind trusted proxies. */
  address: string;
  /** `https://host[:port]` as the browser sees this site. */
  origin: string;
  /** Null on public pages, and only there. */
  session: Session | null;
}

/** Who must be signed in: `session` is the admin, `holder` the holder of a client key, `signed-in` either of them. */
export type SignedIn = "session" | "holder" | "signed-in";

export interface ConsoleRoute {
  method: "GET" | "POST";
  path: string;
  /** A POST of somebody signed in comes from our own page. */
  access: "public" | SignedIn;
  run(visit: Visit): Response | Promise<Response>;
}

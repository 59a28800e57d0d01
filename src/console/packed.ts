/** Pages leave packed where the browser takes that: a table of requests is a tenth as long. */
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** In a thread of the runtime's own: requests do not wait for it. */
const pack = promisify(gzip);
/** Shorter answers are sent as they are. */
const leastBytes = 1400;
const level = 4;

/**
 * The same answer, packed. What others can put into a page is packed together with the token of its forms; that tells
 * nobody anything, for the cookie is not sent from other sites, so that they see no page at all.
 */
export async function packed(request: Request, response: Response): Promise<Response> {
  const type = response.headers.get("content-type") ?? "";
  const isPackable =
    response.body !== null && type.startsWith("text/html") && !response.headers.has("content-encoding");
  if (!isPackable || !/\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")) return response;
  const bytes = await response.arrayBuffer();
  const { status, headers } = response;
  if (bytes.byteLength < leastBytes) return new Response(bytes, { status, headers });
  const vary = headers.get("vary");
  headers.set("vary", vary === null ? "accept-encoding" : `${vary}, accept-encoding`);
  headers.set("content-encoding", "gzip");
  return new Response(await pack(bytes, { level }), { status, headers });
}

/** Pages leave packed where the browser takes that: a table of requests is a tenth as long. */
import { nextTurn } from "../kit/turn.ts";

/** Shorter answers are sent as they are. */
const leastBytes = 1400;
/** Half a millisecond for a long page, which is less than to have another thread do it, and a fiftieth longer. */
const packing = { library: "libdeflate", level: 1 } as const;

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
  await nextTurn();
  return new Response(Bun.gzipSync(bytes, packing), { status, headers });
}
